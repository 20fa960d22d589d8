"""Do we know who is calling, and let nobody else in?

`python -m tests.bench.verification [--shared DIR] [--out FILE]`

Real callers say postcode, name and date of birth, up to three times each, heard as n-best lists
(EVI, Spithourakis et al., 2022), to a store of 10 000 profiles. A genuine trial claims the profile
that the caller was given; an impostor's claims another: one drawn at random for each call, as the
authors' own code draws them (seed 123), and, since one in thousands is then never seen, every
other profile of the store in turn. (The draw is over the calls that the copy at hand has, 821 of
the set's 1407, so it is not theirs trial by trial.) Speakers whose hash begins with 0 to 7 chose
the limits of `dialogue.verification`; the others are the report.

- verified: each required factor must be near enough, as `dialogue.verification` decides it.
- equal error: the same distances with one limit that scales them all, as the paper measures (EER,
  and genuine callers refused where one in 10 000 impostors gets in), over every other profile.
- identified: nobody narrows it down. The nearest of all profiles by the sum of its distances, with
  nobody refused, which is the paper's measure; and the only one whose every factor is near enough.
"""

import argparse
import csv
import gzip
import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.metrics import det_curve

from dialogue.verification import TRIES, limit
from nlu.nbest import attempt_costs
from nlu.understand import Alternative
from tests.bench.report import environment, write_report
from tests.bench.values import CALL_DAY, HALVES, KINDS, evi_records, read_nbest
from tests.conftest import SHARED_DATA

REQUIRED = {
    "postcode": ("postcode",),
    "name": ("name",),
    "birth date": ("dob",),
    "postcode and birth date": ("postcode", "dob"),
    "name and birth date": ("name", "dob"),
    "all three": ("postcode", "name", "dob"),
}
SEED = 123  # of the authors' evaluation
FAR_OPERATIONAL = 1e-4
FARTHEST = 4.0  # characters, beyond which a profile is no farther in a ranking

Distances = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A call: which profile the caller was given, and what was heard for each item."""

    half: str
    scenario: str
    heard: dict[str, list[list[Alternative]]] = field(default_factory=lambda: defaultdict(list))


@dataclass(frozen=True, slots=True)
class Measured:
    """Of each call and profile, by item: the nearest attempt; and the limits of the profiles."""

    nearest: Mapping[str, Distances]  # (calls, profiles)
    limits: Mapping[str, Distances]  # (profiles,)
    targets: npt.NDArray[np.int64]
    impostors: npt.NDArray[np.int64]  # one of each call; -1: none was drawn

    def passes(self, items: Sequence[str]) -> npt.NDArray[np.bool_]:
        """Whether each profile would be taken for the caller: (calls, profiles)."""
        near = [self.nearest[item] <= self.limits[item] + 1e-3 for item in items]
        return np.asarray(np.all(near, axis=0))


def evi_dialogues(folder: Path) -> dict[str, Dialogue]:
    """Read all calls, those without a target too: the draw of impostors counts them."""
    dialogues: dict[str, Dialogue] = {}
    with gzip.open(folder / "dialogues.en.tsv.gz", "rt", encoding="utf-8") as lines:
        turns = sorted(csv.DictReader(lines, delimiter="\t"), key=lambda t: int(t["turn_num"]))
    for turn in turns:
        half = HALVES[hashlib.sha256(turn["speaker_id"].encode()).hexdigest() >= "8"]
        call = dialogues.setdefault(turn["dialogue_id"], Dialogue(half, turn["scenario_id"]))
        call.heard[turn["item"]].append([Alternative(text) for text in read_nbest(turn["nbest"])])
    return dict(sorted(dialogues.items()))


def drawn_impostors(dialogues: Mapping[str, Dialogue], scenarios: Sequence[str]) -> dict[str, int]:
    """Draw the profile that an impostor claims in each call: its place among the scenarios."""
    random = np.random.RandomState(SEED)
    order = sorted(scenarios)
    known, drawn = set(scenarios), {}
    genuine = impostors = 0
    for name, call in dialogues.items():
        genuine += call.scenario in known
        for place in random.permutation(len(order))[: genuine - impostors]:
            if order[place] != call.scenario:
                drawn[name] = scenarios.index(order[place])
                impostors += 1
    return drawn


def measured(calls: Mapping[str, Dialogue], folder: Path, drawn: Mapping[str, int]) -> Measured:
    """Compare everything that was heard with every profile."""
    records = evi_records(folder)
    nearest, limits = {}, {}
    for item, kind in KINDS.items():
        print(f"{len(calls)} calls, {item}", flush=True)
        values = [record[item] for record in records.values()]
        known = sorted(set(values))
        places = np.searchsorted(known, values)
        rows = []
        for call in calls.values():
            costs = [
                attempt_costs(kind, attempt, CALL_DAY, known, "GB")
                for attempt in call.heard[item][:TRIES]
                if attempt
            ]
            best = np.min(costs, axis=0) if costs else np.full(len(known), np.inf)
            rows.append(best[places].astype(np.float32))
        nearest[item] = np.stack(rows)
        limits[item] = np.asarray([limit(kind, value) for value in values], np.float32)
    scenarios = list(records)
    targets = np.asarray([scenarios.index(call.scenario) for call in calls.values()])
    impostors = np.asarray([drawn.get(name, -1) for name in calls])
    return Measured(nearest, limits, targets, impostors)


def verified(found: Measured) -> dict[str, Any]:
    """Genuine callers refused and impostors let in, by what is required."""
    calls = np.arange(len(found.targets))
    trial = found.impostors >= 0
    results: dict[str, Any] = {}
    for name, items in REQUIRED.items():
        passes = found.passes(items)
        genuine = passes[calls, found.targets]
        drawn = passes[calls[trial], found.impostors[trial]]
        strangers = passes.copy()
        strangers[calls, found.targets] = False
        trials = passes.size - len(calls)
        results[name] = {
            "genuine": len(calls),
            "refused": round(1 - float(genuine.mean()), 4),
            "impostors": int(trial.sum()),
            "let_in": round(float(drawn.mean()), 4),
            "others": trials,
            "others_let_in": int(strangers.sum()),
            "others_let_in_share": float(f"{strangers.sum() / trials:.2e}"),
        }
    return results


def equal_error(found: Measured) -> dict[str, float]:
    """The detection error tradeoff of the worst factor's distance over its limit."""
    worst = np.max([found.nearest[i] / found.limits[i] for i in found.nearest], axis=0)
    worst = np.minimum(worst, 1e3)
    calls = np.arange(len(found.targets))
    genuine = np.zeros(worst.shape, bool)
    genuine[calls, found.targets] = True
    far, frr, _ = det_curve(genuine.ravel(), -worst.ravel())
    at = int(np.argmin(np.abs(far - frr)))
    return {
        "eer": round(float(far[at] + frr[at]) / 2, 4),
        "frr_at_far_1_in_10000": round(float(frr[far <= FAR_OPERATIONAL].min()), 4),
    }


def identified(found: Measured) -> dict[str, float]:
    """How many callers are found among all profiles."""
    total = np.sum([np.minimum(each, FARTHEST) for each in found.nearest.values()], axis=0)
    passes = found.passes(REQUIRED["all three"])
    calls = np.arange(len(found.targets))
    only = passes.sum(axis=1) == 1
    right = passes[calls, found.targets]
    return {
        "nearest_right": round(float((total.argmin(axis=1) == found.targets).mean()), 4),
        "only_one_and_right": round(float((only & right).mean()), 4),
        "only_one_and_wrong": round(float((only & ~right).mean()), 4),
    }


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="verification: who is calling?")
    parser.add_argument("--shared", type=Path, default=SHARED_DATA, help="where the set is")
    parser.add_argument("--out", type=Path, default=Path("out/bench/verification.json"))
    arguments = parser.parse_args()
    folder = arguments.shared / "evi-en"
    dialogues = evi_dialogues(folder)
    scenarios = list(evi_records(folder))
    drawn = drawn_impostors(dialogues, scenarios)
    halves = {}
    for half in HALVES:
        calls = {
            name: call
            for name, call in dialogues.items()
            if call.half == half and call.scenario in scenarios
        }
        found = measured(calls, folder, drawn)
        halves[half] = {
            "calls": len(calls),
            "verified": verified(found),
            "equal_error": equal_error(found),
            "identified": identified(found),
        }
    report = {"environment": environment(), "profiles": len(scenarios), "halves": halves}
    write_report(arguments.out, report)
    print(f"{arguments.out} written")


if __name__ == "__main__":
    main()
