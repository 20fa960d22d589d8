"""Words to Whisper's tokens and back."""

import json
from collections.abc import Sequence
from copy import copy
from functools import cached_property
from pathlib import Path

import numpy as np
import tokenizers
from faster_whisper.tokenizer import Tokenizer
from numpy.typing import NDArray

Ints = NDArray[np.int64]

TEXT_CONTEXT = 448  # tokens, of which the prompt may take half
_MOST_PROMPT_TOKENS = TEXT_CONTEXT // 2 - 1


class WhisperText:
    """A CTranslate2 model's tokens, when it writes one language."""

    def __init__(self, folder: Path, language: str, *, multilingual: bool) -> None:
        """Raise ValueError for a language that Whisper does not know."""
        self._folder = folder
        self._words = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._multilingual = multilingual
        self._tokenizer = self._writing(language)

    def writing(self, language: str) -> "WhisperText":
        """Return the same for another language."""
        other = copy(self)
        other._tokenizer = self._writing(language)
        return other

    def _writing(self, language: str) -> Tokenizer:
        return Tokenizer(self._words, self._multilingual, task="transcribe", language=language)

    def start(self, prompt: str) -> list[int]:
        """What the model goes on from; `prompt` is what was said before."""
        start = [*self.begin, self._tokenizer.no_timestamps]
        if not prompt:
            return start
        return [self._tokenizer.sot_prev, *self.write(prompt)[-_MOST_PROMPT_TOKENS:], *start]

    def write(self, sentence: str) -> list[int]:
        """Number a sentence."""
        tokens: list[int] = self._tokenizer.encode(f" {sentence.strip()}")
        return tokens

    def read(self, tokens: Sequence[int]) -> str:
        """Read what the model wrote."""
        text: str = self._tokenizer.decode(list(tokens))
        return text.strip()

    @property
    def begin(self) -> list[int]:
        """The tokens that say which language, and that it is to be written down."""
        return [*self._tokenizer.sot_sequence]

    @property
    def end(self) -> int:
        """The token after the last word."""
        return int(self._tokenizer.eot)

    @property
    def no_speech(self) -> int:
        """The token for nobody speaking."""
        return int(self._tokenizer.no_speech)

    def language(self, name: str) -> int:
        """The token of a language. Raises ValueError for one that Whisper does not know."""
        token: int | None = self._words.token_to_id(f"<|{name}|>")
        if token is None:
            raise ValueError(f"{name!r} is no language that Whisper knows")
        return token

    @cached_property
    def suppressed(self) -> Ints:
        """Tokens that it shall never write: noises, and what rules the decoding."""
        rules = range(self.end + 1, self._words.get_vocab_size())
        return np.array([*self._config["suppress_ids"], *rules])

    @cached_property
    def suppressed_first(self) -> Ints:
        """Tokens that it shall not begin with: a blank, and the end."""
        return np.array(self._config["suppress_ids_begin"])

    @cached_property
    def _config(self) -> dict[str, list[int]]:
        config: dict[str, list[int]] = json.loads(
            (self._folder / "config.json").read_text(encoding="utf-8")
        )
        return config
