"""One utterance that the recogniser heard in several ways: how much each counts. Pure functions.

What each way means is averaged, so that an intent which most of them share is sure, and one that
hangs on a word that may have been misheard is not.
"""

import math
from collections.abc import Sequence

import numpy as np

from nlu.calibration import Floats
from nlu.phonetics import words
from nlu.understand import Alternative

LEAST_SHARE = 0.02  # of the probability; a hypothesis that has less changes nothing
CLARITY = 2.0  # power of the certainty beside the recogniser's probability
_LEAST_CONFIDENCE = 1e-6


def weighed(text: str, heard: Sequence[Alternative]) -> list[tuple[str, float]]:
    """Return the texts that differ in words, and the share of the probability that each has.

    `text` is what was taken for said; without any hypothesis it stands alone. Those with the same
    words count as one, written as the first of them. The likeliest comes first.
    """
    logprobs: dict[tuple[str, ...], float] = {}
    written: dict[tuple[str, ...], str] = {}
    for hypothesis in heard:
        said = tuple(words(hypothesis.text))
        if not said:
            continue
        logprob = _logprob(hypothesis, len(said))
        logprobs[said] = float(np.logaddexp(logprobs.get(said, -math.inf), logprob))
        written.setdefault(said, hypothesis.text)
    if not logprobs:
        return [(text, 1.0)]
    most = max(logprobs.values())
    likely = {said: math.exp(logprob - most) for said, logprob in logprobs.items()}
    whole = sum(likely.values())
    kept = {said: part / whole for said, part in likely.items() if part / whole >= LEAST_SHARE}
    order = sorted(kept, key=lambda said: -kept[said])
    return [(written[said], kept[said] / sum(kept.values())) for said in order]


def likelier_understood(shares: Sequence[float], certainty: Sequence[float]) -> Floats:
    """Give the shares of ways (n,) once it is known how certainly each is understood, 0 to 1.

    What makes sense is likelier to have been said than what does not.
    """
    joint = np.array(shares) * np.array(certainty) ** CLARITY
    likely: Floats = joint / joint.sum()
    return likely


def _logprob(hypothesis: Alternative, length: int) -> float:
    """Of the whole sentence and its end, from the mean over its tokens."""
    confidence = 1.0 if hypothesis.confidence is None else hypothesis.confidence
    return (length + 1) * math.log(max(confidence, _LEAST_CONFIDENCE))
