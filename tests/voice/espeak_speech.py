"""Speak with eSpeak NG, in a process of its own (it is GPL-3).

`python espeak_speech.py VOICE TEXT` writes 16-bit mono PCM at 22 050 Hz to standard output.
"""

import ctypes
import sys

import espeakng_loader

SYNCHRONOUS, UTF8 = 2, 1
RATE_HZ = 22_050


def main() -> None:
    voice, text = sys.argv[1:]
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    rate = library.espeak_Initialize(SYNCHRONOUS, 0, espeakng_loader.get_data_path().encode(), 0)
    assert rate == RATE_HZ, rate

    callback = ctypes.CFUNCTYPE(
        ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
    )

    def heard(samples: "ctypes._Pointer[ctypes.c_short]", count: int, _events: int) -> int:
        if samples and count:
            sys.stdout.buffer.write(ctypes.string_at(samples, 2 * count))
        return 0

    kept = callback(heard)  # as long as the library may call it
    library.espeak_SetSynthCallback(kept)
    assert library.espeak_SetVoiceByName(voice.encode()) == 0, voice
    said = text.encode()
    library.espeak_Synth(said, len(said) + 1, 0, 0, 0, UTF8, None, None)
    library.espeak_Synchronize()


if __name__ == "__main__":
    main()
