"""When is a pause the end of a turn? Fits the weights of `voice.endpointing`, and measures them.

For every pause of the recordings (see `endpoint_data`) the ears' evidence is taken as in a call
over the phone, then ways to end a turn are compared: waiting for a fixed silence, smart-turn alone,
and what ships. Each is a curve: how many turns are cut off against how long callers wait. Weights
come from the part that teaches; the report is of the other one, with other speakers (the barista
set does not name them).

    python -m tests.bench.endpoint             # the report, docs/bench/endpoint.json and its plot
    python -m tests.bench.endpoint --fit       # also the weights, voice/data/endpointing.json
    python -m tests.bench.endpoint --extend    # also a weight that it lacks, beside those it has
"""

import argparse
import json
import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import aclosing
from dataclasses import asdict, replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import anyio
import numpy as np
from rich.progress import track

from models.device import yield_idle_cores
from tests.bench.endpoint_data import (
    TEACH,
    TEST,
    Pause,
    Turn,
    as_line,
    heard,
    keep,
    kept,
    marked,
    turns,
    understood,
)
from tests.bench.report import REPO, environment, write_report
from voice.asr import AsrOptions, load_asr
from voice.audio import FRAME_SECONDS
from voice.ears import LEAD_IN_SECONDS, Ears, Paused
from voice.end_of_turn import SoundsFinished, load_smart_turn
from voice.endpointing import LONGEST_PATIENCE as LONGEST
from voice.endpointing import (
    Eagerness,
    Evidence,
    Model,
    Models,
    Verdict,
    features,
    fitted,
    judge,
    lacks,
)
from voice.turns import SpeechResumed, TurnOptions, TurnTaker
from voice.vad import DEFAULT_VAD, SPEECH_PROBABILITY, load_vad

WEIGHTS = REPO / "voice" / "data" / "endpointing.json"
REPORT = REPO / "docs" / "bench" / "endpoint.json"
ANSWERS = {"an4"}  # sets of what is said when it was asked for
CALLERS = {"an4", "barista"}  # sets of people who talk to a machine
BY_HAND = {"all that was asked for": 2.5}
"""What the dialogue tells: few recordings hold an answer of which the length is known."""
UNSURE = tuple(float(x) for x in np.arange(-4, 4.1, 0.25))  # log odds: the grid of ramps
WIDTHS = (0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)
LEAST = (0.12, 0.16, 0.2, 0.24, 0.28, 0.32)  # seconds
MOST = (0.36, 0.4, 0.44, 0.5, 0.6, 0.7, 0.8)
MOST_CUT_OFF = {"an4": 0.04, "barista": 0.03, "stops": 0.15, "at once": 0.05}
"""Of the turns that teach, at most; an eighth of the stops come after a whole question."""
SHIFTS = tuple(float(x) for x in np.arange(-3, 3.1, 0.25))  # of the ramps, for the curve
SURE = tuple(round(1 - 10**-x, 5) for x in np.arange(0.3, 3.01, 0.1))  # of smart-turn
SILENCES = tuple(float(round(x, 2)) for x in np.arange(0.16, 1.61, 0.04))
CUT_OFF = 0.05  # of the turns, at most: where curves are compared


class Listener(TurnTaker):
    """Waits long at every pause, whatever it sounds like."""

    def judge(self, evidence: Evidence) -> Verdict:
        """Judge, but be patient."""
        self._verdict = replace(super().judge(evidence), patience=2.8)
        return self._verdict


def main() -> None:
    """Collect (once), fit if asked, report."""
    options = _arguments()
    pauses = kept(options.pauses) if options.pauses.is_file() else collect(options.pauses)
    pauses = understood(pauses)  # anew: the understanding is trained more often
    if options.fit or options.extend:
        found = fit(pauses) if options.fit else extend(fitted(), pauses)
        told = {"fitted_by": "tests/bench/endpoint.py", **asdict(found)}
        WEIGHTS.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
        fitted.cache_clear()
    result = {"benchmark": "endpoint", "environment": environment(), **report(pauses)}
    write_report(options.out, result)
    plot(result["curves"], options.out.with_suffix(".png"))
    print(json.dumps({k: v for k, v in result.items() if k != "curves"}, indent=2))


def collect(file: Path) -> list[Pause]:
    """Hear all recordings and keep what was known at each pause."""
    yield_idle_cores()
    asr, vad, finished = load_asr(AsrOptions()), load_vad(DEFAULT_VAD), load_smart_turn()
    part = file.with_suffix(".part")
    found: list[Pause] = []
    for turn in track(list(turns()), "listening"):
        taker = Listener(TurnOptions(speech_probability=SPEECH_PROBABILITY[DEFAULT_VAD]))
        found += anyio.run(
            partial(_listen, Ears(vad(), asr, taker), turn, finished), backend="trio"
        )
        keep(part, found)
    part.rename(file)
    return found


async def _listen(ears: Ears, turn: Turn, finished: SoundsFinished) -> list[Pause]:
    found: list[Pause] = []
    sound = heard(turn)
    ears.expect(turn.expected)
    async with aclosing(ears.listen(as_line(sound))) as events:
        async for event in events:
            match event:
                case Paused():
                    first = max(0.0, event.start - LEAD_IN_SECONDS)
                    said = [frame for frame in sound if first <= frame.at < event.at]
                    found.append(_pause(event, turn, await finished(said)))
                case SpeechResumed():
                    found[-1] = replace(found[-1], seconds=event.at - 0.06 - found[-1].end)
                case _:
                    pass
    return [marked(each, turn) for each in found]


def _pause(event: Paused, turn: Turn, finished: float) -> Pause:
    known = event.evidence
    return Pause(
        turn.of, turn.part, turn.name, event.end, known.words, known.confidence, finished,
        (turn.expected.kind.value, turn.expected.length), None,
    )  # fmt: skip


def fit(pauses: Sequence[Pause]) -> Models:
    """Fit what ships, on the part that teaches."""
    taught = _taught(pauses)
    usual = float(np.median([p.seconds for p in taught if p.seconds and p.of in CALLERS]))
    return Models(
        _fitted([pause for pause in taught if pause.of in ANSWERS]),
        _fitted([pause for pause in taught if pause.of not in ANSWERS]),
        round(usual, 2),
    )


def extend(models: Models, pauses: Sequence[Pause]) -> Models:
    """Fit the weights that open speech lacks, beside those it has; its ramp stays as it is."""
    from scipy.optimize import minimize  # type: ignore[import-untyped]

    taught, model = [pause for pause in _taught(pauses) if pause.of not in ANSWERS], models.open
    rows = [features(pause.evidence()) for pause in taught]
    lacking = [name for name in rows[0] if name not in model.weights]
    known = np.array([[row[name] for name in lacking] for row in rows])
    odds = np.array([sum(model.weights.get(n, 0.0) * v for n, v in row.items()) for row in rows])
    odds += model.bias
    side = np.array([1 if pause.seconds is None else -1 for pause in taught])

    def loss(weights: Any) -> float:  # logistic regression's own, with what is known as an offset
        wrong = np.logaddexp(0, -side * (odds + known @ weights))
        return float(_rareness(taught) @ wrong + weights @ weights / 2)

    learned = minimize(loss, np.zeros(len(lacking))).x
    weights = {n: round(float(w), 3) for n, w in zip(lacking, learned, strict=True)}
    answer = {**models.answer.weights, **dict.fromkeys(lacking, 0.0)}
    return replace(
        models,
        answer=replace(models.answer, weights=answer),
        open=replace(model, weights={**model.weights, **weights}),
    )


def _fitted(pauses: Sequence[Pause]) -> Model:
    """Fit the weights, then how odds become patience."""
    from sklearn.linear_model import LogisticRegression

    rows = [features(pause.evidence()) for pause in pauses]
    names = [name for name in rows[0] if name not in BY_HAND]
    known = np.array([[row[name] for name in names] for row in rows])
    plain = np.array([not any(row[name] for name in BY_HAND) for row in rows])
    over = np.array([pause.seconds is None for pause in pauses])
    learned = LogisticRegression(max_iter=1000)
    learned.fit(known[plain], over[plain], sample_weight=_rareness(pauses)[plain])
    weights = {n: round(float(w), 3) for n, w in zip(names, learned.coef_[0], strict=True)}
    bias = round(float(learned.intercept_[0]), 3)
    odds = bias + known @ np.array([weights[name] for name in names])
    lacking = np.array([lacks(pause.words, pause.evidence().expected) for pause in pauses])
    return Model(bias, weights | BY_HAND, **_ramp(pauses, odds, lacking))


def _taught(pauses: Sequence[Pause]) -> list[Pause]:
    return [pause for pause in pauses if pause.part == TEACH and pause.counts]


def _rareness(pauses: Sequence[Pause]) -> Any:
    """What each counts for, so that no set and no outcome outweighs the others by its number."""
    kinds = Counter((pause.of, pause.seconds is None) for pause in pauses)
    rare = np.array([1 / math.sqrt(kinds[pause.of, pause.seconds is None]) for pause in pauses])
    return rare * len(pauses) / rare.sum()


def _ramp(pauses: Sequence[Pause], odds: Any, lacking: Any) -> dict[str, float]:
    """Choose the ramp with the least wait of those that cut off few enough, each set by itself."""
    over = np.array([pause.seconds is None for pause in pauses])
    lasts = np.array([pause.seconds or 0.0 for pause in pauses])
    sets = {of: np.array([pause.of == of for pause in pauses]) for of in {p.of for p in pauses}}
    best, shortest = {"sure": 0.0, "unsure": -1.0, "least": LONGEST, "most": LONGEST}, math.inf
    for unsure, width, least, most in product(UNSURE, WIDTHS, LEAST, MOST):
        doubt = np.clip((unsure + width - odds) / width, 0, 1)
        waits = np.where(lacking, LONGEST, least + (most - least) * doubt)
        early = ~over & (lasts > waits - FRAME_SECONDS / 2)
        fair = all(
            early[its].sum() <= MOST_CUT_OFF[of] * max(over[its].sum(), 1)
            for of, its in sets.items()
        )
        wait = float(np.mean([waits[its & over].mean() for its in sets.values()]))
        if fair and wait < shortest:
            best = {"sure": unsure + width, "unsure": unsure, "least": least, "most": most}
            shortest = wait
    return best


Patience = Callable[[Pause], float]


def shipped(
    *, known: bool = True, by: float = 0.0, eagerness: Eagerness = Eagerness.MEDIUM
) -> Patience:
    """What ships: all the evidence; with `by`, less or more patient by so many log odds."""
    models = fitted().with_eagerness(eagerness)
    moved = replace(
        models,
        answer=replace(
            models.answer, sure=models.answer.sure + by, unsure=models.answer.unsure + by
        ),
        open=replace(models.open, sure=models.open.sure + by, unsure=models.open.unsure + by),
    )
    return lambda pause: judge(pause.evidence(known=known), moved).patience


def silence(seconds: float) -> Patience:
    """A fixed silence."""
    return lambda pause: seconds


def smart_turn(sure: float, otherwise: float = 1.6) -> Patience:
    """Smart-turn alone: at once where it is sure enough, else after a long silence."""
    return lambda pause: 0.2 if pause.sounds_finished >= sure else otherwise


def outcome(pauses: Iterable[Pause], patience: Patience) -> dict[str, float]:
    """Which share of the turns is cut off, and how long callers wait where they are not."""
    cut: dict[str, bool] = {}
    waited = []
    for pause in pauses:
        if not pause.counts:
            continue
        turn = f"{pause.of} {pause.turn}" + (f" {pause.end}" if pause.of == "ami" else "")
        limit = patience(pause)
        early = pause.seconds is not None and pause.seconds > limit - FRAME_SECONDS / 2
        cut[turn] = cut.get(turn, False) or early
        if pause.seconds is None:
            waited.append(limit)
    return {
        "turns": len(cut),
        "cut_off": round(sum(cut.values()) / len(cut), 4),
        "mean_ms": round(1000 * float(np.mean(waited))),
        "p50_ms": round(1000 * float(np.median(waited))),
        "p95_ms": round(1000 * float(np.quantile(waited, 0.95))),
    }


def report(pauses: Sequence[Pause]) -> dict[str, Any]:
    """Measure on the part that did not teach."""
    test = [pause for pause in pauses if pause.part == TEST]
    callers = [pause for pause in test if pause.of in CALLERS]
    stops = [pause for pause in test if pause.of == "stops"]
    curves = {
        "silence alone": [outcome(callers, silence(each)) for each in SILENCES],
        "smart-turn alone": [outcome(callers, smart_turn(each)) for each in SURE],
        "all evidence": [outcome(callers, shipped(by=each)) for each in SHIFTS],
    }
    return {
        "pauses": {"teach": len(pauses) - len(test), "test": len(test)},
        "callers": outcome(callers, shipped()),
        "by_set": {of: outcome([p for p in test if p.of == of], shipped())
                   for of in dict.fromkeys(p.of for p in test)},
        "nothing_expected": outcome(callers, shipped(known=False)),
        "by_eagerness": {each: outcome(callers, shipped(eagerness=each))
                         | {"stops_answered_early": _early(stops, shipped(eagerness=each))}
                         for each in Eagerness},
        "stops_answered_early": _early(stops, shipped()),
        "stops_by_silence": {str(s): outcome(stops, silence(s))["cut_off"] for s in (0.36, 0.6)},
        "stops_by_smart_turn": outcome(stops, smart_turn(0.5))["cut_off"],
        "at_5_percent": {name: _cheapest(curve) for name, curve in curves.items()},
        "curves": curves,
    }  # fmt: skip


def _early(pauses: Sequence[Pause], patience: Patience) -> int:
    """How many of the turns are cut off."""
    return round(outcome(pauses, patience)["cut_off"] * len({pause.turn for pause in pauses}))


def _cheapest(curve: Sequence[dict[str, float]]) -> dict[str, float] | None:
    """The least mean wait of those that cut off few enough."""
    fair = [each for each in curve if each["cut_off"] <= CUT_OFF]
    return min(fair, key=lambda each: each["mean_ms"], default=None)


def plot(curves: dict[str, list[dict[str, float]]], file: Path) -> None:
    """Draw the curves: turns cut off against the mean wait."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.add_subplot()
    for name, curve in curves.items():
        axes.plot([100 * e["cut_off"] for e in curve], [e["mean_ms"] for e in curve], label=name)
    axes.axvline(100 * CUT_OFF, color="grey", linewidth=0.8, linestyle=":")
    axes.set(xlabel="turns cut off, %", ylabel="mean wait after the last sound, ms")
    axes.legend()
    figure.savefig(file, dpi=120)


def _arguments() -> Any:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--fit", action="store_true", help="fit the weights anew")
    parser.add_argument("--extend", action="store_true", help="fit what the weights lack")
    parser.add_argument(
        "--pauses", type=Path, default=Path("out/bench/pauses.jsonl"),
        help="what was heard is kept here, and taken up again",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, default=REPORT)
    return parser.parse_args()


if __name__ == "__main__":
    main()
