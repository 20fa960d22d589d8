"""Where a conversation stands: values only. `dialogue/policy.py` moves from one to the next."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from dialogue.actions import Claim, Found
from dialogue.agent import CallerTurn
from dialogue.knowledge import Answer
from dialogue.knowledge import Found as Knows
from dialogue.next_need import Need
from nlu.mood import Trend
from nlu.understand import Alternative, Understanding


class Outcome(StrEnum):
    """How a conversation ended."""

    RESOLVED = "resolved"
    NO_REQUEST = "no_request"  # the caller said goodbye before they asked for anything
    HANDED_OVER = "handed_over"
    UNRESOLVED = "unresolved"  # the assistant gave up, and nobody was there to hand over to
    SILENT_CALLER = "silent_caller"


@dataclass(frozen=True, slots=True)
class Idle:
    """No flow is under way: the caller may ask for anything."""


@dataclass(frozen=True, slots=True)
class AskSlot:
    """Waits for a slot's value, or for the rest of it."""

    slot: str
    begun: str = ""  # its first digits


@dataclass(frozen=True, slots=True)
class ConfirmSlot:
    """Has read the value back."""

    slot: str
    value: str
    seen: bool = False  # in a picture, not heard


@dataclass(frozen=True, slots=True)
class ConfirmIntent:
    """Has asked "Is this about …?"; `slots` came along with the guess."""

    intent: str
    slots: tuple[tuple[str, str], ...] = ()
    known: bool = False  # guessed of a known caller: the slots are the business's own values


@dataclass(frozen=True, slots=True)
class ChooseIntent:
    """Has asked "Is this about …, or about …?"; `slots` came along with the guess."""

    intents: tuple[str, str]
    slots: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ConfirmChange:
    """Has asked the question of a case; `question` is that, filled in."""

    case: str
    question: tuple[str, ...]
    values: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Prove:
    """Has asked for a factor that shows who is calling; for none yet, while that is looked up."""

    factor: str = ""


@dataclass(frozen=True, slots=True)
class OfferPerson:
    """Has offered to put the caller through."""


@dataclass(frozen=True, slots=True)
class Closing:
    """Has said the last words; if they were not heard to the end they are said again."""

    outcome: Outcome
    words: tuple[str, ...]


Step = (
    Idle | AskSlot | ConfirmSlot | ConfirmIntent | ChooseIntent | ConfirmChange | Prove
    | OfferPerson | Closing
)  # fmt: skip
YES_NO_STEPS = (ConfirmSlot, ConfirmIntent, ConfirmChange, OfferPerson)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that waits: said in one breath with another, or `begun` and left for another."""

    intent: str
    slots: tuple[tuple[str, str], ...] = ()
    begun: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """What the dialogue remembers between turns."""

    greeted: bool = False
    language: str = ""  # that the caller changed to; the assistant's own if empty
    opening: str = ""  # what we call about, until they have heard it
    written: bool = False  # a conversation of text messages
    step: Step = field(default_factory=Idle)
    flow: str = ""  # the intent whose flow is under way
    finished: str = ""  # the one that ended last
    slots: tuple[tuple[str, str], ...] = ()  # confirmed values, for the whole call
    aside: tuple[str, tuple[tuple[str, str], ...]] | None = (
        None  # looked up in passing: flow, slots
    )
    later: tuple[Asked, ...] = ()  # what comes after this flow, the next one first
    claim: Claim = field(default_factory=Claim)  # who is calling, as far as that is known
    locked: bool = False  # they could not show who they are
    offered: str = ""  # the flow that offers another, until something else is said
    served: bool = False  # something was answered
    misses: int = 0  # turns in a row that brought nothing
    failed_look_ups: int = 0  # values in a row that the business does not know,
    failed_slot: str = ""  # … all of this slot
    silences: int = 0  # in a row
    troubles: int = 0  # in a row
    change_failed: bool = False  # something that was promised did not happen: tell the caller
    guess: Need | None = None  # what a known caller likely calls about
    suggested: bool = False  # a product: once a call
    said: tuple[str, ...] = ()  # the last reply, for "repeat that"
    slow: bool = False  # the caller asked to be spoken to slowly
    terse: bool = False  # they are in no mood for many words
    apologised: bool = False  # for how this call goes
    upset: bool = False  # their anger stayed: they were offered a person for it
    urgent: bool = False  # what they said may be an emergency

    def failed(self, slot: str) -> "State":
        """With one more value of this slot that the business does not know."""
        before = self.failed_look_ups if self.failed_slot == slot else 0
        return replace(self, failed_slot=slot, failed_look_ups=before + 1)


@dataclass(frozen=True, slots=True)
class Heard:
    """The caller's words or keys, understood.

    `ask` tells what the business knows about them, each time the same; it takes the most time of
    all, so nobody asks before it matters.
    """

    understanding: Understanding
    confidence: float = 1.0  # of the transcript
    keys: bool = False
    ask: Callable[[], Knows] = field(default=Knows, compare=False, repr=False)
    written: bool = False
    pictures: tuple[str, ...] = ()  # the text in each picture that came with the words
    mood: Trend = field(default_factory=Trend)  # of the call up to these words
    alternatives: tuple[Alternative, ...] = ()  # all the ways in which they may have been heard

    @property
    def answer(self) -> Answer | None:
        """What the business knows about them."""
        return self.ask().answer

    @property
    def unanswered(self) -> bool:
        """Whether it is a question to the business, but nothing that it knows is an answer."""
        found = self.ask()
        return found.about_us and found.answer is None


@dataclass(frozen=True, slots=True)
class Tip:
    """A product to suggest: `phrase` of flows.yaml says why, `product` is the one it goes with."""

    phrase: str
    product: str
    suggestion: str
    price: str  # in dollars: 22.00


@dataclass(frozen=True, slots=True)
class Switched:
    """The caller wants another language, or speaks it: the assistant now is that language's."""

    why: str
    left: bool = False  # what was under way is not to be had in it


@dataclass(frozen=True, slots=True)
class LookedUp:
    """The look-up that was decided on has found something, or failed (None)."""

    found: Found | None
    tip: Tip | None = None  # a product to suggest beside it


Event = CallerTurn | Heard | LookedUp | Switched


@dataclass(frozen=True, slots=True)
class Call:
    """Of an action, by its name, with the slots of this moment, and what its look-up found."""

    action: str
    slots: tuple[tuple[str, str], ...]
    values: tuple[tuple[str, str], ...] = ()
    claim: Claim | None = None


@dataclass(frozen=True, slots=True)
class Rewordable:
    """Clauses of a reply that a language model may put in other words.

    It may say what the `passages` support, the first of which holds the clauses; without passages
    they are small talk.
    """

    clauses: tuple[str, ...]
    passages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do next: say the clauses, then look up (and decide again), or wait for the caller.

    `change` is made, and `outcome` is final, only once the caller has heard the reply. `trace` is
    why: the rules that led here, the first one first.
    """

    state: State
    say: tuple[str, ...] = ()
    look_up: Call | None = None
    change: Call | None = None
    sources: tuple[str, ...] = ()
    outcome: Outcome | None = None
    rewordable: Rewordable | None = None
    trace: tuple[str, ...] = ()

    def because(self, rule: str) -> "Decision":
        """Return it with the rule before those that it led to."""
        return replace(self, trace=(rule, *self.trace))

    def after(self, words: tuple[str, ...]) -> "Decision":
        """Return it with words before its own."""
        return replace(self, say=words + self.say)

    def following(self, before: "Decision") -> "Decision":
        """Return it as the end of a decision that looked something up."""
        return replace(
            self,
            say=before.say + self.say,
            change=before.change or self.change,
            sources=before.sources + self.sources,
            trace=before.trace + self.trace,
        )

    def citing(self, sources: tuple[str, ...]) -> "Decision":
        """Return it with sources before its own."""
        return replace(self, sources=sources + self.sources)
