"""A call in two languages: ears, voice and record follow the agent."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from pathlib import Path

import anyio
import pytest
from trio.testing import MockClock

from dialogue.agent import CallerTurn, Exchange
from dialogue.assistant import SHIPPED, Assistant, load_assistant
from dialogue.languages import Tongue
from models import ModelMissing
from telephony.call import Call, run_call
from telephony.compose import load_parts
from telephony.record import CallRecord, Record
from telephony.replay import replay
from telephony.settings import load_settings
from telephony.tongues import available, request_certainty
from telephony.wav import WavLine, WavOptions
from tests.dialogue.caller import Words, WordsNlu
from tests.fakes import FakeAgent, FakeAsr, FakeTts, FakeVad, is_speech, recording, said
from tests.voice.tts_conformance import speak
from voice.audio import SILENCE, SpokenFrame
from voice.ears import Ears
from voice.tts import TtsOptions, load_tts
from voice.turns import TurnTaker
from voice.wav import WavWriter

CHINESE_PLEASE = "中文"


@dataclass
class Bilingual(FakeAgent):
    """Speaks Chinese from when it is asked to."""

    language: str = "en"

    async def reply(self, turn: CallerTurn) -> AsyncGenerator[str]:
        if getattr(turn, "text", "") == CHINESE_PLEASE:
            self.language = "zh-CN"
        async with aclosing(super().reply(turn)) as clauses:
            async for clause in clauses:
                self.exchange = replace(self.exchange or Exchange(turn), language=self.language)
                yield clause


@dataclass
class Keeper(FakeTts):
    """Keeps what it was given to say."""

    texts: list[str] = field(default_factory=list)

    async def synthesize(self, text: str, speed: float = 1.0) -> AsyncGenerator[SpokenFrame]:
        self.texts.append(text)
        async with aclosing(super().synthesize(text, speed)) as frames:
            async for frame in frames:
                yield frame


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", [("trio", {"clock": MockClock(autojump_threshold=0)})])
async def test_ears_voice_and_record_follow_the_agents_language() -> None:
    agent = Bilingual({CHINESE_PLEASE: ["好的。"], "营业时间": ["九点到五点。"]})
    asr, english, chinese, record = FakeAsr(), Keeper(), Keeper(), Record()
    parts = (said(0.5), said(1, CHINESE_PLEASE), said(2), said(1, "营业时间"), said(2))
    options = WavOptions(takes_turns=True, realtime=True)
    line = WavLine(recording(*parts), is_speech, options)
    ears = Ears(FakeVad(), asr, TurnTaker())
    await run_call(Call(line, ears, agent, english, record, voices={"zh-CN": chinese}))
    assert english.texts == ["Good morning."]
    assert chinese.texts == ["好的。", "九点到五点。"]
    assert [each.language for each in asr.expectations] == ["en", "zh"]
    spoken = [turn.language for turn in record.turns if turn.speaker == "assistant"]
    assert spoken == ["en", "zh-CN", "zh-CN"]


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["trio"])
async def test_a_request_is_understood_in_the_language_that_is_spoken() -> None:
    retail = load_assistant(SHIPPED / "retail")
    words = Words({"cancel_order": "取消订单"}, ("order_number", 5), {}, "order_status")
    chinese = Tongue(retail.variants["zh"], WordsNlu(words))
    sure = request_certainty(Tongue(retail, WordsNlu()), {"zh-CN": chinese})
    assert await sure("cancel my order", "") == 0.9
    assert await sure("取消订单", "zh") == 0.9
    assert await sure("取消订单", "en") is None
    assert await sure("cancel my order", "de") is None


def test_a_language_that_lacks_a_model_is_left_out_and_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def lacks(variant: Assistant) -> None:
        raise ModelMissing("not in the cache: e5-small: run `offhook models pull e5-small`")

    retail = load_assistant(SHIPPED / "retail")
    assert list(available(retail).variants) == ["zh"]
    assert available(retail, lacks).variants == {}
    assert "zh is not spoken: not in the cache: e5-small: run `offhook" in caplog.text


@pytest.mark.slow
@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_espeaks_chinese_voice_says_chinese_figures() -> None:
    voice = load_tts(TtsOptions(engine="espeak", model="cmn"))
    frames = await speak(voice, "价格是49美元。")
    assert frames[-1].said == 1.0
    assert 1.0 < len(frames) * 0.02 < 4.0


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_who_speaks_chinese_on_the_phone_is_answered_in_chinese(tmp_path: Path) -> None:
    """The caller is eSpeak: a voice that Whisper tells the language of, and few of the words."""
    parts, recorded = load_parts(load_settings()), tmp_path / "caller.wav"

    async def call() -> CallRecord:
        voice = load_tts(TtsOptions(engine="espeak", model="cmn"))
        frames = await speak(voice, "你好，我想查一下我的订单到哪里了，谢谢。")
        pause = SILENCE * 150
        with WavWriter(recorded) as wav:
            wav.write(pause + b"".join(frame.pcm for frame in frames) + pause)
        return await replay(recorded, parts)

    record = anyio.run(call, backend="trio")
    greeting, reply = [turn for turn in record.turns if turn.speaker == "assistant"][:2]
    assert (greeting.language, reply.language) == ("en", "zh")
    assert reply.text.startswith("好的，我们说中文。")
    assert reply.trace[0].startswith("heard zh")
