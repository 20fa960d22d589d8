"""Sessions of phone calls, on a virtual clock: tokens, ends and what is put on record."""

import gc
import json
import weakref
from pathlib import Path
from typing import Any

import anyio
import pytest
from trio.testing import MockClock

from telephony import Refused
from telephony.archive import HAPPENINGS, Archive
from telephony.record import CallRecord, Record
from telephony.sessions import (
    AFTER_SECONDS,
    PERSON_SECONDS,
    STREAM_SECONDS,
    TOKEN_SECONDS,
    Session,
    Sessions,
    happening,
)
from tests.fakes import FakeAgent

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, object]]:
    return "trio", {"clock": MockClock(autojump_threshold=0)}


def describe(session: Session) -> CallRecord:
    return session.as_record("Maplewood", {})


@pytest.fixture
def closed() -> list[str]:
    return []


@pytest.fixture
def sessions(tmp_path: Path, closed: list[str]) -> Sessions:
    return Sessions(Archive(tmp_path), describe, lambda session: closed.append(session.call_sid))


def session(call: str = "CA1", caller: str = "+1") -> Session:
    return Session(call, caller, "+2", "en", FakeAgent({}), Record())


async def test_a_token_is_good_once(sessions: Sessions) -> None:
    call = sessions.open(session())
    token = sessions.token(call)
    assert sessions.redeem(token, "CA1") is call
    with pytest.raises(Refused):
        sessions.redeem(token, "CA1")


async def test_a_token_is_good_for_its_own_call_alone(sessions: Sessions) -> None:
    token = sessions.token(sessions.open(session("CA1")))
    sessions.open(session("CA2"))
    with pytest.raises(Refused):
        sessions.redeem(token, "CA2")
    with pytest.raises(Refused):
        sessions.redeem(token, "CA1")  # whoever tried it knows it


async def test_a_new_token_voids_the_one_before(sessions: Sessions) -> None:
    call = sessions.open(session())
    before, now = sessions.token(call), sessions.token(call)
    with pytest.raises(Refused):
        sessions.redeem(before, "CA1")
    assert sessions.redeem(now, "CA1") is call


async def test_a_token_is_good_for_half_a_minute(sessions: Sessions) -> None:
    call = sessions.open(session())
    token = sessions.token(call)
    await anyio.sleep(TOKEN_SECONDS - 0.1)
    assert sessions.redeem(token, "CA1")
    token = sessions.token(call)
    await anyio.sleep(TOKEN_SECONDS)
    with pytest.raises(Refused):
        sessions.redeem(token, "CA1")


async def test_a_call_that_has_a_stream_gets_no_second(sessions: Sessions) -> None:
    call = sessions.open(session())
    sessions.stream_began(call, lambda: None)
    token = sessions.token(call)
    with pytest.raises(Refused):
        sessions.redeem(token, "CA1")


async def test_a_call_in_progress_or_over_is_not_opened_again(sessions: Sessions) -> None:
    call = sessions.open(session())
    with pytest.raises(Refused):
        sessions.open(session())
    await sessions.close(call)
    with pytest.raises(Refused):
        sessions.open(session())
    assert await sessions.is_over("CA1")


@pytest.mark.parametrize("call", ["", "../CA1", "CA1/x", "CA 1", "x" * 65])
async def test_a_sid_that_is_none_opens_nothing(sessions: Sessions, call: str) -> None:
    with pytest.raises(Refused):
        sessions.open(session(call))
    assert not await sessions.is_over(call)


async def test_calls_of_which_nothing_is_heard_end(sessions: Sessions, closed: list[str]) -> None:
    never_came, hung_up, talks, with_person = (session(f"CA{number}") for number in range(4))
    for call in (never_came, hung_up, talks, with_person):
        sessions.open(call)
    for call in (hung_up, talks, with_person):
        sessions.stream_began(call, lambda: None)
    sessions.stream_ended(hung_up)
    sessions.stream_ended(with_person)
    sessions.left_to_person(with_person)
    assert sessions.ours == 3
    for seconds, over in (
        (AFTER_SECONDS, ["CA1"]),
        (STREAM_SECONDS - AFTER_SECONDS, ["CA1", "CA0"]),
        (PERSON_SECONDS, ["CA1", "CA0", "CA3"]),
    ):
        await anyio.sleep(seconds)
        await sessions.close_expired()
        assert closed == over
    assert [*sessions] == [talks]


async def test_closing_hangs_up_and_waits_for_what_was_heard(
    sessions: Sessions, tmp_path: Path
) -> None:
    call = sessions.open(session())
    hung_up = anyio.Event()

    async def stream() -> None:
        await hung_up.wait()
        await anyio.sleep(1)  # the last reply is committed
        call.record.finish(12.5, "resolved")
        sessions.stream_ended(call)

    async with anyio.create_task_group() as tasks:
        sessions.stream_began(call, hung_up.set)
        tasks.start_soon(stream)
        await sessions.close(call)
    assert record(tmp_path)["seconds"] == 12.5


async def test_a_stream_that_does_not_end_is_not_waited_for_for_ever(
    sessions: Sessions, closed: list[str]
) -> None:
    call = sessions.open(session())
    sessions.stream_began(call, lambda: None)
    await sessions.close(call)
    await sessions.close(call)
    assert closed == ["CA1"]


async def test_nobody_is_left_when_the_last_call_ends_or_goes_to_a_person(
    sessions: Sessions,
) -> None:
    first, second = sessions.open(session("CA1")), sessions.open(session("CA2"))
    async with anyio.create_task_group() as tasks:
        for _ in range(2):
            tasks.start_soon(sessions.none_is_ours)
        await anyio.sleep(1)
        await sessions.close(first)
        await anyio.sleep(1)
        assert sessions.ours == 1
        sessions.left_to_person(second)
    assert anyio.current_time()


async def test_nothing_is_kept_of_a_call_that_is_over(sessions: Sessions) -> None:
    gone = []
    for number in range(50):
        call = sessions.open(session(f"CA{number}"))
        sessions.token(call)
        sessions.stream_began(call, lambda: None)
        sessions.stream_ended(call)
        await sessions.close(call)
        gone.append(weakref.ref(call.record))
    del call
    gc.collect()
    assert not any(record() for record in gone)
    assert len(sessions) == 0


async def test_callers_are_counted(sessions: Sessions) -> None:
    for number in range(3):
        sessions.open(session(f"CA{number}", "+1" if number else "+3"))
    assert (sessions.by("+1"), sessions.by("+3"), sessions.by("+4"), len(sessions)) == (2, 1, 0, 3)


async def test_a_folder_that_cannot_be_written_loses_the_record_and_nothing_else(
    tmp_path: Path, closed: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    archive = Archive(tmp_path / "file" / "calls")
    sessions = Sessions(archive, describe, lambda session: closed.append(session.call_sid))
    await sessions.close(sessions.open(session()))
    assert closed == ["CA1"]
    assert "record is lost" in caplog.text


async def test_what_happened_is_kept_up_to_a_limit(tmp_path: Path) -> None:
    call = session()
    for number in range(HAPPENINGS + 5):
        call.note("status", {"number": str(number), "text": "x" * 5000})
    assert (len(call.happenings), call.dropped_happenings) == (HAPPENINGS, 5)
    assert len(call.happenings[0]["text"]) == 1000


async def test_what_comes_after_the_end_is_added_to_the_record(
    sessions: Sessions, tmp_path: Path
) -> None:
    archive = Archive(tmp_path)
    assert not await archive.add("CA1", happening("voicemail"))
    await sessions.close(sessions.open(session()))
    async with anyio.create_task_group() as tasks:
        for number in range(HAPPENINGS + 5):
            tasks.start_soon(archive.add, "CA1", happening("status", {"n": str(number)}))
    assert len(record(tmp_path)["phone"]["happenings"]) == HAPPENINGS
    assert not await anyio.Path(tmp_path / "CA1.part").exists()


async def test_a_file_that_is_no_record_is_left_alone(tmp_path: Path) -> None:
    for text in ("[]", "{}", "no json"):
        (tmp_path / "CA1.json").write_text(text, encoding="utf-8")
        with pytest.raises(ValueError, match=r"no phone call|Expecting value"):
            await Archive(tmp_path).add("CA1", happening("status"))
        assert (tmp_path / "CA1.json").read_text(encoding="utf-8") == text


def record(folder: Path, call: str = "CA1") -> Any:
    return json.loads((folder / f"{call}.json").read_text(encoding="utf-8"))


async def test_a_full_disk_ends_no_other_call(tmp_path: Path) -> None:
    def full(_: Session) -> None:
        raise OSError("no space left on device")

    sessions = Sessions(Archive(tmp_path), describe, full)
    sessions.open(session("CA1"))
    sessions.open(session("CA2"))
    await anyio.sleep(STREAM_SECONDS)
    await sessions.close_expired()
    assert len(sessions) == 0
