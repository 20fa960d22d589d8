"""What keeps Whisper honest on the phone: pure functions on samples, text and its own doubts.

Whisper learned from subtitles: on silence it writes "Thank you.", on noise a sentence about
nothing, on a cry "AHHHHH!", and now and then it repeats itself without end. The bounds were chosen
on every second utterance of AN4 dev, FSDD takes 0 and 1, and noise (the first minute of each
recording, white noise, telephone tones), as recorded and at 8 kHz µ-law, with base and tiny.en.
"""

import re

import numpy as np

from voice.audio import FRAME_SAMPLES, Float32

SOUND_FLOOR_DBFS = -65.0  # of the loudest 20 ms; an idle telephone line is about as loud

# A text needs the more confidence, the more Whisper suspects that nobody spoke.
_LOGPROB_AT_SPEECH = -2.4  # the least average log probability when no_speech is 0,
_LOGPROB_PER_NO_SPEECH = 2.0  # and how much more is asked when it is 1

# What it writes when there is nothing to write. Callers say these too, but then Whisper is sure:
# no_speech below 0.3 and a logprob above -0.5 wherever somebody really said "thank you".
_STOCK_PHRASES = frozenset(
    {"you", "the", "i", "im", "so", "oh", "ah", "uh", "um", "mm", "hmm", "okay", "yeah", "bye"}
    | {"thanks", "thank you", "thank you very much", "thank you so much", "im sorry"}
    | {"thanks for watching", "thank you for watching", "please subscribe", "the end", "music"}
)
_STOCK_NO_SPEECH = 0.4
_STOCK_LOGPROB = -0.5

_BRACKETED = re.compile(r"\[[^\]]*\]?|\([^)]*\)?|\*[^*]+\*|<[^>]*>|[♪♫♬♩]+")
_HAN_DIGITS = "零〇幺一二三四五六七八九"
_CRY = re.compile(rf"\S*?([^\W\d_{_HAN_DIGITS}]{{1,3}}?)\1{{3,}}\S*", re.I)  # AHHHHH, Hahahaha

_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W_]+(?:['\u2019][^\W_]+)*")
_LONGEST_LOOP = 40  # words
_SENTENCE = 6  # words
_WORD_ROUNDS = 6  # "no no no no no" is a caller; a sixth is Whisper
_PHRASE_ROUNDS = 4
_SENTENCE_ROUNDS = 2  # nobody says the same long sentence twice in the same words
_COUNTED = re.compile(
    rf"\d+|[a-z]|[{_HAN_DIGITS}]|oh|zero|one|two|three|four|five|six|seven|eight|nine|double|triple"
)


def has_sound(samples: Float32) -> bool:
    """Whether any 20 ms of the samples (-1 to 1) are louder than an idle line."""
    whole = samples[: samples.size // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    power = np.mean(np.square(whole), axis=1).max(initial=0.0)
    return bool(power > 10 ** (SOUND_FLOOR_DBFS / 10))


def is_unfounded(text: str, no_speech: float, average_logprob: float) -> bool:
    """Whether the text is more likely Whisper's invention than somebody's words."""
    if average_logprob < _LOGPROB_AT_SPEECH + _LOGPROB_PER_NO_SPEECH * no_speech:
        return True
    words = (match[0].casefold() for match in _WORD.finditer(text))
    phrase = " ".join(dict.fromkeys(word.replace("'", "").replace("\u2019", "") for word in words))
    doubtful = no_speech > _STOCK_NO_SPEECH and average_logprob < _STOCK_LOGPROB
    return doubtful and phrase in _STOCK_PHRASES  # "Oh, oh, oh." as well


def without_noises(text: str) -> str:
    """The text without "[BLANK_AUDIO]", "(music)", "♪" and cries; "" when no word is left."""
    text = " ".join(_CRY.sub(" ", _BRACKETED.sub(" ", text)).split())
    return text if _WORD.search(text) else ""


def without_repeats(text: str) -> str:
    """The text with each loop cut to its first round; the same text when there is none.

    Digits and single letters are what a caller may well repeat ("one one one one…"), and an order
    number must never be shortened: they are left alone.
    """
    found = list(_WORD.finditer(text))
    words = [match[0].casefold() for match in found]
    for start in range(len(words)):
        for size in range(1, min(_LONGEST_LOOP, len(words) - start) + 1):
            end = _loop_end(words, start, size)
            if end:
                first_round = text[: found[start + size].start()]
                rest = text[found[end].start() :] if end < len(found) else ""
                return without_repeats((first_round + rest).strip())
    return text


def _loop_end(words: list[str], start: int, size: int) -> int:
    """Where the loop of `size` words that begins at `start` ends; 0 when it is none."""
    unit = words[start : start + size]
    if all(_COUNTED.fullmatch(word) for word in unit):
        return 0
    end = start + size
    while end < len(words) and words[end] == words[end - size]:
        end += 1
    least = _SENTENCE_ROUNDS if size >= _SENTENCE else _PHRASE_ROUNDS if size > 1 else _WORD_ROUNDS
    return end if (end - start) // size >= least else 0
