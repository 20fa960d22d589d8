"""Do we get the value that callers mean, from what a recogniser makes of their words?

`python -m tests.bench.values [--sets evi nlupp] [--shared DIR] [--out FILE]`

- evi: real callers say postcode, name and date of birth, up to three times each, heard as n-best
  lists (EVI, Spithourakis et al., 2022). Right, wrong and undecided after one attempt and after
  three, without a store and with one of 10 000 profiles. Speakers whose hash begins with 0 to 7
  were used to choose thresholds and to improve `nlu.values`; the others are the report. A name
  that is nearly as written counts apart; a date or a postcode that is nearly right is wrong.
- nlupp: slot texts of NLU++ banking (Casanueva et al., 2022) through `read`. Folds 0 to 9 were
  used for improvements, 10 to 19 are the report. A time without a part of the day counts as right
  in either half of the day, under "either_half": the set's own choice is the morning.
"""

import argparse
import ast
import csv
import gzip
import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
from rapidfuzz import fuzz

from nlu.nbest import Costs, Resolved, attempt_costs, decide, resolve
from nlu.understand import Alternative
from nlu.values import read
from tests.bench.report import environment, write_report
from tests.conftest import SHARED_DATA

HALVES = ("tune", "report")
KINDS = {"postcode": "postcode", "name": "name", "dob": "birth_date"}  # of EVI's items
CALL_DAY = date(2021, 6, 1)
NLUPP_NOW = datetime(2022, 3, 15, 9, 0)
ATTEMPTS = (1, 3)
ALIKE = 85  # rapidfuzz ratio, from which a name counts as nearly right
FOLDS_TO_TUNE = 10

Call = dict[str, tuple[str, list[list[Alternative]]]]  # item → target, attempts


def evi(shared: Path) -> dict[str, Any]:
    """Accuracy of each item, by half, store and attempts."""
    calls = evi_calls(shared / "evi-en")
    results: dict[str, Any] = {}
    stores = {item: evi_store(shared / "evi-en", item) for item in KINDS}
    for half in HALVES:
        of_half = [call for name, call in calls if name == half]
        results[half] = {"calls": len(of_half)}
        for item in KINDS:
            print(f"evi {half} {item}", flush=True)
            results[half][item] = {
                "no store": voted(item, of_half),
                "store": known(item, of_half, sorted(stores[item])),
            }
    return results


def voted(item: str, calls: Sequence[Call]) -> dict[str, dict[str, float]]:
    """Shares of calls without a store, by the number of attempts."""
    results = {}
    for attempts in ATTEMPTS:
        found = [
            outcome(
                KINDS[item],
                resolve(KINDS[item], call[item][1][:attempts], CALL_DAY, region="GB"),
                call[item][0],
            )
            for call in calls
        ]
        results[f"{attempts} attempts"] = shares(found)
    return results


def known(item: str, calls: Sequence[Call], store: Sequence[str]) -> dict[str, dict[str, float]]:
    """Shares of calls with a store, and of those accepted if the caller were not in the store."""
    kind = KINDS[item]
    places = {value: place for place, value in enumerate(store)}
    found: dict[int, list[str]] = defaultdict(list)
    accepted: dict[int, int] = defaultdict(int)
    for call in calls:
        target, heard = call[item]
        costs = [
            attempt_costs(kind, attempt, CALL_DAY, store, "GB") if attempt else None
            for attempt in heard
        ]
        for attempts in ATTEMPTS:
            of_these = [cost for cost in costs[:attempts] if cost is not None]
            found[attempts].append(outcome(kind, decide(kind, of_these, store), target))
            accepted[attempts] += _without(places[target], kind, of_these, store) is not None
    return {
        f"{attempts} attempts": {
            **shares(found[attempts]),
            "accepted without being known": round(accepted[attempts] / len(calls), 4),
        }
        for attempts in ATTEMPTS
    }


def _without(
    place: int, kind: str, costs: Sequence[Costs], store: Sequence[str]
) -> Resolved | None:
    """What would be decided if the store lacked the value at this place."""
    others = [*store[:place], *store[place + 1 :]]
    return decide(kind, [np.delete(cost, place) for cost in costs], others)


def shares(found: Sequence[str]) -> dict[str, float]:
    """Shares of each outcome."""
    names = ("right", "nearly right", "wrong", "undecided")
    return {name: round(found.count(name) / len(found), 4) for name in names}


def outcome(kind: str, found: Resolved | None, target: str) -> str:
    """Compare a value with what the caller was told to say; capitals do not count.

    Only a name may be nearly right: another date or postcode is another caller's.
    """
    if found is None:
        return "undecided"
    value, meant = found.value.casefold(), target.casefold()
    if value == meant:
        return "right"
    near = kind == "name" and fuzz.ratio(value, meant) >= ALIKE
    return "nearly right" if near else "wrong"


def evi_calls(folder: Path) -> list[tuple[str, Call]]:
    """Give (half, call) for each dialogue whose target is known."""
    records = evi_records(folder)
    calls: dict[str, Call] = {}
    halves: dict[str, str] = {}
    with gzip.open(folder / "dialogues.en.tsv.gz", "rt", encoding="utf-8") as lines:
        turns = sorted(
            csv.DictReader(lines, delimiter="\t"), key=lambda turn: int(turn["turn_num"])
        )
    for turn in turns:
        if (profile := records.get(turn["scenario_id"])) is None:
            continue
        name = turn["dialogue_id"]
        halves[name] = HALVES[hashlib.sha256(turn["speaker_id"].encode()).hexdigest() >= "8"]
        call = calls.setdefault(name, {})
        _, attempts = call.setdefault(turn["item"], (profile[turn["item"]], []))
        attempts.append([Alternative(text) for text in read_nbest(turn["nbest"])])
    return [(halves[name], call) for name, call in sorted(calls.items())]


def read_nbest(field: str) -> list[str]:
    """Read a list of texts, written as JSON or as Python."""
    try:
        return list(json.loads(field))
    except json.JSONDecodeError:
        return list(ast.literal_eval(field))


def evi_records(folder: Path) -> dict[str, dict[str, str]]:
    """Profiles by scenario."""
    with (folder / "records.en.csv").open(encoding="utf-8") as lines:
        return {record["scenario_id"]: record for record in csv.DictReader(lines)}


def evi_store(folder: Path, item: str) -> frozenset[str]:
    """All values of an item that some profile has."""
    return frozenset(record[item] for record in evi_records(folder).values())


def nlupp(shared: Path) -> dict[str, Any]:
    """Share of slot texts that `read` gives the annotated value, by half and slot."""
    results: dict[str, Any] = {}
    for half, folds in zip(HALVES, (range(FOLDS_TO_TUNE), range(FOLDS_TO_TUNE, 20)), strict=True):
        found: dict[str, list[tuple[bool, bool]]] = defaultdict(list)
        for slot, text, meant in nlupp_slots(shared / "nlupp/data/banking", folds):
            kind, written = SLOTS[slot]
            value = read(kind, text, NLUPP_NOW, region="GB")
            wanted = written(meant)
            if wanted is None:  # annotated as ambiguous or periodic: no value to get right
                continue
            found[slot].append((value == wanted, _same(kind, value, wanted)))
        results[half] = {
            slot: {
                "texts": len(right),
                "right": round(sum(exact for exact, _ in right) / len(right), 4),
                "either_half": round(sum(either for _, either in right) / len(right), 4),
            }
            for slot, right in sorted(found.items())
        }
    return results


def nlupp_slots(folder: Path, folds: Iterable[int]) -> Iterable[tuple[str, str, Any]]:
    """Give (slot, text, annotated value)."""
    for fold in folds:
        for utterance in json.loads((folder / f"fold{fold}.json").read_text(encoding="utf-8")):
            for slot, marked in (utterance.get("slots") or {}).items():
                if slot in SLOTS:
                    yield slot, marked["text"], marked.get("value", marked.get("values"))


def _day(value: Any) -> str | None:
    if not isinstance(value, dict) or "year" not in value:
        return None
    return date(value["year"], value["month"], value["day"]).isoformat()


def _days(value: Any) -> str | None:
    if not isinstance(value, dict) or value.get("type") != "absolute":
        return None
    return f"{_day(value['from'])}/{_day(value['to'])}"


def _clock(value: Any) -> str | None:
    return f"{value['hour']:02}:{value['minute']:02}" if isinstance(value, dict) else None


def _money(value: Any) -> str | None:
    currency = value["currency"].replace("ambiguous", "GBP")
    return f"{value['amount']:.2f} {currency}"


def _name(value: Any) -> str:
    return str(value).title()


def _same(kind: str, value: str | None, wanted: str) -> bool:
    """Whether equal, or a time of the other half of the day."""
    if kind != "time" or value is None:
        return value == wanted
    hours, other = int(value[:2]), int(wanted[:2])
    return hours % 12 == other % 12 and value[2:] == wanted[2:]


SLOTS: dict[str, tuple[str, Callable[[Any], str | None]]] = {
    "amount_of_money": ("money", _money),
    "date": ("date", _day),
    "date_from": ("date", _day),
    "date_period": ("date_range", _days),
    "date_to": ("date", _day),
    "number": ("number", str),
    "person_name": ("name", _name),
    "time": ("time", _clock),
    "time_from": ("time", _clock),
    "time_to": ("time", _clock),
}
SETS: dict[str, Callable[[Path], dict[str, Any]]] = {"evi": evi, "nlupp": nlupp}


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="values: what callers say → what they mean")
    parser.add_argument("--sets", nargs="+", choices=list(SETS), default=list(SETS))
    parser.add_argument("--shared", type=Path, default=SHARED_DATA, help="where the sets are")
    parser.add_argument("--out", type=Path, default=Path("out/bench/values.json"))
    arguments = parser.parse_args()
    results = {name: SETS[name](arguments.shared) for name in arguments.sets}
    write_report(arguments.out, {"environment": environment(), "sets": results})
    print(f"{arguments.out} written")


if __name__ == "__main__":
    main()
