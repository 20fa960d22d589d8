"""The echo guard: what comes back of the assistant's own voice is not the caller's.

A speakerphone sends the assistant's voice back, 0.1 to 0.6 s later and changed by the room. An
adaptive filter learns that path from what was played and takes its estimate of the echo out of what
is heard; what it leaves is let through when it is more than the echo that may still be in it.

The filter is a partitioned-block Kalman filter in the frequency domain (Enzner and Vary, Signal
Processing 86, 2006; Kuech et al., ICASSP 2014). It keeps for every part of the path how far its own
estimate may be off, and so answers both questions itself: how fast to learn (the caller speaking
does not spoil it) and how much echo may be left (all of a loud echo before anything was learnt,
hardly any later). `tests/bench/echo.py` measures it. In such calls the cancellers of WebRTC (AEC3,
in livekit 1.2.1) and Speex (pyaec 1.0.1) let the assistant interrupt itself: WebRTC's in one first
sentence of eight and with every echo later than 0.5 s, Speex's in every first sentence.
"""

import numpy as np
import numpy.typing as npt

from voice.audio import FRAME_SAMPLES, FRAME_SECONDS, SILENCE, Frame, GuardedFrame

LONGEST_ECHO_SECONDS = 0.8  # the way there and back, and the room's own

_PARTS = round(LONGEST_ECHO_SECONDS / FRAME_SECONDS)
_BINS = FRAME_SAMPLES // 2 + 1  # of a telephone's sound: up to 4 of the 8 kHz
_BLOCK = 2 * FRAME_SAMPLES

_FORGETTING = 0.9995  # a frame: phones are moved, and the way through the network changes
_LIKELY_PATH = 0.15  # the power that comes back of what is played, before anything is known: -8 dB
_HANDSET_PATH = 0.01  # … on a handset: -20 dB
_CAUTION = 4.0  # the power that may come back, next to what has
_LOUDEST_PATH = 0.25  # … that must not pass for the caller, of the loudest frame played: -6 dB
_LINEAR_MARGIN = 0.3  # of the estimated echo: codecs and loudspeakers are not quite linear
_MARGIN = 3.0  # what is left must have more power than the echo in doubt, by this factor
_CERTAINTY = 0.8  # of what a frame can tell about the path, how much is taken for true
_SMOOTHING = 0.7  # a frame, of the power of what the caller says
_LEAST_DOUBT = 2e-9  # power that a part of the path is off at least, for each frame
_PASSING_FRAMES = 40  # let through though they could be echo: the path may have changed
_PASSING_FORGOTTEN = 0.99  # a frame
_NEW_DOUBT = 1e-4  # power that a part of the path is off more, for each frame from then on
_CAUSAL_PARTS = 5  # of the path, a frame
_TAIL_FRAMES = 2  # let through after the last that was loud enough
_NOTHING = 1e-9  # power below any sound's

Complex = npt.NDArray[np.complex128]
Floats = npt.NDArray[np.float64]


class EchoGuard:
    """One call's. Feed it every frame: it depends on nothing else. A frame takes 0.25 ms."""

    def __init__(self) -> None:
        self._likely = _LIKELY_PATH  # of this call
        self._forget()
        self._played: Complex = np.zeros((_PARTS, _BINS), complex)  # spectra, the latest first
        self._before: Floats = np.zeros(FRAME_SAMPLES)  # the frame played before
        self._near: Floats = np.full(_BINS, 1e-6)  # power of what is heard and is no echo
        self._quiet = _PARTS + 1  # frames since something was played
        self._turn = 0  # of the groups of parts that are kept causal
        self._tail = 0
        self._gain = 1.0
        self._anew = False  # nothing played since the path was learnt

    def clean(self, heard: Frame, playing: bytes | None, made_up: bool = False) -> Frame:
        """Return the caller's part of what is heard, a `GuardedFrame` while there may be an echo.

        `playing` is 20 ms of 16 kHz sound: what came out at the caller's ear meanwhile, or a little
        earlier than it did, never later, or None where nothing plays. Its echo may come up to 0.6 s
        after. When nothing was played for longer than the longest echo the frame passes as it is.

        A frame `made_up` for a missing packet tells nothing of the path, nor of the caller.

        From one playback to the next the estimate of when it is heard may move by some ms, and with
        it the path: what was learnt of one is forgotten with the next.
        """
        if playing is None:
            self._anew, playing = True, SILENCE
        elif self._anew:
            self._remember()
            self._forget()
        self._quiet = 0 if playing != SILENCE else self._quiet + 1
        if self._quiet > _PARTS:
            self._gain = 1.0
            return heard
        self._play(np.frombuffer(playing, "<i2") / 32768)
        power = np.square(self._played.real) + np.square(self._played.imag)
        echo = (self._path * self._played).sum(axis=0)
        left = heard.samples / 32768 - np.fft.irfft(echo, _BLOCK)[FRAME_SAMPLES:]
        spectrum = np.fft.rfft(np.concatenate([np.zeros(FRAME_SAMPLES), left]))[:_BINS]
        possible = _LINEAR_MARGIN * _power(echo) + self._possible(power)
        gains = self._fade(0.0 if made_up else 2 * _power(spectrum), possible)
        if not made_up:
            self._learn(spectrum, power)
            self._doubt_what_passes(2 * _power(spectrum), power)
        return GuardedFrame(_int16(left), heard.at, Frame(_int16(left * gains), heard.at))

    def _remember(self) -> None:
        """Note whether this is a handset: nothing of a whole playback has come back."""
        doubt = float(self._doubt.sum(axis=0).mean())
        power = float(np.square(np.abs(self._path)).sum(axis=0).mean())
        handset = doubt + _CAUTION * power < _HANDSET_PATH
        self._likely = _HANDSET_PATH if handset else _LIKELY_PATH

    def _forget(self) -> None:
        self._path: Complex = np.zeros((_PARTS, _BINS), complex)
        self._doubt: Floats = np.full((_PARTS, _BINS), self._likely / _PARTS)  # of `_path`, power
        self._passed = 0.0
        self._anew = False

    def _play(self, sound: Floats) -> None:
        self._played = np.roll(self._played, 1, axis=0)
        self._played[0] = np.fft.rfft(np.concatenate([self._before, sound]))[:_BINS]
        self._before = sound

    def _possible(self, power: Floats) -> float:
        """Power of the echo that may be left: what is in doubt, or all where little is known."""
        doubted = float((self._doubt * power).sum())
        unknown = doubted / (float(power.sum()) * _LIKELY_PATH / _PARTS + _NOTHING)
        loudest = float(power.sum(axis=1).max())
        return _MARGIN * doubted + _LOUDEST_PATH * min(1.0, unknown) * loudest

    def _learn(self, left: Complex, power: Floats) -> None:
        """Move the path by what the estimate left, the more the less certain and the less said."""
        self._near *= _SMOOTHING
        self._near += (1 - _SMOOTHING) * 2 * (np.square(left.real) + np.square(left.imag))
        doubted = (self._doubt * power).sum(axis=0)
        step = self._doubt / (doubted + self._near + _NOTHING)
        self._path = _FORGETTING * (self._path + step * self._played.conj() * left)
        self._keep_causal()
        self._doubt *= _FORGETTING**2 * (1 - _CERTAINTY * step * power)
        self._doubt += (1 - _FORGETTING**2) * np.square(np.abs(self._path)) + _LEAST_DOUBT

    def _doubt_what_passes(self, left: float, power: Floats) -> None:
        """Learn anew when too much passes that could be echo: a phone was put on the table.

        A caller who speaks over the assistant soon silences it.
        """
        echo = _LOUDEST_PATH * float(power.sum(axis=1).max())
        self._passed *= _PASSING_FORGOTTEN
        self._passed += self._gain * min(1.0, echo / (left + _NOTHING))
        if self._passed > _PASSING_FRAMES:
            self._doubt += _NEW_DOUBT

    def _keep_causal(self) -> None:
        """Cut what wraps around a block out of some parts: in turns, for it is what costs most."""
        parts = slice(self._turn * _CAUSAL_PARTS, (self._turn + 1) * _CAUSAL_PARTS)
        response = np.fft.irfft(self._path[parts], _BLOCK)
        response[:, FRAME_SAMPLES:] = 0
        self._path[parts] = np.fft.rfft(response)[:, :_BINS]
        self._turn = (self._turn + 1) % (_PARTS // _CAUSAL_PARTS)

    def _fade(self, left: float, possible: float) -> Floats:
        """From the last frame's gain to this one's: 0 for what may be echo, 1 for the caller."""
        gain = min(1.0, max(0.0, left / (possible + _NOTHING) - 1))
        if gain == 1.0:
            self._tail = _TAIL_FRAMES
        elif self._tail:
            self._tail, gain = self._tail - 1, 1.0
        before, self._gain = self._gain, gain
        return np.linspace(before, gain, FRAME_SAMPLES)


def _power(spectrum: Complex) -> float:
    return float(np.vdot(spectrum, spectrum).real)


def _int16(sound: Floats) -> bytes:
    return np.clip(np.rint(sound * 32768), -32768, 32767).astype("<i2").tobytes()
