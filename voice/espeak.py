"""Phonemes and speech from eSpeak NG, kept at arm's length in a process of its own (it is GPL-3).

The library and its data come with the wheel `espeakng-loader`; nothing of it is loaded here.
"""

import json
import os
import select
import subprocess
import sys
import threading
import weakref
from base64 import b64decode
from pathlib import Path

from voice import EngineError

_WORKER = Path(__file__).with_name("espeak_worker.py")
SPEECH_HZ = 22_050
WORDS_PER_MINUTE = 170  # eSpeak's usual 175 is quick for a telephone
_ANSWER_SECONDS = 5.0  # a sentence takes under a millisecond; a silent worker is a hung one


class Espeak:
    """A worker process that lives as long as this object and is started anew when it dies.

    Safe to use from several threads: one asks at a time.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._start()

    def phonemes(self, voice: str, text: str) -> str:
        """The text in IPA; every clause keeps the punctuation that ended it.

        `voice` is eSpeak's name of a language: en-us, de, cmn. Raises EngineError for one it does
        not have, and when the worker fails twice on the same text.
        """
        return str(self._answer({"voice": voice, "text": text})["phonemes"])

    def speech(self, voice: str, text: str, speed: float = 1.0) -> bytes:
        """Speak the text: 16-bit mono PCM at `SPEECH_HZ`; raises as `phonemes` does."""
        rate = round(WORDS_PER_MINUTE * speed)
        asked: dict[str, str | int] = {"voice": voice, "text": text, "words_per_minute": rate}
        return b64decode(self._answer(asked)["speech"])

    def close(self) -> None:
        """End the worker; it also ends with this object and with the program."""
        self._end()

    def _answer(self, asked: dict[str, str | int]) -> dict[str, str]:
        request, text = json.dumps(asked).encode() + b"\n", asked["text"]
        with self._lock:
            answer = self._ask(request)
            if not answer:
                self.close()
                self._start()
                answer = self._ask(request)
        if not answer:
            raise EngineError(f"eSpeak died twice on {text!r}: reinstall espeakng-loader")
        reply: dict[str, str] = json.loads(answer)
        if "error" in reply:
            raise EngineError(f"{reply['error']}: see `espeak-ng --voices` for the names")
        return reply

    def _start(self) -> None:
        library, data = _library()
        self._worker = subprocess.Popen(  # noqa: S603 - our own script, by our own interpreter
            [sys.executable, "-I", "-S", str(_WORKER), library, data],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
        )
        self._end = weakref.finalize(self, _end, self._worker)

    def _ask(self, request: bytes) -> bytes:
        """The answer's line, or nothing when the worker is dead or hung."""
        assert self._worker.stdin is not None  # noqa: S101 - PIPE above, for the type checker
        assert self._worker.stdout is not None  # noqa: S101 - likewise
        try:
            self._worker.stdin.write(request)
        except (BrokenPipeError, ValueError):  # died, or was closed
            return b""
        pipe = self._worker.stdout.fileno()
        answer = b""
        while not answer.endswith(b"\n"):
            ready, _, _ = select.select([pipe], [], [], _ANSWER_SECONDS)
            piece = os.read(pipe, 1 << 16) if ready else b""
            if not piece:
                return b""
            answer += piece
        return answer


def _library() -> tuple[str, str]:
    try:
        import espeakng_loader
    except ImportError:
        raise EngineError("eSpeak is missing: run `pip install espeakng-loader`") from None
    return espeakng_loader.get_library_path(), espeakng_loader.get_data_path()


def _end(worker: "subprocess.Popen[bytes]") -> None:
    worker.kill()
    worker.wait()
    for pipe in (worker.stdin, worker.stdout):
        if pipe is not None:
            pipe.close()
