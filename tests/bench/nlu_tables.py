"""The README's tables of understanding, from one JSON file a set."""

from typing import Any

from tests.bench.markdown import percent, table

Report = dict[str, Any]

FIGURES = {  # name in the JSON → what it is called
    "intents": "intent",
    "intent_f1": "intent F1",
    "in_scope": "in scope",
    "oos_recall": "out-of-scope recall",
    "slot_f1": "slot F1",
    "acts_f1": "dialogue-act F1",
    "sentences": "sentence",
}
TITLES = {
    "snips": "SNIPS", "snips-taught": "SNIPS", "atis": "ATIS", "atis-taught": "ATIS",
    "clinc150": "CLINC150", "clinc150-taught": "CLINC150", "banking77": "Banking77",
    "nlupp": "NLU++ banking", "mixsnips": "MixSNIPS", "mixatis": "MixATIS",
    "dstc11": "DSTC11 insurance",
    "crosswoz": "CrossWOZ, e5-small",
    "crosswoz-hanzi-small": "CrossWOZ, 4 layers of ours",
    "crosswoz-hanzi-random": "CrossWOZ, the same, random weights",
}  # fmt: skip
CHINESE = ("crosswoz", "crosswoz-hanzi-small", "crosswoz-hanzi-random")
TELLING = 3.0  # standard errors
HELD_OUT = {"retail_test": "first set", "retail_spoken_test": "spoken-style set"}
WAYS = {
    "text": ", as text",
    "heard_first": ", spoken over a phone line, as first heard",
    "heard": ", … and heard as in a call, doubts weighed",
}
SHOWN = {
    **dict.fromkeys(("clinc150", "clinc150-taught"), ("in_scope", "oos_recall")),
    "nlupp": ("intent_f1", "slot_f1"),
    **dict.fromkeys(("mixsnips", "mixatis"), ("intents", "slot_f1", "sentences")),
    **dict.fromkeys(CHINESE, ("intent_f1", "slot_f1", "acts_f1", "sentences")),
}


def public(sets: dict[str, Report]) -> str:
    """The public sets, ours beside what was published."""
    rows = []
    for name, title in TITLES.items():
        if name not in sets:
            continue
        found = sets[name]
        measured, published = found["measured"], found["published"]
        shown = SHOWN.get(name, tuple(f for f in FIGURES if f in measured))
        rows.append((
            title,
            " / ".join(FIGURES[figure] for figure in shown),
            " / ".join(published.get(figure, "not told") for figure in shown),
            published["by"],
            " / ".join(f"{100 * measured[figure]:.1f}" for figure in shown),
            _how(found),
        ))  # fmt: skip
    if not rows:
        return "**Understanding, public sets**: nothing measured yet, see `make bench-nlu`."
    parameters = max(found["measured"]["parameters"] for found in sets.values()) / 1e6
    head = ("set", "figures, %", "published", "by", "ours", "how")
    return (
        f"**Understanding, public sets**, one joint model of at most {parameters:.0f} M parameters"
        f" each\n\n{table(head, rows)}"
    )


def ablation(report: Report) -> str:
    """What each part of the training is worth where examples are few."""
    shown = [("snips", "intents"), ("snips", "slot_f1"), ("snips", "ece"), ("dstc11", "intents")]
    rows = [
        (variant, *(_with_gain(sets[of][figure]) for of, figure in shown))
        for variant, sets in report["variants"].items()
    ]
    few = report["per_intent"]
    head = (
        "training", "SNIPS, intents", "SNIPS, slot F1", "SNIPS, calibration error",
        "DSTC11 insurance, intents",
    )  # fmt: skip
    return (
        f"**What each part is worth**: {few['snips']} sentences an intent of SNIPS, {few['dstc11']}"
        f" of an insurer's, mean of {report['seeds']} seeds; in brackets the change in points, bold"
        f" where it is three standard errors of the paired differences or more\n\n"
        f"{table(head, rows)}"
    )


def _with_gain(figure: Report) -> str:
    mean, gain, errors = figure["mean"], figure["gain"], figure["errors"]
    if not gain:
        return f"{100 * mean:.1f}"
    told = f"({100 * gain:+.1f})"
    if abs(errors or 0.0) >= TELLING:
        told = f"**{told}**"
    return f"{100 * mean:.1f} {told}"


def retail(report: Report) -> str:
    """The shipped assistant, on text and through the ASR."""
    rows = []
    for name, found in report["held_out"].items():
        for way in (way for way in WAYS if way in found):
            of = found[way]
            rows.append((
                HELD_OUT.get(name, name) + WAYS[way],
                str(of["sentences"]),
                _percent(of["intents"]["accuracy"]),
                _percent(of["slots"]["f1"]) if "slots" in of else "",
                _percent(of["slot_values"]["f1"]),
                _percent(of["scope"]["oos_recall"]),
                f"{of['scope']['ece']:.3f}",
            ))  # fmt: skip
    head = ("held out", "sentences", "intents", "slot spans F1", "slot values F1",
            "out of scope noticed", "ECE")  # fmt: skip
    shares = [of["heard"]["looked_again"] for of in report["held_out"].values()]
    speed = report["speed"]
    times = ", ".join(f"{name} {of['ms_p50']:.1f} ms" for name, of in speed.items())
    if "speed_environment" in report:  # the figures above were measured again, on a busy machine
        times += f" (at commit {report['speed_environment']['commit']})"
    return (
        f"**Understanding, the shipped retail assistant**\n\n{table(head, rows)}\n\n"
        "The spoken sets are said by the two voices that the taught mishearings were learned from,"
        f" so real callers lose more. The recogniser looked a second time at"
        f" {' and '.join(map(percent, shares))} of what it heard. Slots of what is heard are those"
        f" that its words spell, values those that were said. {_of_numbers(report)} Twelve words on"
        f" one thread, median: {times}."
    )


def _of_numbers(report: Report) -> str:
    """What becomes of order numbers on their way through the ASR."""
    of = report["order_numbers"]
    first, called = of["heard_first"], of["heard"]
    return (
        f"Of {of['sentences']} order numbers said within a sentence {percent(called['right'])} are"
        f" right ({percent(first['right'])} as Whisper wrote them), {percent(called['wrong'])}"
        " another number."
    )


def _percent(share: float | None) -> str:
    return "not measured" if share is None else percent(share)


def _how(found: Report) -> str:
    measured, options = found["measured"], found["options"]
    how = f"{options['epochs']} epochs, "
    how += "one run" if measured["runs"] == 1 else f"mean of {measured['runs']} runs"
    if found["per_intent"]:
        how += f", {found['per_intent']} examples an intent"
        how += ", as many held back"
    if found["options"].get("teachers", 0):
        how += f", following {found['options']['teachers']} teachers"
    if "gpu" in found["environment"]:
        how += f", on one {found['environment']['gpu']}"
    if found["note"]:
        how += f"; {found['note']}"
    return how


def barista(report: Report) -> str:
    """Spoken orders, on the half of the recordings that chose nothing."""
    engines = report["published_mean_over_noise"]
    rows = [
        (name, *_accepted(halves["report"]), *[""] * len(engines))
        for name, halves in report["conditions"].items()
        if "report" in halves
    ]
    rows += [
        (f"mean over noise, {line}", *_accepted(halves["report"]), *map(percent, engines.values()))
        for line, halves in report["mean_over_noise"].items()
        if "report" in halves
    ]
    head = ("condition", "accepted", "and nothing more", *engines)
    utterances = report["utterances"].get("report", 0)
    return (
        f"**Speech to meaning**, coffee orders by {utterances} human recordings: intent and every"
        f" slot right\n\n{table(head, rows)}\n\nWhisper base, n-best, a command grammar, rescoring."
        " The engines' figures are as published, of all 619 recordings at 16 kHz in the kitchen."
    )


def values(report: Report) -> str:
    """Values over recognised phone calls (EVI) and written sentences (NLU++), the unseen halves."""
    evi, nlupp = report["sets"]["evi"]["report"], report["sets"]["nlupp"]["report"]
    rows = [
        (item, store, attempts.split()[0], percent(of["right"]), percent(of["wrong"]))
        for item in ("postcode", "name", "dob")
        for store, by_attempts in evi[item].items()
        for attempts, of in by_attempts.items()
    ]
    head = ("item", "store", "attempts", "right", "wrong")
    of_kinds = ", ".join(f"{name} {percent(of['right'])}" for name, of in nlupp.items())
    return (
        f"**Values**, {evi['calls']} real phone calls as ASR n-best (EVI)\n\n{table(head, rows)}"
        f"\n\nThe rest is asked again. NLU++ banking, values read right: {of_kinds}."
    )


def verification(report: Report) -> str:
    """Who is calling, by phone calls of speakers who chose no limit (EVI)."""
    half = report["halves"]["report"]
    rows = [
        (
            name,
            percent(found["refused"]),
            f"{round(found['let_in'] * found['impostors'])} of {found['impostors']}",
            f"{found['others_let_in']} of {found['others']:,}",
        )
        for name, found in half["verified"].items()
    ]
    head = (
        "must match, three tries each",
        "callers refused",
        "impostors let in",
        "all other profiles",
    )
    equal, who = half["equal_error"], half["identified"]
    return (
        f"**Who is calling**, {half['calls']} real phone calls as ASR n-best (EVI)"
        f"\n\n{table(head, rows)}\n\nOne impostor a call claims a profile drawn as the authors'"
        f" code draws it; then each of the {report['profiles']:,} profiles is claimed. With one"
        f" limit for all three: equal error {percent(equal['eer'])};"
        f" {percent(equal['frr_at_far_1_in_10000'])} refused where one impostor in 10,000 gets in."
        f" Without any claim the nearest profile is the caller's in"
        f" {percent(who['nearest_right'])} of calls; one alone matches, and is theirs, in"
        f" {percent(who['only_one_and_right'])}, another's in {percent(who['only_one_and_wrong'])}."
        " The limits hold for each factor alone, so that who knows the others must not guess:"
        " callers pay for that. The paper's figures (Spithourakis et al. 2022) are not beside"
        " these: its tables were not at hand."
    )


def _accepted(figures: Report) -> tuple[str, str]:
    return percent(figures["accepted"]), percent(figures["exact"])
