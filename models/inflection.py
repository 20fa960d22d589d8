"""English inflection: inflect, without its run-time type checks.

At import, typeguard rewrites each function of inflect that it checks, which takes seconds. Whoever
imports inflect after this, Coqui TTS for one, gets the same.
"""

from functools import cache
from typing import Any, Protocol, cast


class Inflection(Protocol):
    """What we use of inflect's engine."""

    def number_to_words(self, number: str, *, andword: str = "and", comma: str = ",") -> str:
        """`12` is "twelve"."""
        ...

    def ordinal(self, number: str) -> str:
        """`twelve` is "twelfth"."""
        ...

    def plural_noun(self, text: str, count: str | None = None) -> str:
        """`pound` is "pounds"."""
        ...

    def singular_noun(self, text: str) -> str | bool:
        """`pounds` is "pound"; False for what is no plural."""
        ...


@cache
def inflection() -> Inflection:
    """Return the one engine of this process."""
    import typeguard

    module: Any = typeguard
    checked = module.typechecked
    module.typechecked = lambda function: function
    try:
        import inflect
    finally:
        module.typechecked = checked
    return cast("Inflection", inflect.engine())
