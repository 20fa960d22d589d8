r"""The eSpeak NG program: a line of JSON in, a line of JSON out.

Runs as a process of its own, started by `voice/espeak.py`, and is never imported: eSpeak NG is
under the GPL-3 and stays a separate program. Needs the standard library alone.

    python espeak_worker.py LIBRARY DATA
    {"voice": "en-us", "text": "Hi, Ed."}  →  {"phonemes": "h\u02c8a\u026a, \u02c8\u025bd."}
    {"voice": "cmn", "text": "你好。", "words_per_minute": 170}  →  {"speech": BASE64 of 16-bit PCM}
    {"voice": "xx", "text": ""}  →  {"error": "eSpeak has no voice xx"}
"""

import ctypes
import json
import os
import re
import sys
from base64 import b64encode
from collections.abc import Iterator

_SYNCHRONOUS = 2  # AUDIO_OUTPUT_SYNCHRONOUS: no sound device, and no thread, which no fork survives
_DONT_EXIT = 0x8000  # espeakINITIALIZE_DONT_EXIT
_UTF8 = 1  # espeakCHARS_UTF8
_RATE = 1  # espeakRATE
_IPA = 2  # espeakPHONEMES_IPA
_HEARD = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
)
_TERMINATOR = re.compile(r"""([.,:;?!])[.,:;?!\s"'”\u2019)\]}»]*\Z""")
_LANGUAGE_SWITCH = re.compile(r"\([^)]+\)")


class Espeak:
    """The library, and the voice it last spoke with."""

    def __init__(self, library: str, data: str) -> None:
        self._lib = ctypes.CDLL(library)
        self._lib.espeak_TextToPhonemes.restype = ctypes.c_char_p
        self._lib.espeak_TextToPhonemes.argtypes = [
            ctypes.POINTER(ctypes.c_void_p),
            ctypes.c_int,
            ctypes.c_int,
        ]
        if self._lib.espeak_Initialize(_SYNCHRONOUS, 0, data.encode(), _DONT_EXIT) < 0:
            raise OSError(f"eSpeak cannot read its data in {data}")
        self._voice = ""

        self._spoken: list[bytes] = []
        self._heard = _HEARD(self._keep)  # as long as the library may call it
        self._lib.espeak_SetSynthCallback(self._heard)

    def phonemes(self, voice: str, text: str) -> str:
        """IPA of the text, each clause with the punctuation that ended it, a space between them."""
        self._choose(voice)
        return " ".join(clause for clause in self._clauses(text) if clause)

    def speech(self, voice: str, text: str, words_per_minute: int) -> bytes:
        """16-bit mono PCM of the text, at 22 050 Hz.

        A child of its own speaks: the library sounds otherwise each time, but the first time the
        same.
        """
        self._choose(voice)
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            with os.fdopen(writing, "wb") as out:
                out.write(self._speech(text, words_per_minute))
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading, "rb") as spoken:
            pcm = spoken.read()
        os.waitpid(child, 0)
        return pcm

    def _speech(self, text: str, words_per_minute: int) -> bytes:
        utf8 = text.replace("\0", " ").encode(errors="replace")
        self._lib.espeak_SetParameter(_RATE, words_per_minute, 0)
        self._lib.espeak_Synth(utf8, len(utf8) + 1, 0, 0, 0, _UTF8, None, None)
        self._lib.espeak_Synchronize()
        return b"".join(self._spoken)

    def _keep(self, samples: "ctypes._Pointer[ctypes.c_short]", count: int, _events: int) -> int:
        if samples and count:
            self._spoken.append(ctypes.string_at(samples, 2 * count))
        return 0

    def _choose(self, voice: str) -> None:
        if voice != self._voice:
            if self._lib.espeak_SetVoiceByName(voice.encode()) != 0:
                raise LookupError(f"eSpeak has no voice {voice}")
            self._voice = voice

    def _clauses(self, text: str) -> Iterator[str]:
        utf8 = text.replace("\0", " ").encode(errors="replace")
        buffer = ctypes.create_string_buffer(utf8)
        start = ctypes.addressof(buffer)
        position = ctypes.c_void_p(start)
        done = 0
        while position.value is not None:
            ipa = self._lib.espeak_TextToPhonemes(ctypes.byref(position), _UTF8, _IPA) or b""
            end = len(utf8) if position.value is None else position.value - start
            read = utf8[done:end].decode(errors="replace")
            if position.value is not None:
                read = read[:-1]  # it has looked one letter ahead
            mark = _TERMINATOR.search(read)
            done = end
            yield _LANGUAGE_SWITCH.sub("", ipa.decode()) + (mark[1] if mark else "")


def _answer(espeak: Espeak, voice: str, text: str, words_per_minute: int = 0) -> dict[str, str]:
    if words_per_minute:
        return {"speech": b64encode(espeak.speech(voice, text, words_per_minute)).decode()}
    return {"phonemes": espeak.phonemes(voice, text)}


def main() -> None:
    """Answer until the other end closes."""
    espeak = Espeak(*sys.argv[1:3])
    for line in sys.stdin.buffer:
        request = json.loads(line)
        try:
            answer = _answer(espeak, **request)
        except LookupError as error:
            answer = {"error": str(error)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
