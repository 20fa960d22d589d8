"""What callers of another language call the business's own things: 水壶 for its kettle."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Names:
    """Names by the business's own; the first of each is said, all are understood."""

    of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def said(self, thing: str) -> str:
        """Return what it is called; the business's own name where it has no other."""
        return self.of.get(thing, (thing,))[0]

    def find(self, said: str) -> str | None:
        """Return the business's own name of what is named in these words, the longest one first."""
        found = [(name, thing) for thing, names in self.of.items() for name in names]
        return max(
            ((name, thing) for name, thing in found if name in said),
            key=lambda pair: len(pair[0]),
            default=("", None),
        )[1]

    def thing(self, value: str, said: str = "") -> str:
        """Return the business's own name of a value, or of what else was said with it."""
        return self.find(value) or self.find(said) or value
