"""Words for looking up: in lower case, said as callers say them, cut to their stems."""

import re
from functools import lru_cache

from Stemmer import Stemmer

from nlu.phonetics import words

_LITTLE = """
a an and are as at be but by for if in into is it no not of on or such that the their then there
these they this to was will with
"""  # as Lucene leaves them out
_ASKING = """
i me my we us our you your he she they them can could would will shall may might must do does did
have has had am is are was were be been being what which who whom whose when where why how get got
like want need please hi hello um uh okay so just tell know some any much many i'd i'm i've it's
that's what's there's where's who's when's how's don't can't doesn't
"""
STOPWORDS = frozenset((*_LITTLE.split(), *_ASKING.split()))

_HAN = re.compile(r"[\u4e00-\u9fff]+")


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """'batteries' → 'batteri', as 'battery'."""
    return str(Stemmer("english").stemWord(word))  # one for all would not be thread-safe


def stems(text: str) -> list[str]:
    """Return the stems of the words that carry meaning; of Chinese, characters two by two."""
    latin = [stem(word) for word in words(text) if word not in STOPWORDS]
    runs = _HAN.findall(text)
    return latin + [run[at : at + 2] for run in runs for at in range(len(run) - 1)]
