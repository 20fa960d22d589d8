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

    def named(self, said: str) -> list[str]:
        """Return the business's own names of what is named in these words, the longest first."""
        found = [(name, thing) for thing, names in self.of.items() for name in names]
        found = [(name, thing) for name, thing in found if name in said]
        found.sort(key=lambda pair: -len(pair[0]))
        return list(dict.fromkeys(thing for _, thing in found))

    def thing(self, value: str) -> str:
        """Return the business's own name of a value."""
        return next(iter(self.named(value)), value)
