"""The engine `coqui`: any Coqui VITS voice, streamed."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from voice.tts_voice import Piece
from voice.vits import Vits, load_vits


class CoquiVoice:
    """A Coqui VITS voice with its own text front end.

    A sentence's noise is drawn from the sentence itself, so that it always sounds the same.
    """

    def __init__(self, vits: Vits) -> None:
        from TTS.tts.utils.text.tokenizer import TTSTokenizer

        self._vits = vits
        if vits.config.use_phonemes and not vits.config.phonemizer:
            vits.config.phonemizer = "espeak"
        self._tokenizer, _ = TTSTokenizer.init_from_config(vits.config)

    @property
    def sample_rate_hz(self) -> int:
        """The rate the voice was trained at."""
        return self._vits.sample_rate_hz

    def pieces(self, sentence: str, speed: float = 1.0) -> Iterator[Piece]:
        """Say a sentence; see `Voice`."""
        ids = self._tokenizer.text_to_ids(sentence)
        seed = int.from_bytes(hashlib.sha256(sentence.encode()).digest()[:8])
        yield from self._vits.pieces(ids, seed, speed=speed)


def load_coqui(
    folder: Path, *, speaker: str = "", speed: float = 1.0, device: str = "cpu", threads: int = 0
) -> CoquiVoice:
    """Load a Coqui VITS folder; see `load_vits`. `speed` 1.2 speaks 20 % faster.

    `threads` of the CPU is torch's own setting, and so the whole process's; 0 leaves it as it is.
    """
    import torch

    if threads:
        torch.set_num_threads(threads)
    vits = load_vits(folder, speaker=speaker, device=device)
    vits.length_scale /= speed
    return CoquiVoice(vits)
