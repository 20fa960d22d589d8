"""Who is calling: what callers say of themselves, against what the business knows. Pure.

The order or telephone number narrows whom it may be; each factor (postcode, name, birth date) that
a flow requires must then be that customer's own. What was said is compared as sounds and letters,
with all that the recogniser may have heard, and with every attempt: see `nlu.nbest`. Fuzzy, but
not generous: a date must be read exactly, and in a five-digit code only characters may differ that
sound alike.

The limits were chosen on a part of EVI's speakers (tests/bench/verification): at three attempts
each lets fewer than one of a thousand strangers through.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from dialogue.actions import Callers, Claim, Found, LookUp, Profile, Request
from nlu.nbest import attempt_costs
from nlu.understand import Alternative

VERIFY = "(who is calling)"  # a look-up like those of actions.py, under a name that none can have
TRIES = 3  # for each factor
CASES: Mapping[str, frozenset[str]] = {
    "verified": frozenset({"customer"}),
    "ask": frozenset({"factor"}),
    "failed": frozenset(),
    "unknown": frozenset(),
}

_EXACT = 0.3  # characters: as written, in one of the first hypotheses
_NAME = 0.75
_SHARE = 0.19  # of a code's characters
_CODES = ("postcode", "code")


@dataclass(frozen=True, slots=True)
class Verifier:
    """Judges claims; `kinds` are the factors' (see `nlu.values.KINDS`), in the order of asking."""

    kinds: Mapping[str, str]
    region: str

    def judge(self, candidates: Sequence[Profile], claim: Claim, today: date) -> Found:
        """Say who it is, or which factor to ask for next, or that it is none of them."""
        if not candidates:
            return Found("unknown")
        left = list(candidates)
        said = dict(claim.attempts)
        others = [factor for factor in self.kinds if factor not in claim.required]
        for factor in (*claim.required, *others):
            if factor in others and len(left) == 1:
                break  # only several of one household are told apart by more than was required
            fit = [each for each in left if self._fits(factor, each, claim, today)]
            if not fit and len(said.get(factor, ())) >= TRIES:
                return Found("failed")
            if not fit:
                return Found("ask", {"factor": factor})
            left = fit
        if len(left) > 1:
            return Found("failed")
        return Found("verified", {"customer": left[0].key}, f"customers/{left[0].key}")

    def _fits(self, factor: str, profile: Profile, claim: Claim, today: date) -> bool:
        if profile.key == claim.customer and factor in claim.proven:
            return True
        value = profile.values.get(factor)
        attempts = dict(claim.attempts).get(factor, ())
        return bool(value) and matches(self.kinds[factor], attempts, str(value), today, self.region)


def matches(
    kind: str, attempts: Sequence[Sequence[Alternative]], value: str, today: date, region: str
) -> bool:
    """Say whether one of the attempts is near enough to this value."""
    return any(
        attempt_costs(kind, attempt, today, [value], region)[0] <= limit(kind, value)
        for attempt in attempts
        if attempt
    )


def limit(kind: str, value: str) -> float:
    """Return how far, in characters, an attempt may be from the value."""
    if kind in _CODES:
        return _SHARE * sum(character.isalnum() for character in value)
    return _NAME if kind == "name" else _EXACT


def verifying(callers: Callers, verifier: Verifier) -> LookUp:
    """Return the look-up that tells who is calling, from the business's own function."""

    def run(request: Request) -> Found:
        claim = request.claim or Claim()
        return verifier.judge(callers.run(request), claim, request.now.date())

    return LookUp(run, frozenset(), CASES)
