"""Words for looking up: in lower case, said as callers say them, cut to their stems."""

import re
from functools import lru_cache

import Stemmer
from bm25s.stopwords import STOPWORDS_EN

from nlu.phonetics import words

_ASKING = """
i me my we us our you your he she they them can could would will shall may might must do does did
have has had am is are was were be been being what which who whom whose when where why how get got
like want need please hi hello um uh okay so just tell know some any much many i'd i'm i've it's
that's what's there's don't can't doesn't
"""
STOPWORDS = frozenset((*STOPWORDS_EN, *_ASKING.split()))

_HAN = re.compile(r"[\u4e00-\u9fff]+")
_STEMMER = Stemmer.Stemmer("english")


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """'batteries' → 'batteri', as 'battery'."""
    return str(_STEMMER.stemWord(word))


def stems(text: str) -> list[str]:
    """Return the stems of the words that carry meaning; of Chinese, characters two by two."""
    latin = [stem(word) for word in words(text) if word not in STOPWORDS]
    runs = _HAN.findall(text)
    return latin + [run[at : at + 2] for run in runs for at in range(len(run) - 1)]
