"""A caller and a server on a virtual clock: what each side sees of the stream."""

import json
from collections.abc import Sequence
from itertools import pairwise

import anyio
import pytest
from trio.testing import MockClock

from telephony.far_end.caller import Act, Cue, scripted
from telephony.far_end.hearing import Hearing
from telephony.far_end.media import MediaStream, StreamLog
from telephony.far_end.network import Impairments
from telephony.far_end.phone import Phone
from telephony.far_end.protocol import BINARY, READS_TOO_SLOWLY, Identity
from telephony.wire import MemoryWire, memory_wires
from tests.telephony.far_end.server import LOUD, TinyServer, speech
from voice.codec import decode_ulaw

pytestmark = pytest.mark.anyio

WHO = Identity("AC1", "CA1", "MZ1")
GOOD = Impairments()
HELLO = Cue(voice=decode_ulaw(speech(1.0)))


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, object]]:
    return "trio", {"clock": MockClock(autojump_threshold=0)}


async def stream(
    cues: Sequence[Cue],
    server: TinyServer,
    wire: MemoryWire,
    impairments: Impairments = GOOD,
    drop_after: float | None = None,
) -> tuple[Phone, StreamLog]:
    phone = Phone(scripted(cues))
    media = MediaStream(phone, wire, WHO, impairments)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(server.run)
        tasks.start_soon(phone.run)
        log = await media.run({"token": "t"}, drop_after)
        phone.hang_up()
    return phone, log


async def test_the_caller_is_greeted_speaks_and_is_answered() -> None:
    ours, theirs = memory_wires()
    server = TinyServer(theirs)
    phone, log = await stream([HELLO], server, ours)
    assert server.events()[:3] == ["connected", "start", "media"]
    assert server.events()[-1] == "stop"
    assert [name for _, name in log.marks] == ["greeting", "reply 1"]
    assert log.marks[0][0] == pytest.approx(1.0, abs=0.05)
    assert (log.ended_by, log.server_closed, log.violated) == ("caller", True, 0)
    assert phone.ear.underruns == []


async def test_media_flows_without_gaps_from_the_start() -> None:
    ours, theirs = memory_wires()
    server = TinyServer(theirs)
    phone, _ = await stream([HELLO], server, ours)
    media = [message for message in server.hears if message["event"] == "media"]
    chunks = [int(message["media"]["chunk"]) for message in media]
    assert chunks == list(range(1, len(phone.tape.ear) + 1))
    numbers = [int(each["sequenceNumber"]) for each in server.hears[1:]]
    assert numbers == list(range(1, len(numbers) + 1))


async def test_keys_come_between_the_packets() -> None:
    ours, theirs = memory_wires()
    server = TinyServer(theirs)
    await stream([Cue(keys="15#")], server, ours)
    keys = [message["dtmf"]["digit"] for message in server.hears if message["event"] == "dtmf"]
    assert keys == ["1", "5", "#"]


async def test_an_interruption_clears_the_buffer_and_returns_the_pending_mark() -> None:
    ours, theirs = memory_wires()
    server = TinyServer(theirs, greeting=10.0)
    interrupt = Cue(voice=decode_ulaw(speech(1.0)), interrupt_seconds=1.0)
    phone, log = await stream([interrupt], server, ours)
    assert log.clears[0] == pytest.approx(1.04, abs=0.1)
    assert log.marks[0] == (log.clears[0], "greeting")
    assert phone.ear.underruns == []


async def test_when_the_server_closes_what_was_not_played_is_lost() -> None:
    ours, theirs = memory_wires()

    class Rude(TinyServer):
        async def say(self, seconds: float, mark: str) -> None:
            await super().say(seconds, mark)
            await self.wire.close()

    phone, log = await stream([HELLO], Rude(theirs, greeting=5.0), ours)
    assert log.ended_by == "server"
    assert log.marks == []
    assert phone.ear.buffered_seconds == 0


async def test_binary_and_unknown_messages_are_named_with_twilios_errors() -> None:
    ours, theirs = memory_wires()

    class Wrong(TinyServer):
        async def say(self, seconds: float, mark: str) -> None:
            assert isinstance(self.wire, MemoryWire)
            await self.wire.send_bytes(LOUD)
            await self.wire.send(json.dumps({"event": "hello", "streamSid": self.stream_sid}))

    _, log = await stream([Cue(hangs_up=True, wait_seconds=1.0)], Wrong(theirs), ours)
    assert [violation.error for violation in log.violations] == [BINARY, 31924]


async def test_a_server_that_does_not_read_is_reported_and_delays_nothing() -> None:
    ours, theirs = memory_wires(buffered=10)

    class Asleep(TinyServer):
        async def run(self) -> None:
            await anyio.sleep(30.0)
            await self.wire.close()

    phone, log = await stream([Cue(hangs_up=True, wait_seconds=20.0)], Asleep(theirs), ours)
    assert log.violations[0].error == READS_TOO_SLOWLY
    assert log.discarded > 500
    assert not log.server_closed
    assert phone.tape.seconds == pytest.approx(20.0, abs=0.1)


async def test_a_dropped_line_ends_without_stop() -> None:
    ours, theirs = memory_wires()
    server = TinyServer(theirs)
    _, log = await stream([HELLO], server, ours, drop_after=1.5)
    assert log.ended_by == "drop"
    assert "stop" not in server.events()


async def test_loss_jitter_reorder_and_duplicates_are_as_asked_and_repeatable() -> None:
    bad = Impairments(0.05, 0.06, 0.05, 0.05, seed=7)
    runs = []
    for _ in range(2):
        ours, theirs = memory_wires()
        server = TinyServer(theirs)
        await stream([Cue(hangs_up=True, wait_seconds=20.0)], server, ours, bad)
        runs.append([each["media"]["chunk"] for each in server.hears if each["event"] == "media"])
    assert runs[0] == runs[1]
    chunks = [int(chunk) for chunk in runs[0]]
    assert 0.02 < 1 - len(set(chunks)) / 1000 < 0.09
    assert 0.02 < 1 - len(set(chunks)) / len(chunks) < 0.09
    assert any(after < before for before, after in pairwise(chunks))


def test_a_caller_waits_for_the_end_of_the_reply() -> None:
    hearing = Hearing()
    acts = scripted([HELLO])(hearing)
    loud, quiet = decode_ulaw(LOUD), decode_ulaw(b"\xff" * 160)
    spoke_at = None
    for index in range(500):
        hearing.hear(loud if 50 <= index < 150 else quiet)
        act: Act = next(acts)
        if spoke_at is None and act.voice is not None:
            spoke_at = index / 50
    assert spoke_at == pytest.approx(3.0 + 1.2, abs=0.05)
