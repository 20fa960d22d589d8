r"""The eSpeak NG program: a line of JSON in, a line of JSON out.

Runs as a process of its own, started by `voice/espeak.py`, and is never imported: eSpeak NG is
under the GPL-3 and stays a separate program. Needs the standard library alone.

    python espeak_worker.py LIBRARY DATA
    {"voice": "en-us", "text": "Hi, Ed."}  →  {"phonemes": "h\u02c8a\u026a, \u02c8\u025bd."}
    {"voice": "xx", "text": ""}  →  {"error": "eSpeak has no voice xx"}
"""

import ctypes
import json
import re
import sys
from collections.abc import Iterator

_RETRIEVAL = 1  # AUDIO_OUTPUT_RETRIEVAL: open no sound device
_DONT_EXIT = 0x8000  # espeakINITIALIZE_DONT_EXIT
_UTF8 = 1  # espeakCHARS_UTF8
_IPA = 2  # espeakPHONEMES_IPA
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
        if self._lib.espeak_Initialize(_RETRIEVAL, 0, data.encode(), _DONT_EXIT) < 0:
            raise OSError(f"eSpeak cannot read its data in {data}")
        self._voice = ""

    def phonemes(self, voice: str, text: str) -> str:
        """IPA of the text, each clause with the punctuation that ended it, a space between them."""
        if voice != self._voice:
            if self._lib.espeak_SetVoiceByName(voice.encode()) != 0:
                raise LookupError(f"eSpeak has no voice {voice}")
            self._voice = voice
        return " ".join(clause for clause in self._clauses(text) if clause)

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


def main() -> None:
    """Answer until the other end closes."""
    espeak = Espeak(*sys.argv[1:3])
    for line in sys.stdin.buffer:
        request = json.loads(line)
        try:
            answer = {"phonemes": espeak.phonemes(request["voice"], request["text"])}
        except LookupError as error:
            answer = {"error": str(error)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
