"""A recording answered as if it were a call."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from telephony.call import Call, run_call
from telephony.parts import Parts
from telephony.record import CallRecord, Record, TurnRecord
from telephony.wav import Tape, WavLine, WavOptions, no_tape
from voice.audio import Frame
from voice.wav import MAX_SECONDS, WavWriter, open_recording


@dataclass(frozen=True, slots=True)
class ReplayOptions:
    """How a recording is replayed."""

    channel: str | None = None  # of a stereo call the caller's: left, right, mix or a number
    line: WavOptions = field(default_factory=WavOptions)
    sound: Path | None = None  # write the call here: stereo WAV, caller left, assistant right
    max_seconds: float = MAX_SECONDS  # longer recordings are refused


async def replay(
    path: Path,
    parts: Parts,
    options: ReplayOptions | None = None,
    on_turn: Callable[[TurnRecord], None] = lambda turn: None,
) -> CallRecord:
    """Answer the caller in this recording. Runs under trio, unless in real time.

    `on_turn` sees each turn as it happens. Raises AudioFileError for a file that is not a call.
    """
    options = options or ReplayOptions()
    recording = open_recording(path, options.channel, options.max_seconds)
    record = Record(on_turn)
    with ExitStack() as stack:
        tape: Tape = no_tape
        if options.sound is not None:
            tape = stack.enter_context(WavWriter(options.sound, channels=2)).write
        ears = parts.ears()
        line = WavLine(recording.frames(), _speech_detector(parts), options.line, tape)
        await run_call(Call(line, ears, parts.agent(), parts.tts, record, voices=parts.voices))
    return CallRecord(
        call=path.name,
        assistant=parts.assistant,
        line="wav",
        seconds=record.seconds,
        outcome=record.outcome,
        turns=tuple(record.turns),
        models=parts.models,
        foresight=record.foresight,
    )


def _speech_detector(parts: Parts) -> Callable[[Frame], bool]:
    vad, threshold = parts.vad(), parts.turns.speech_probability
    return lambda frame: vad.probability(frame) >= threshold
