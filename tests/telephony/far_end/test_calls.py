"""What Twilio does with TwiML, verb by verb, told as calls on a virtual clock."""

from collections.abc import Mapping, Sequence
from functools import partial

import anyio
import pytest
from trio.testing import MockClock

from telephony.emulator import CallResult, Plan, place_call
from telephony.far_end.caller import Cue, scripted
from telephony.far_end.exchange import Callee, Conditions
from telephony.far_end.web import Site
from tests.telephony.far_end.server import TinyServer, speech
from tests.telephony.far_end.web import SITE, STREAM, MemoryWeb, exchange
from voice.codec import decode_ulaw

pytestmark = pytest.mark.anyio

TALK = Cue(voice=decode_ulaw(speech(1.0)))


def talks(wait_seconds: float, seconds: float = 1.0) -> Cue:
    return Cue(voice=decode_ulaw(speech(seconds)), wait_seconds=wait_seconds)


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, object]]:
    return "trio", {"clock": MockClock(autojump_threshold=0)}


async def call(
    web: MemoryWeb,
    cues: Sequence[Cue] = (TALK,),
    people: Mapping[str, Callee] | None = None,
    conditions: Conditions | None = None,
    site: Site = SITE,
) -> CallResult:
    plan = Plan(scripted(cues), tuple(cues), voice_path="/voice", status_path="/status")
    async with exchange(web, people, conditions, site) as office:
        return await place_call(office, plan)


def verbs(result: CallResult) -> list[str]:
    return [step.verb for step in result.steps]


async def test_the_webhook_says_who_calls_and_the_stream_gets_its_parameters() -> None:
    web = MemoryWeb({"/voice": STREAM, "/status": ""})
    result = await call(web)
    form = web.forms("/voice")[0]
    assert form["From"] == form["Caller"] == "+15550001111"
    assert form["CallStatus"] == "ringing"
    start = web.servers[0].hears[1]["start"]
    assert start["callSid"] == form["CallSid"] == result.call_sid
    assert start["customParameters"] == {"token": "t"}
    assert web.forms("/status")[0]["CallStatus"] == "completed"
    assert result.succeeded


async def test_a_turn_is_measured_at_the_ear() -> None:
    result = await call(MemoryWeb({"/voice": STREAM, "/status": ""}))
    greeting, turn = result.turns
    assert greeting.reply_ms == pytest.approx(20, abs=40)
    assert turn.end - turn.start == pytest.approx(1.0, abs=0.05)
    assert turn.reply_ms == pytest.approx(520, abs=50)
    assert not turn.interrupts


async def test_an_interruption_is_measured_to_the_silence_at_the_ear() -> None:
    cue = Cue(voice=decode_ulaw(speech(1.0)), interrupt_seconds=2.0)
    result = await call(
        MemoryWeb({"/voice": STREAM, "/status": ""}, partial(TinyServer, greeting=10.0)), [cue]
    )
    turn = result.turns[1]
    assert turn.start == pytest.approx(2.0, abs=0.1)
    assert turn.interrupts
    assert turn.silence_ms == pytest.approx(40, abs=40)


async def test_what_follows_the_stream_runs_when_the_server_closes_it() -> None:
    after = STREAM + "<Redirect>/after</Redirect>"
    documents = {"/voice": after, "/after": "<Say>Bye now</Say><Hangup/>", "/status": ""}
    result = await call(MemoryWeb(documents, partial(TinyServer, replies=1)))
    assert verbs(result) == ["Connect", "Stream", "Redirect", "Say", "Hangup"]


async def test_what_is_not_signed_is_refused_and_the_call_ends() -> None:
    unsigned = Site(SITE.local, SITE.public)
    result = await call(MemoryWeb({"/voice": STREAM, "/status": ""}), site=unsigned)
    assert not result.succeeded
    assert result.violations[0].error == 11200


async def test_a_refused_stream_is_an_error_and_the_next_verb_runs() -> None:
    documents = {"/voice": STREAM.replace("/media", "/media?token=t") + "<Say>Sorry</Say>"}
    result = await call(MemoryWeb(documents), [talks(1.0)])
    assert [violation.error for violation in result.violations] == [31920, 11200]
    assert verbs(result) == ["Connect", "Say"]


@pytest.mark.parametrize(
    "document", ["<Say", "</Response><Response>", "<Enqueue><Task>x</Task></Enqueue>"]
)
async def test_bad_twiml_is_an_application_error(document: str) -> None:
    result = await call(MemoryWeb({"/voice": document, "/status": ""}), [talks(1.0)])
    assert result.violations[0].error in {12100, 12200}
    assert result.seconds < 10


async def test_dialling_connects_both_and_tells_how_it_went() -> None:
    dial = '<Dial action="/dialled" timeout="20"><Number>+15550002222</Number></Dial>'
    web = MemoryWeb({"/voice": dial, "/dialled": "<Hangup/>", "/status": ""})
    ana = Callee(after=3.0, caller=scripted([talks(1.0), Cue(hangs_up=True, wait_seconds=2.0)]))
    result = await call(web, [talks(20.0)], {"+15550002222": ana})
    assert web.forms("/dialled")[0]["DialCallStatus"] == "completed"
    heard = result.turns[0]
    assert heard.reply_ms == pytest.approx(4000, abs=100)
    assert verbs(result)[-1] == "Hangup"


@pytest.mark.parametrize(("answers", "status"), [("busy", "busy"), ("nobody", "no-answer")])
async def test_somebody_who_does_not_answer_is_told_to_the_action(
    answers: str, status: str
) -> None:
    dial = '<Dial action="/dialled" timeout="5">+15550002222</Dial>'
    web = MemoryWeb({"/voice": dial, "/dialled": "<Hangup/>", "/status": ""})
    nobody = Callee("busy") if answers == "busy" else Callee("nobody")
    result = await call(web, [talks(20.0)], {"+15550002222": nobody})
    assert web.forms("/dialled")[0]["DialCallStatus"] == status
    assert result.seconds < 8


async def test_a_conference_of_two_ends_with_whoever_must_be_in_it() -> None:
    conference = '<Dial><Conference endConferenceOnExit="true">help</Conference></Dial>'
    web = MemoryWeb({"/voice": conference, "/status": ""})
    async with exchange(web) as office:
        results = []

        async def one(cues: list[Cue]) -> None:
            plan = Plan(scripted(cues), tuple(cues), voice_path="/voice", status_path="")
            results.append(await place_call(office, plan))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(one, [talks(2.0), Cue(hangs_up=True, wait_seconds=1.0)])
            tasks.start_soon(one, [talks(60.0)])
    leaves, stays = results
    assert stays.turns[0].reply_ms == pytest.approx(2000, abs=100)
    assert leaves.turns[1].reply_ms is None
    assert stays.seconds < 6


async def test_the_task_of_a_queue_is_read() -> None:
    queue = '<Enqueue workflowSid="WW1"><Task>{"intent": "refund"}</Task></Enqueue>'
    result = await call(MemoryWeb({"/voice": queue, "/status": ""}), [talks(4.0)])
    assert result.steps[0].what == "WW1 {'intent': 'refund'}"


async def test_keys_are_gathered_until_the_last_one() -> None:
    gather = '<Gather action="/keys" numDigits="2"><Say>Press two keys please</Say></Gather>'
    web = MemoryWeb({"/voice": gather, "/keys": "<Hangup/>", "/status": ""})
    result = await call(web, [Cue(keys="42", wait_seconds=0.5)])
    assert web.forms("/keys")[0]["Digits"] == "42"
    assert result.seconds < 2


async def test_without_keys_the_call_goes_on_after_the_gather() -> None:
    gather = '<Gather action="/keys" timeout="2"/><Say>Nothing</Say>'
    web = MemoryWeb({"/voice": gather, "/status": ""})
    result = await call(web, [talks(5.0)])
    assert verbs(result) == ["Gather", "Gather", "Say"]


async def test_voicemail_is_recorded_until_the_caller_is_silent_or_gone() -> None:
    record = '<Record action="/recorded" timeout="2"/>'
    web = MemoryWeb({"/voice": record, "/recorded": "<Hangup/>", "/status": ""})
    await call(web, [talks(0.5, 3.0), talks(30.0)])
    assert web.forms("/recorded")[0]["RecordingDuration"] in {"5", "6"}
    web = MemoryWeb({"/voice": record, "/recorded": "", "/status": ""})
    await call(web, [talks(0.5, 3.0), Cue(hangs_up=True, wait_seconds=0.1)])
    assert web.forms("/recorded")[0]["Digits"] == "hangup"


async def test_a_dropped_line_ends_the_call() -> None:
    web = MemoryWeb({"/voice": STREAM + "<Say>Still here</Say>", "/status": ""})
    result = await call(web, conditions=Conditions(drop_after=2.0))
    assert verbs(result) == ["Connect", "Stream"]
    assert result.streams[0].ended_by == "drop"
    assert result.seconds < 3


async def test_endless_redirects_end() -> None:
    web = MemoryWeb({"/voice": "<Redirect>/voice</Redirect>", "/status": ""})
    result = await call(web, [talks(60.0)])
    assert result.violations[-1].error == 11200


async def test_twilio_hears_the_echo_of_what_the_caller_hears() -> None:
    web = MemoryWeb(
        {"/voice": STREAM, "/status": ""},
        partial(TinyServer, patience=1000.0, clears_on_speech=False),
    )
    result = await call(web, [talks(2.0)], conditions=Conditions(echo_db=-10.0))
    mouth, ear = result.tape.mouth, result.tape.ear
    assert ear[10].any()
    assert abs(int(mouth[15].max())) == pytest.approx(int(ear[10].max()) * 10**-0.5, rel=0.05)


async def test_noise_is_around_the_caller_and_nobody_else() -> None:
    web = MemoryWeb({"/voice": "<Dial>+15550002222</Dial>", "/status": ""})
    result = await call(web, [talks(5.0)], conditions=Conditions(noise_db=20.0))
    assert result.tape.mouth[0].any()
    assert not any(block.any() for block in result.tape.ear)
