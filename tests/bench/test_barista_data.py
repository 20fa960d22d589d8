from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nlu.grammar import Reading
from tests.bench.barista import Understood, means, published_means, summary, table
from tests.bench.barista_data import CONDITIONS, ENERGY_SAMPLES, Order, mixed, read_orders, thinned
from voice.asr import Transcript
from voice.audio import SAMPLE_RATE_HZ, Int16

ORDER = Order(Path("a.flac"), "order", {"drink": "latte", "size": "large"})


def noise(seconds: float, level: int) -> Int16:
    random = np.random.default_rng(3).normal(scale=level, size=round(seconds * SAMPLE_RATE_HZ))
    return random.astype(np.int16)


def understood(**slots: str) -> Understood:
    reading = Reading("order", slots, "", cost=0.0)
    return Understood(
        ORDER, Transcript("", 1.0), [reading], rescored=False, cpu_seconds=0, seconds=0
    )


def test_an_order_is_accepted_where_each_slot_of_its_label_is_right() -> None:
    assert understood(drink="latte", size="large").exact
    assert not understood(drink="latte").accepted
    assert not understood(drink="latte", size="small").accepted


def test_a_slot_too_many_is_accepted_as_in_the_original_but_not_exact() -> None:
    more = understood(drink="latte", size="large", milk="cream")
    assert more.accepted
    assert not more.exact


def test_what_was_refused_is_not_accepted() -> None:
    assert not Understood(ORDER, Transcript("", 0.0), [], False, 0, 0).accepted


def test_noise_is_mixed_at_its_ratio_and_the_same_each_time() -> None:
    speech, kitchen = noise(2, 3000), noise(9, 500)
    loud, soft = (mixed(speech, kitchen, snr_db, "a") for snr_db in (0, 40))
    assert np.array_equal(mixed(speech, kitchen, 0, "a"), loud)
    assert not np.array_equal(mixed(speech, kitchen, 0, "b"), loud)
    assert abs(int(np.abs(loud.astype(int)).max()) - 16_384) <= 1
    clean = speech / np.abs(speech).max()
    left = soft / np.abs(soft).max() - clean
    energy = [np.square(s[:ENERGY_SAMPLES]).sum() for s in (clean, left)]
    assert 10 * np.log10(energy[0] / energy[1]) == pytest.approx(40, abs=2)


def test_slots_are_stripped_and_halves_are_by_name(tmp_path: Path) -> None:
    row = '{"file": "dev/a.flac", "intent": "order", "slots": {"milk": " soy milk"}}\n'
    (tmp_path / "manifest.jsonl").write_text(row + row.replace("a.flac", "e.flac"))
    first, second = read_orders(tmp_path)
    assert first.slots == {"milk": "soy milk"}
    assert (first.half, second.half) == ("tuning", "report")
    assert Order(Path("elsewhere/a.flac"), "", {}).half == "tuning"
    assert thinned([first, second], 1) == [first]


def test_the_halves_are_counted_apart() -> None:
    report = replace(understood(drink="mocha"), order=replace(ORDER, file=Path("e.flac")))
    found = summary([understood(drink="latte", size="large"), report])
    assert (found["tuning"]["accepted"], found["report"]["accepted"]) == (1.0, 0.0)
    assert [each["file"] for each in found["errors"]] == ["e.flac"]
    assert "tuning" not in summary([report])


def part(report: float, tuning: float) -> dict[str, dict[str, float]]:
    return {
        half: {"accepted": rate, "exact": rate - 0.1}
        for half, rate in (("report", report), ("tuning", tuning))
    }


MEASURED = {
    "clean, 8 kHz": part(0.1, 0.1),
    "6 dB, 8 kHz": part(0.7, 0.9),
    "9 dB, 8 kHz": part(0.8, 0.9),
}


def test_the_mean_is_over_noisy_conditions_of_one_line_and_half() -> None:
    found = means(MEASURED)
    assert found["8 kHz"]["report"] == {"conditions": 2, "accepted": 0.75, "exact": 0.65}
    assert found["8 kHz"]["tuning"]["accepted"] == 0.9
    assert "16 kHz" not in found
    alone = means({name: {"report": halves["report"]} for name, halves in MEASURED.items()})
    assert alone == {"8 kHz": {"report": found["8 kHz"]["report"]}}
    assert len(CONDITIONS) == 16


def test_the_table_leads_with_the_report_half_and_ends_with_what_was_published() -> None:
    published = {"snr_db": [6, 9], "RHINO": {"kitchen": [0.96, 0.98]}, "mean_all": {"RHINO": 97.6}}
    report = {
        "published": published,
        "published_mean_over_noise": published_means(published),
        "conditions": MEASURED,
        "mean_over_noise": means(MEASURED),
    }
    assert report["published_mean_over_noise"] == {"RHINO": 0.97}
    columns = [list(column.cells) for column in table(report).columns]
    assert columns[1] == ["10.0", "70.0", "80.0", "75.0"]
    assert columns[3][-1] == "90.0"
    assert columns[-1] == ["", "96.0", "98.0", "97.0"]
