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

from collections import deque

import numpy as np
import numpy.typing as npt

from voice.audio import FRAME_SAMPLES, FRAME_SECONDS, SILENCE, Float32, Frame, GuardedFrame

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

_FROM_INT16 = np.float32(1 / 32768)
_FADING = np.linspace(0, 1, FRAME_SAMPLES, dtype=np.float32)

Complex = npt.NDArray[np.complex64]


class EchoGuard:
    """One call's. Feed it every frame: it depends on nothing else. A frame takes 0.25 ms."""

    def __init__(self) -> None:
        self._likely = _LIKELY_PATH  # of this call
        self._forget()
        self._played = _Played()
        self._left: Float32 = np.zeros(_BLOCK, np.float32)  # of this frame, after a silent one
        self._near: Float32 = np.full(_BINS, 1e-6, np.float32)  # power of what is no echo
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
        self._played.add(playing)
        echo = (self._path * self._played.spectra).sum(axis=0)
        left = self._left[FRAME_SAMPLES:]
        np.multiply(heard.samples, _FROM_INT16, out=left)
        left -= np.fft.irfft(echo, _BLOCK)[FRAME_SAMPLES:]
        spectrum = _spectrum(self._left)
        loudness, doubted = 2 * _power(spectrum), self._doubt * self._played.power
        in_doubt: Float32 = doubted.sum(axis=0)
        possible = _LINEAR_MARGIN * _power(echo) + self._possible(float(in_doubt.sum()))
        before, self._gain = self._gain, self._next_gain(0.0 if made_up else loudness, possible)
        if not made_up:
            self._learn(spectrum, doubted, in_doubt)
            self._doubt_what_passes(loudness)
        cleaned = _int16(left)
        return GuardedFrame(cleaned, heard.at, Frame(self._muted(cleaned, before), heard.at))

    def _remember(self) -> None:
        """Note whether this is a handset: nothing of a whole playback has come back."""
        doubt = float(self._doubt.sum(axis=0).mean())
        power = float(np.square(np.abs(self._path)).sum(axis=0).mean())
        handset = doubt + _CAUTION * power < _HANDSET_PATH
        self._likely = _HANDSET_PATH if handset else _LIKELY_PATH

    def _forget(self) -> None:
        self._path: Complex = np.zeros((_PARTS, _BINS), np.complex64)
        likely = self._likely / _PARTS
        self._doubt: Float32 = np.full((_PARTS, _BINS), likely, np.float32)  # of `_path`, power
        self._passed = 0.0
        self._anew = False

    def _possible(self, doubted: float) -> float:
        """Power of the echo that may be left: what is in doubt, or all where little is known."""
        unknown = doubted / (self._played.loudness * _LIKELY_PATH / _PARTS + _NOTHING)
        loudest = _LOUDEST_PATH * self._played.loudest
        return _MARGIN * doubted + loudest * min(1.0, unknown)

    def _learn(self, left: Complex, doubted: Float32, in_doubt: Float32) -> None:
        """Move the path by what the estimate left, the more the less certain and the less said.

        `doubted` is the power of the echo in doubt, of each part and bin; `in_doubt` of each bin.
        """
        self._near *= _SMOOTHING
        self._near += (1 - _SMOOTHING) * 2 * _powers(left)
        certain = 1 / (in_doubt + self._near + _NOTHING)
        change = self._played.spectra.conj()
        change *= left * certain
        change *= self._doubt
        self._path += change
        self._path *= _FORGETTING
        self._keep_causal()
        doubted *= -_CERTAINTY * certain
        doubted += 1
        doubted *= _FORGETTING**2
        self._doubt *= doubted
        self._doubt += (1 - _FORGETTING**2) * _powers(self._path) + _LEAST_DOUBT

    def _doubt_what_passes(self, left: float) -> None:
        """Learn anew when too much passes that could be echo: a phone was put on the table.

        A caller who speaks over the assistant soon silences it.
        """
        echo = _LOUDEST_PATH * self._played.loudest
        self._passed *= _PASSING_FORGOTTEN
        self._passed += self._gain * min(1.0, echo / (left + _NOTHING))
        if self._passed > _PASSING_FRAMES:
            self._doubt += _NEW_DOUBT

    def _keep_causal(self) -> None:
        """Cut what wraps around a block out of some parts: in turns, for it is what costs most."""
        parts = slice(self._turn * _CAUSAL_PARTS, (self._turn + 1) * _CAUSAL_PARTS)
        response = np.fft.irfft(self._path[parts], _BLOCK)
        response[:, FRAME_SAMPLES:] = 0
        self._path[parts] = _spectrum(response)
        self._turn = (self._turn + 1) % (_PARTS // _CAUSAL_PARTS)

    def _next_gain(self, left: float, possible: float) -> float:
        """0 for what may be echo, 1 for the caller."""
        gain = min(1.0, max(0.0, left / (possible + _NOTHING) - 1))
        if gain == 1.0:
            self._tail = _TAIL_FRAMES
        elif self._tail:
            self._tail, gain = self._tail - 1, 1.0
        return gain

    def _muted(self, cleaned: bytes, before: float) -> bytes:
        """Fade the frame from the last one's gain to this one's."""
        if before == self._gain == 1.0:
            return cleaned
        if before == self._gain == 0.0:
            return SILENCE
        return _int16(self._left[FRAME_SAMPLES:] * (before + (self._gain - before) * _FADING))


class _Played:
    """The spectra of what was played last, one frame a row and the latest first."""

    def __init__(self) -> None:
        self._spectra: Complex = np.zeros((2 * _PARTS, _BINS), np.complex64)
        self._power: Float32 = np.zeros((2 * _PARTS, _BINS), np.float32)
        self._latest = _PARTS  # its row: they wander through the array, which is cheap
        self._block: Float32 = np.zeros(_BLOCK, np.float32)
        self._loudness = deque([0.0] * _PARTS, maxlen=_PARTS)

    def add(self, pcm: bytes) -> None:
        """Take the next frame."""
        if self._latest == 0:
            for rows in (self._spectra, self._power):
                rows[_PARTS + 1 :] = rows[: _PARTS - 1]
            self._latest = _PARTS + 1
        self._latest -= 1
        self._block[:FRAME_SAMPLES] = self._block[FRAME_SAMPLES:]
        np.multiply(np.frombuffer(pcm, "<i2"), _FROM_INT16, out=self._block[FRAME_SAMPLES:])
        spectrum = self._spectra[self._latest] = _spectrum(self._block)
        self._power[self._latest] = power = _powers(spectrum)
        self._loudness.append(float(power.sum()))

    @property
    def spectra(self) -> Complex:
        """Of shape (parts, bins)."""
        return self._spectra[self._latest : self._latest + _PARTS]

    @property
    def power(self) -> Float32:
        """Of the same shape."""
        return self._power[self._latest : self._latest + _PARTS]

    @property
    def loudness(self) -> float:
        """Power of them all."""
        return sum(self._loudness)

    @property
    def loudest(self) -> float:
        """Power of the loudest frame."""
        return max(self._loudness)


def _spectrum(blocks: npt.NDArray[np.floating]) -> Complex:
    spectrum = np.fft.rfft(blocks)[..., :_BINS]
    return spectrum.astype(np.complex64, copy=False)  # it is: numpy's types do not know


def _powers(spectrum: Complex) -> Float32:
    power: Float32 = np.square(spectrum.real) + np.square(spectrum.imag)
    return power


def _power(spectrum: Complex) -> float:
    return float(np.vdot(spectrum, spectrum).real)


def _int16(sound: Float32) -> bytes:
    return np.clip(np.rint(sound * 32768), -32768, 32767).astype("<i2").tobytes()
