"""The recorded calls of tests/clips, answered by the real chain: what must come of each."""

import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import anyio
import jsonschema
import pytest

from telephony.compose import load_parts
from telephony.parts import Parts
from telephony.record import CallRecord
from telephony.replay import ReplayOptions, replay
from telephony.settings import load_settings
from telephony.wav import WavOptions
from tests.clips.script import Script, contains, scripts

pytestmark = pytest.mark.slow

SCHEMA = Path(__file__).parents[2] / "docs" / "call-record.schema.json"


@pytest.fixture(scope="module")
def parts() -> Parts:
    return load_parts(load_settings())


@pytest.fixture(scope="module")
def answered(parts: Parts) -> Callable[[Script], CallRecord]:
    calls: dict[str, CallRecord] = {}

    def answer(script: Script) -> CallRecord:
        if script.name not in calls:
            calls[script.name] = run(parts, script)
        return calls[script.name]

    return answer


def run(parts: Parts, script: Script, options: ReplayOptions | None = None) -> CallRecord:
    return anyio.run(partial(replay, script.wav, parts, options), backend="trio")


def without_timings(call: CallRecord) -> str:
    plain = call.as_json()
    for turn in plain["turns"]:
        turn.pop("timings_ms")
    return json.dumps(plain, sort_keys=True)


each_clip = pytest.mark.parametrize("script", scripts(), ids=lambda script: script.name)


@each_clip
def test_the_caller_is_understood_and_answered(
    answered: Callable[[Script], CallRecord], script: Script
) -> None:
    call = answered(script)
    heard = [turn for turn in call.turns if turn.speaker == "caller"]
    assert [turn.intent for turn in heard] == [turn.intent for turn in script.turns]
    answers = call.turns[1:]
    for index, expected in enumerate(script.turns):
        caller, assistant = answers[2 * index : 2 * index + 2]
        assert (caller.speaker, assistant.speaker) == ("caller", "assistant")
        assert caller.slots == {**caller.slots, **expected.slots}
        assert assistant.heard == assistant.text
        for words in expected.answer_contains:
            assert contains(assistant.heard, words), f"{words!r} not in {assistant.heard!r}"
    assert call.outcome == script.outcome


@each_clip
def test_the_same_recording_twice_gives_the_same_record_faster_than_real_time(
    parts: Parts, answered: Callable[[Script], CallRecord], script: Script
) -> None:
    first = answered(script)
    began = time.perf_counter()
    second = run(parts, script)
    assert time.perf_counter() - began < second.seconds
    assert without_timings(first) == without_timings(second)


@each_clip
def test_the_record_keeps_to_its_public_schema(
    answered: Callable[[Script], CallRecord], script: Script
) -> None:
    record = json.loads(json.dumps(answered(script).as_json()))
    jsonschema.validate(record, json.loads(SCHEMA.read_text(encoding="utf-8")))
    assert record["models"]


def test_a_caller_who_does_not_wait_interrupts_and_only_what_was_heard_is_kept(
    parts: Parts,
) -> None:
    script = next(script for script in scripts() if script.name == "correction")
    call = run(parts, script, ReplayOptions(line=WavOptions(takes_turns=False)))
    cut = [turn for turn in call.turns if turn.speaker == "assistant" and turn.heard != turn.text]
    assert cut
    assert all(turn.text.startswith(turn.heard) for turn in cut)
