"""Writes the tables of the README and the docs from the JSON of the benchmarks.

python -m tests.bench.tables            # docs/bench/*.json → README.md, docs/*.md
"""

import json
import re
from collections.abc import Callable
from pathlib import Path
from statistics import fmean
from typing import Any

from tests.bench import dialogue_tables, nlu_tables, peer_tables
from tests.bench.markdown import percent, table
from tests.bench.report import REPO

PAGES = tuple(REPO / page for page in ("README.md", "docs/understanding.md", "docs/turn-taking.md"))
RESULTS = REPO / "docs" / "bench"
PLACE = re.compile(r"<!-- bench:(\w+) -->\n.*?<!-- /bench -->", re.DOTALL)

FOLDERS = {"nlu"}  # tables made of a folder of reports

Report = dict[str, Any]


def main() -> None:
    """Rewrite the pages."""
    for page in PAGES:
        page.write_text(with_tables(page.read_text(encoding="utf-8"), RESULTS), encoding="utf-8")


def with_tables(text: str, results: Path) -> str:
    """Return the text with each table made anew from `results`; raises where a file is missing."""

    def fill(place: re.Match[str]) -> str:
        name = place[1]
        reports = _read(results, name)
        of = reports if name in FOLDERS else reports[name]
        origins = dict.fromkeys(_origin(report["environment"]) for report in reports.values())
        body = f"{TABLES[name](of)}\n\n{'<br>'.join(origins)}"
        return f"<!-- bench:{name} -->\n{body}\n<!-- /bench -->"

    return PLACE.sub(fill, text)


def _read(results: Path, name: str) -> dict[str, Report]:
    """Give the reports by name: one, or those of a folder."""
    paths = (
        sorted((results / name).glob("*.json")) if name in FOLDERS else [results / f"{name}.json"]
    )
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in paths}


def _latency(report: Report) -> str:
    kinds = report["callers"]
    rows = [
        (
            part.replace("_", " "),
            *(f"{k['milliseconds'][part]['p50']:.0f} / {k['milliseconds'][part]['p95']:.0f}"
              for k in kinds.values()),
        )
        for part in next(iter(kinds.values()))["milliseconds"]
    ]  # fmt: skip
    drawn = table(("milliseconds, p50 / p95", *kinds), rows)
    of = ", ".join(f"{kind['turns']} turns of {name}" for name, kind in kinds.items())
    note = (
        "The ASR works while the pause is waited out; voice to voice is from the caller's last"
        " sound to the assistant's first. Fixed sentences come from a cache (first audio 1 ms),"
        " others are spoken as they come."
    )
    return f"**What a caller waits**, {of}\n\n{drawn}\n\n{note}"


def _waits(report: Report) -> str:
    kinds = report["calls"]
    rows = [
        (
            part.replace("_", " "),
            *(
                f"{of['parts_ms'][part]['p50']} / {of['parts_ms'][part]['p95']}"
                f" ({percent(of['over_5_ms'][part])})"
                for of in kinds.values()
            ),
        )
        for part in next(iter(kinds.values()))["parts_ms"]
    ]
    whole = (of["voice_to_voice_ms"] for of in kinds.values())
    rows.append(("**the whole**", *(f"{of['p50']} / {of['p95']}" for of in whole)))
    head = ("p50 / p95, ms (over 5 ms in)", *kinds)
    return f"**Where the wait goes**, by the records of calls\n\n{table(head, rows)}"


def _start(report: Report) -> str:
    seconds = report["seconds_to_ready"]
    return (
        f"**Start to ready**, warm caches: {seconds['median']:.1f} s in the median of"
        f" {report['runs']} starts, {seconds['worst']:.1f} s at worst;"
        f" {report['resident_mb']} MB resident."
    )


def _turns(report: Report) -> str:
    names = {"open": "nothing in particular", "expected": "what it is"}
    rows = [
        (
            names[name],
            percent(found["cut_off"]),
            f"{found['delay_ms']['p50']}",
            f"{found['delay_ms']['p95']}",
        )
        for name, found in report["listening"].items()
    ]
    head = ("the dialogue expects", "cut off", "end of turn seen after, p50 ms", "p95 ms")
    of = f"{report['turns']} turns of people spelling and counting"
    return f"**Letting callers finish**, {of}\n\n{table(head, rows)}"


def _speech(report: Report) -> str:
    def cpu_seconds(found: Report) -> str:
        return f"{found['cpu_seconds_per_utterance']:.2f}"

    rows = [
        (engine, model, corpus, line, percent(found["wer"]), cpu_seconds(found))
        for engine, models in report["engines"].items()
        for model, corpora in models.items()
        for corpus, lines in corpora.items()
        for line, found in lines.items()
    ]
    head = ("engine", "model", "set", "line", "WER", "CPU s per utterance")
    of = ", ".join(f"{count} of {name}" for name, count in report["corpora"].items())
    note = (
        "AN4 is people spelling names and saying numbers; FSDD is one digit at a time without any"
        " context, the hardest thing for Whisper, and the reason why the dialogue says what it"
        " expects."
    )
    return f"**Hearing**, recordings: {of}\n\n{table(head, rows)}\n\n{note}"


def _vad(report: Report) -> str:
    def test_f1(found: Report) -> float:
        corpora = found["splits"]["test"].values()
        return fmean(corpus["at_threshold"]["f1"] for corpus in corpora)

    rows = [
        (
            engine,
            f"{found['threshold']:.2f}",
            f"{test_f1(found):.3f}",
            percent(fmean(found["called_speech"]["tones"].values())),
            f"{found['microseconds_per_frame']['p50']:.0f}",
        )
        for engine, found in report["engines"].items()
    ]
    head = ("VAD", "threshold", "test F1", "tones called speech", "µs per 20 ms")
    return f"**Voice activity**, thresholds chosen on training data\n\n{table(head, rows)}"


def _tts(report: Report) -> str:
    rows = [
        (
            engine,
            f"{found['first_audio_ms']['p50']}",
            f"{found['first_audio_ms']['p95']}",
            f"{found['real_time_factor']:.2f}",
        )
        for engine, found in report["engines"].items()
    ]
    head = ("voice", "first audio p50, ms", "p95, ms", "seconds of computing per second")
    return f"**Speaking**, {report['sentences']} sentences, nothing cached\n\n{table(head, rows)}"


def _endpoint(report: Report) -> str:
    ways = report["at_5_percent"]
    rows = [
        (
            name,
            percent(found["cut_off"]),
            f"{found['mean_ms']} / {found['p50_ms']} / {found['p95_ms']}",
            stops,
        )
        for (name, found), stops in zip(
            ways.items(),
            (
                percent(report["stops_by_silence"]["0.36"]),
                percent(report["stops_by_smart_turn"]),
                percent(report["stops_answered_early"] / report["by_set"]["stops"]["turns"]),
            ),
            strict=True,
        )
    ]
    rows += [
        (
            f"all evidence, eagerness {name}",
            percent(found["cut_off"]),
            f"{found['mean_ms']} / {found['p50_ms']} / {found['p95_ms']}",
            percent(found["stops_answered_early"] / report["by_set"]["stops"]["turns"]),
        )
        for name, found in report["by_eagerness"].items()
        if name != "medium"
    ]
    head = ("a turn ends by", "cut off", "wait, mean / p50 / p95, ms", "stops answered early")
    drawn = table(head, rows)
    turns = report["callers"]["turns"]
    note = (
        "Each way is set so that it cuts off 5 % of the turns at most, but for those of another"
        " eagerness (`OFFHOOK_EAGERNESS`). Stops are 16 sentences with"
        " 0.5 to 0.7 s of silence at their comma. On fluent callers a fixed silence does as well;"
        " it is with those who stop to think that it fails."
    )
    title = f"**Seeing that a turn is over**, {turns} turns by people who taught nothing"
    return f"{title}\n\n{drawn}\n\n{note}"


def _phone(report: Report) -> str:
    cut, echo, network = (report[name] for name in ("interruptions", "echo", "network"))
    silent = cut["silent_after_ms"]

    def went_on(sounds: Report) -> str:
        after = sounds["went_on_after_ms"]
        of = f"{sounds['count'] - sounds['stopped']} of {sounds['count']}"
        return f"{of}, {after['p50']} / {after['p95']} ms after the sound"

    rows = [
        (
            "interruption → silence, p50 / p95 / worst",
            "{p50} / {p95} / {worst} ms".format(**silent),
        ),
        (
            "kept text = what our ASR (base or tiny.en) hears at the ear, within a word",
            f"{cut['within_a_word']} of {cut['compared']}",
        ),
        (
            "interruptions that stop the assistant",
            f"{report['interruption']['stopped']} of {report['interruption']['count']}",
        ),
        ("“mhm”, “okay”, “yes” over it: it goes on, p50 / p95", went_on(report["go_on"])),
        ("coughs, laughs, murmurs, knocks: it goes on, p50 / p95", went_on(report["no_words"])),
        (
            "its own voice echoed at -10 dB: replies cut short / silent for a moment",
            f"{echo['stopped']} / {echo['held']} in {echo['spoken_s']} s of speech",
        ),
        (
            "WER of callers spelling and counting: good network → 5 % loss, 60 ms jitter, 5 %"
            " out of order, 5 % twice",
            f"{network['good']:.1f} % → {network['bad']:.1f} %",
        ),
    ]
    note = (
        f"Real time, real models, the emulator's far end, {report['calls_at_once']} calls at once"
        " in one process with their callers."
    )
    return f"**At the caller's ear**\n\n{table(('what', 'measured'), rows)}\n\n{note}"


def _echo(report: Report) -> str:
    def row(name: str, found: Report) -> tuple[str, ...]:
        count = found["interruptions"]
        within = f"{found['heard_within_250_ms']} of {count}"
        delay = found["added_delay_ms"]
        errors = " → ".join(percent(found["wer"][way]) for way in ("clean", "echo", "guarded"))
        return (
            name,
            f"{found['heard']} of {count}",
            within,
            f"{delay['p50']} / {delay['p95']}",
            errors,
        )

    levels = {"6": "6 dB louder", "0": "as loud", "-6": "6 dB softer"}
    rows = [
        row(f"{levels[db]}, speakerphone", found) for db, found in report["interrupted"].items()
    ]
    rows.append(row("on a handset, no echo", report["handset"]))
    head = (
        "the caller, next to the assistant",
        "heard",
        "within 250 ms",
        "added delay p50 / p95, ms",
        "WER alone → with echo → guarded",
    )
    alone = report["alone"]
    onsets, of = alone["onsets"], alone["sentences"]
    note = (
        f"Alone on a speakerphone the assistant would take its echo for a caller in"
        f" {onsets['without']} of {of} sentences; with the guard in {onsets['with']}."
    )
    return f"**Echo guard**, -10 dB\n\n{table(head, rows)}\n\n{note}"


def _knowledge(report: Report) -> str:
    graph = report["graph"]["test"]
    answerable, unanswerable = graph["answerable"], graph["unanswerable"]

    def recalled(way: Report) -> str:
        return f"{percent(way['at_1'])} / {percent(way['at_5'])}"

    def at_threshold(points: list[Report]) -> str:
        point = next(one for one in points if one["threshold"] == report["threshold"])
        keys = ("right", "wrong", "answered_near", "answered_none")
        return " / ".join(percent(point[key]) for key in keys)

    rows = [
        ("graph: right answer", f"{graph['right']} of {answerable}"),
        ("graph: right answer by the right path", f"{graph['right_path']} of {answerable}"),
        ("graph: wrong / no answer", f"{graph.get('wrong', 0)} / {graph.get('unanswered', 0)}"),
        ("graph: answered what it cannot", f"{graph.get('invented', 0)} of {unanswerable}"),
    ]
    for name, ways in report["recall"].items():
        of = name.replace("faq", "FAQ").replace("_", " ")
        rows += [(f"{of}: recall@1 / @5, {way}", recalled(found)) for way, found in ways.items()]
        said = (
            f"{of}: right / wrong / answered though it cannot, about the shop / about other things"
        )
        rows.append((said, at_threshold(report["abstention"][name])))
    sizes = [("answers", report["answers"]), ("triples", report["triples"])]
    rows += [
        (f"CPU of a question, {int(size):,} {what}, p50 / p95", _cpu(found))
        for what, found_at in sizes
        for size, found in found_at.items()
    ]
    rows.append(("CPU of the encoding, beside it, p50 / p95", _cpu(report["encoding"])))
    note = (
        "A question that names a thing of the graph, and is left to the passages, is encoded twice."
    )
    questions = report["recall"]["faq_and_documents"]["fused"]["questions"]
    of = f"{answerable + unanswerable} questions to the graph, {questions} to the texts"
    return f"**Knowledge**, {of}\n\n{table(('what', 'measured'), rows)}\n\n{note}"


def _replies(report: Report) -> str:
    measured = report["cpu_milliseconds"]
    ships, grown = measured
    rows = [
        (
            kind,
            f"{found['replies']}",
            *(_three(measured[way][kind]["dialogue"]) for way in measured),
        )
        for kind, found in measured[ships].items()
    ]
    nlu = _three(measured[ships]["all replies"]["nlu"])
    rows.append(("the understanding, beside it", "", nlu, ""))
    head = ("CPU ms of a reply, p50 / p95 / max", "replies", ships, grown)
    note = (
        f"{report['dialogues']} scripted dialogues, without a language model, and questions asked"
        f" alone, in the row of their kind; of {report['rounds']} rounds each reply's least."
    )
    return f"**What a reply costs**\n\n{table(head, rows)}\n\n{note}"


def _three(found: Report) -> str:
    return f"{found['p50']:.1f} / {found['p95']:.1f} / {found['max']:.1f}"


def _cpu(found: Report) -> str:
    return f"{found['p50_ms']:.1f} / {found['p95_ms']:.1f} ms"


TABLES: dict[str, Callable[[Report], str]] = {
    "latency": _latency,
    "phone": _phone,
    "peers": peer_tables.peers,
    "echo": _echo,
    "start": _start,
    "waits": _waits,
    "endpoint": _endpoint,
    "turns": _turns,
    "speech": _speech,
    "vad": _vad,
    "tts": _tts,
    "nlu": nlu_tables.public,
    "ablation": nlu_tables.ablation,
    "retail": nlu_tables.retail,
    "knowledge": _knowledge,
    "replies": _replies,
    "barista": nlu_tables.barista,
    "values": nlu_tables.values,
    "verification": nlu_tables.verification,
    "recommend": dialogue_tables.recommend,
    "guard": dialogue_tables.guard,
    "tau2": dialogue_tables.tau2,
}


def _origin(environment: Report) -> str:
    where = f"{environment['cpu']}, {environment['cpus']} cores"
    if "gpu" in environment:
        where += f", {environment['gpu']}"
    return f"<sub>{where}; commit {environment['commit']}</sub>"


if __name__ == "__main__":
    main()
