"""Understand text: intent, slots, sentiment, normalised values; training and evaluation.

Exceptions::

    NluError                   what a person can mend; its text is one line with the remedy
    └── DataError              intents.yaml or a model folder is broken: file, line, what, mend
"""


class NluError(Exception):
    """Base of what `nlu` raises on purpose; the message is one line and names the remedy."""


class DataError(NluError):
    """Training data or a trained model cannot be used."""
