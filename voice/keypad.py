"""Keys of the phone, collected into one answer. Pure, like the turn-taker."""

from dataclasses import dataclass

from voice.audio import Digit
from voice.expectation import Expectation

ENTER = "#"
LAST_KEY_SECONDS = 2.5  # after this long without a key the answer is complete


@dataclass(frozen=True, slots=True)
class Keys:
    """The caller pressed `keys` from media time `start` to `end`; complete, known at `at`."""

    keys: str
    start: float
    end: float
    at: float


class Keypad:
    """Keys typed so far."""

    def __init__(self) -> None:
        self._typed: list[Digit] = []
        self._complete_at = float("-inf")  # by its length, without an enter key

    @property
    def typing(self) -> bool:
        """Whether an answer has begun and is not complete."""
        return bool(self._typed)

    def press(self, digit: Digit) -> None:
        """Take a key."""
        self._typed.append(digit)

    def trails(self, digit: Digit) -> bool:
        """Say whether this key only ends an answer that was complete without it."""
        late = digit.at - self._complete_at > LAST_KEY_SECONDS
        return digit.key == ENTER and not self._typed and not late

    def wait(self, at: float, expected: Expectation) -> Keys | None:
        """Say that it is `at` now; the answer is complete with `#`, or when nothing more comes."""
        if not self._typed:
            return None
        last = self._typed[-1]
        if len(self._typed) == expected.length and last.key != ENTER:
            self._complete_at = at
        elif last.key != ENTER and at - last.at < LAST_KEY_SECONDS:
            return None
        return self.take(at)

    def take(self, at: float) -> Keys | None:
        """Say that it is `at` now, and that no more keys come."""
        if not self._typed:
            return None
        typed, self._typed = self._typed, []
        keys = "".join(digit.key for digit in typed).rstrip(ENTER)
        return Keys(keys, typed[0].at, typed[-1].at, at)
