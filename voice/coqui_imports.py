"""What must be in place before Coqui TTS can be imported and used here.

`import TTS` insists that torchaudio and torchcodec can be found, though VITS inference calls
neither, and there is no CPU build of torchaudio for every torch. Where the real package cannot be
imported, an empty module with a `ModuleSpec` (which `find_spec` wants to see) stands in for it. And
Coqui's own eSpeak phonemizer starts a program for every piece between two punctuation marks; ours
replaces it.
"""

import importlib
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import metadata
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from models.inflection import inflection
from voice import EngineError
from voice.espeak import Espeak

_ESPEAK_NAMES = {
    "en": "en-us",
    "zh-cn": "cmn",
}  # Coqui's language codes that eSpeak calls otherwise


def prepare_coqui() -> None:
    """Make `import TTS` work, with our phonemizers `espeak` and `piper`. Repeats are free."""
    for package in ("torchaudio", "torchcodec"):
        _stand_in(package)
    inflection()  # else Coqui would import it, and wait for seconds
    try:
        with _packages_listed_once():
            from TTS.tts.utils.text import phonemizers
    except ImportError as error:
        reason = str(error).strip().splitlines()[0]
        raise EngineError(
            f"Coqui TTS cannot be imported ({reason}): run `pip install coqui-tts==0.28.0 six`"
        ) from None
    if "piper" not in phonemizers.PHONEMIZERS:
        phonemizers._register_phonemizers()  # else Coqui's would overwrite ours at first use
        phonemizers.PHONEMIZERS.update(_phonemizers())


@contextmanager
def _packages_listed_once() -> Iterator[None]:
    """Coqui asks twice for what each installed package brings, half a second's reading."""
    listed = metadata.packages_distributions
    metadata.packages_distributions = cache(listed)
    try:
        yield
    finally:
        metadata.packages_distributions = listed


def _stand_in(package: str) -> None:
    try:
        importlib.import_module(package)
    except (ImportError, OSError, RuntimeError):  # missing, or built against another torch
        module = ModuleType(package)
        module.__spec__ = ModuleSpec(package, loader=None)
        sys.modules[package] = module


def _phonemizers() -> dict[str, Any]:
    from TTS.tts.utils.text.phonemizers.base import BasePhonemizer

    class EspeakPhonemizer(BasePhonemizer):  # type: ignore[misc]  # Coqui has no types
        """eSpeak as Coqui's voices know it: IPA, with the punctuation . , : ; ? ! kept."""

        def __init__(self, language: str) -> None:
            self._espeak = Espeak()
            super().__init__(language, keep_puncs=True)

        def phonemize(self, text: str, separator: str = "", language: str | None = None) -> str:
            return self._phonemize(text, separator)

        def _phonemize(self, text: str, separator: str) -> str:
            language = str(self._language)
            return self._espeak.phonemes(_ESPEAK_NAMES.get(language, language), text)

        def is_supported_language(self, language: str) -> bool:
            return True

        @staticmethod
        def name() -> str:
            return "espeak"

        @classmethod
        def is_available(cls) -> bool:
            return True

        @staticmethod
        def supported_languages() -> dict[str, str]:
            return {}

        def version(self) -> str:
            return ""

    class PiperPhonemizer(EspeakPhonemizer):
        """eSpeak as Piper's voices know it: letters with diacritics taken apart."""

        def _phonemize(self, text: str, separator: str) -> str:
            return unicodedata.normalize("NFD", super()._phonemize(text, separator))

        @staticmethod
        def name() -> str:
            return "piper"

    return {"espeak": EspeakPhonemizer, "piper": PiperPhonemizer}
