"""The sound card, through PortAudio (sounddevice): devices, rates and errors. No logic of calls."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np

from telephony import LineError
from voice.audio import FRAME_SECONDS, SAMPLE_RATE_HZ, Int16

LATENCY_SECONDS = 0.05  # our callbacks share the interpreter with the engines: less would crackle
NO_PORTAUDIO = (
    "no PortAudio library for the microphone and loudspeaker: install it"
    " (Debian, Ubuntu: `sudo apt install libportaudio2`; macOS: `brew install portaudio`),"
    " or try `offhook replay FILE`, which needs none"
)

Direction = Literal["input", "output"]
Take = Callable[[Int16], None]
"""Gets what the microphone heard, mono, any length. Called on the card's own thread."""

Give = Callable[[int], Int16]
"""Returns this many mono samples for the loudspeaker. Called on the card's own thread."""

Lost = Callable[[], object]
"""Told that the stream ended: the device is gone, or `close` was called. On the card's thread."""


class SoundStream(Protocol):
    """One direction of a sound card."""

    rate_hz: int
    latency_seconds: float  # between a callback and the air

    def start(self) -> None:
        """Begin to call back."""
        ...

    def close(self) -> None:
        """Call back no more, and drop what is under way."""
        ...


class SoundCard(Protocol):
    """Where a person at this machine speaks and hears."""

    def microphone(self, take: Take, lost: Lost) -> SoundStream:
        """Open the microphone."""
        ...

    def loudspeaker(self, give: Give, lost: Lost) -> SoundStream:
        """Open the loudspeaker."""
        ...


@dataclass(frozen=True, slots=True)
class Device:
    """A device of this machine, as PortAudio names it."""

    number: int
    name: str
    inputs: int  # channels
    outputs: int  # channels
    rate_hz: int  # its own
    default: bool  # the machine's choice for one of its directions


class PortAudio:
    """The sound card of this machine.

    A device is given by its number or a part of its name; None leaves the choice to the machine.
    Without PortAudio, or without the device, LineError says how to get it.
    """

    def __init__(self, microphone: str | None = None, loudspeaker: str | None = None) -> None:
        self._portaudio = _portaudio()
        self._chosen: dict[Direction, str | None] = {"input": microphone, "output": loudspeaker}

    def devices(self) -> list[Device]:
        """Return every device there is."""
        defaults = set(self._portaudio.default.device)
        return [
            Device(
                number=number,
                name=found["name"],
                inputs=found["max_input_channels"],
                outputs=found["max_output_channels"],
                rate_hz=round(found["default_samplerate"]),
                default=number in defaults,
            )
            for number, found in enumerate(self._portaudio.query_devices())
        ]

    def check(self) -> None:
        """Raise what opening would raise."""
        self.microphone(lambda block: None, lambda: None).close()
        self.loudspeaker(lambda samples: np.zeros(samples, np.int16), lambda: None).close()

    def microphone(self, take: Take, lost: Lost) -> SoundStream:
        """Open the microphone; of several channels the first is taken."""

        def heard(block: Int16, samples: int, time: object, status: object) -> None:
            take(block[:, 0].copy())  # PortAudio uses the block again

        return self._open("input", self._portaudio.InputStream, heard, lost)

    def loudspeaker(self, give: Give, lost: Lost) -> SoundStream:
        """Open the loudspeaker; every channel gets the same."""

        def wanted(block: Int16, samples: int, time: object, status: object) -> None:
            block[:] = give(samples)[:, None]

        return self._open("output", self._portaudio.OutputStream, wanted, lost)

    def _open(
        self, direction: Direction, stream: Any, callback: Callable[..., None], lost: Lost
    ) -> SoundStream:
        """Open with the first rate and number of channels that the device takes, best first."""
        chosen = self._chosen[direction]
        device = int(chosen) if chosen is not None and chosen.isdecimal() else chosen
        refusals = (ValueError, self._portaudio.PortAudioError)
        try:
            own_hz = round(self._portaudio.query_devices(device, direction)["default_samplerate"])
        except refusals as error:
            raise _no_device(direction, chosen, error) from error
        formats = [(rate, channels) for channels in (1, 2) for rate in (SAMPLE_RATE_HZ, own_hz)]
        for rate, channels in formats:
            try:
                opened = stream(
                    samplerate=rate,
                    channels=channels,
                    device=device,
                    dtype="int16",
                    blocksize=round(rate * FRAME_SECONDS),
                    latency=LATENCY_SECONDS,
                    callback=callback,
                    finished_callback=lost,
                )
            except refusals as error:
                refusal = error
                continue
            return _PortAudioStream(opened, direction)
        raise _no_device(direction, chosen, refusal) from refusal


class _PortAudioStream:
    """A `SoundStream`."""

    def __init__(self, stream: Any, direction: Direction) -> None:
        self._stream = stream
        self._direction = direction
        self.rate_hz = round(stream.samplerate)
        self.latency_seconds: float = stream.latency

    def start(self) -> None:
        try:
            self._stream.start()
        except Exception as error:  # PortAudioError; its module was imported by our maker alone
            raise _no_device(self._direction, None, error) from error

    def close(self) -> None:
        self._stream.close()


def _portaudio() -> Any:
    try:
        import sounddevice
    except OSError as error:
        raise LineError(NO_PORTAUDIO) from error
    return sounddevice


def _no_device(direction: Direction, chosen: str | None, error: Exception) -> LineError:
    what = "microphone" if direction == "input" else "loudspeaker"
    name = what if chosen is None else f"{what} {chosen!r}"
    return LineError(
        f"no usable {name} ({error.args[0]}): connect one, or name another with --{direction}"
        " (`offhook mic --list` shows them)"
    )
