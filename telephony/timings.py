"""How long a turn took; one type for logs, records and benchmarks."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TurnTimings:
    """How long the parts of a turn took, in milliseconds; None where a part had nothing to do.

    `hangover` is media time from the caller's last loud sound to where the voice has fallen, and
    `endpoint` from there to the decision that the turn is over; `line` is what the line takes, both
    ways together; the others are wall time. The ASR works while the pause is waited out, so
    `voice_to_voice`, from the caller's last sound to the assistant's first at their ear, holds only
    `asr_overrun`, what of it went beyond that. It is the sum of all but `asr`.
    """

    endpoint: float | None = None
    asr: float | None = None
    nlu: float | None = None
    dialogue: float | None = None
    tts_first_audio: float | None = None
    voice_to_voice: float | None = None
    asr_overrun: float | None = None
    hangover: float | None = None
    line: float | None = None

    @classmethod
    def from_seconds(cls, *seconds: float | None) -> "TurnTimings":
        """Build from seconds in the order of the fields."""
        return cls(*(None if each is None else round(each * 1000, 1) for each in seconds))
