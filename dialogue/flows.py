"""What flows.yaml holds: the slots, the flows and the phrases. Its own top explains the format."""

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from dialogue.controls import Control
from dialogue.phrasing import names
from dialogue.reading import Part

# Intents that need no flow; "details" is said by who just gives a number, a day, a name.
BUILT_IN = frozenset({"affirm", "deny", "repeat", "details", "out_of_scope"})


def _text(text: str) -> str:
    names(text)
    if not text.strip():
        raise ValueError("this text is empty; write what is to be said, or remove it")
    return text


def several(texts: object) -> object:
    """Take one text for a list of one."""
    return (texts,) if isinstance(texts, str) else texts


Text = Annotated[str, AfterValidator(_text)]  # spoken; {name} stands for a value
# One text, or several that are said in turn, so that nobody hears the same words twice.
Texts = Annotated[tuple[Text, ...], BeforeValidator(several), Field(min_length=1, strict=False)]


class SlotTexts(Part):
    """How to ask the caller for one slot. Its type and length are those of intents.yaml."""

    ask: Text
    short: Text | None = None  # the same for a caller in no mood for many words
    again: Texts  # the next times: how to say it, or to key it in
    confirm: Text | None = None  # the read-back; without one the value is taken as heard
    invalid: Text | None = None  # said when the value has the wrong length
    lasts: Literal["call", "topic", "request"] = "topic"  # call: who calls, asked for only once
    private: bool = False  # card number, PIN: not recorded, and masked wherever it is written
    alone: str | None = None  # the flow that a caller means who says nothing but this
    vocabulary: tuple[str, ...] = Field(default=(), strict=False)  # likely words
    vocabulary_from: str | None = None  # or the values of a table's column: catalog.name


class Case(Part):
    """What to say, and do, when an action has found this case. A bare text is its `say`."""

    say: Text | None = None
    ask: Text | None = None  # a yes/no question; the next three are about its answer
    if_yes: Text | None = None
    if_no: Text | None = None
    change: str | None = None  # the action that a yes sets off
    ask_again: str | None = None  # a slot whose value was no use, or, with ask, after a no
    offer_person: bool = False
    recommend: bool = False  # suggest a product that goes with the one it is about

    @model_validator(mode="after")
    def _complete(self) -> "Case":
        if self.ask and not (self.if_yes and self.if_no):
            raise ValueError("a case with 'ask' has two answers; add if_yes: and if_no:")
        if not self.ask and (self.if_yes or self.if_no or self.change):
            raise ValueError("if_yes, if_no and change answer a question; add ask:")
        if not self.ask and not self.say:
            raise ValueError("this case says nothing; add say: or ask:")
        return self


def _case(value: object) -> object:
    return {"say": value} if isinstance(value, str) else value


class Factor(Part):
    """Something that shows who is calling: how to ask for it, three times. Always private."""

    kind: Literal["postcode", "name", "birth_date", "digits", "code", "phone"]
    ask: Text
    again: Text  # it is not what the business knows: more clearly, or spelled
    last: Text  # still not: keyed in, where that can be


class Verification(Part):
    """How callers show who they are, in flows with `verify:`."""

    factors: dict[str, Factor] = Field(min_length=1)  # in the order of asking
    unknown: Text  # nobody has that order or telephone number
    locked: Text  # said before they are put through


class Offer(Part):
    """What may come next: another flow, which needs no intent of its own."""

    flow: str
    ask: Text  # a yes/no question, instead of "anything else?"
    if_no: Text


def _tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


class Flow(Part):
    """One intent's way through the conversation: exactly one of say, faq and their like."""

    about: str | None = None  # "the status of an order": for "Is this about …?"
    needs: tuple[str, ...] = Field(default=(), strict=False)  # slots to collect first
    takes: tuple[str, ...] = Field(default=(), strict=False)  # slots to use if they were said
    verify: Annotated[bool | tuple[str, ...], BeforeValidator(_tuple)] = (
        False  # by all, or by these
    )
    say: Text | None = None
    faq: str | None = None  # an anchor of faq.md
    look_up: str | None = None  # an action of actions.py …
    cases: dict[str, Annotated[Case, BeforeValidator(_case)]] = Field(
        default={}
    )  # … and what it may find
    hand_over: bool = False
    ends_call: bool = False
    offer_person: bool = False  # end with that question instead of "anything else?"
    then: Text | None = None  # the question to end with
    offers: Offer | None = None  # or the offer of another flow
    small_talk: bool = False  # answers nothing: "anything else?" is not asked on its account

    @model_validator(mode="after")
    def _one_kind(self) -> "Flow":
        kinds = [self.say, self.faq, self.look_up, self.hand_over, self.ends_call]
        if sum(1 for kind in kinds if kind) != 1:
            choice = "say, faq, look_up, hand_over, ends_call"
            raise ValueError(f"a flow has exactly one of {choice}; add one, or remove the others")
        if bool(self.look_up) != bool(self.cases):
            raise ValueError("look_up and cases go together; add the one that is missing")
        if self.verify and not self.look_up:
            raise ValueError("there is nothing to verify a caller for; add look_up:")
        return self

    def required(self, factors: Iterable[str]) -> tuple[str, ...]:
        """Return what callers must show before anything is looked up for them."""
        if isinstance(self.verify, tuple):
            return self.verify
        return tuple(factors) if self.verify else ()


class Urgent(Part):
    """What may be an emergency, and what is said then: it wins over everything else."""

    intent: str
    least: float = Field(default=0.2, ge=0, le=1)  # how likely the intent must be, to count
    words: Texts  # wordings that count wherever they are said
    say: Text  # whom to call
    put_through: Text  # then, when somebody is there
    nobody: Text  # then, when nobody is


class Phrases(Part):
    """What is said around the flows, whatever the business."""

    how_can_i_help: Text
    anything_else: Text
    is_this_about: Text  # {about}
    which_of_two: Text  # {first}, {second}: what it could be about
    next_request: Text  # {about}: the second of two requests in a breath
    back_to: Text  # {about}: what was left for another request
    all_right: Text  # after a "no" to an offer
    sorry: Text  # after a "no" to a read-back or a guess
    not_heard: Texts  # a voice, but no words
    not_understood: Texts
    out_of_scope: Text
    what_i_can_do: Text  # after the first miss
    yes_or_no: Text
    offer_person: Text
    hand_over: Text
    nobody_came: Text  # they were handed over, and are back
    please_hold: Text  # while they wait for a person in a queue
    closed: Text  # nobody is there to hand over to; {opens}
    give_up: Text  # likewise, and the assistant cannot go on; {opens}
    still_there: Text
    silent_goodbye: Text
    goodbye: Text
    slower: Text  # they asked for it; what was said last follows
    robot: Text  # "am I talking to a machine?"
    this_language: Text | None = None  # the caller asked for it, or speaks it
    apology: Text  # once, to a caller in a bad mood
    upset: Text  # and before they are put through, if it stays
    trouble: Text
    look_up_failed: Text
    change_failed: Text
    also_bought: Text | None = None  # {product}, {suggestion}, {price}: by other customers
    also_like: Text | None = None  # likewise: because they are alike
    dont_know: Text = "I don't know that, I'm sorry."  # a question to us, without an answer


class Written(Part):
    """What reads differently in a text message, and what is only said there: about pictures."""

    picture_confirm: Text  # {value}
    picture_which: Text  # {values}
    picture_no_use: Text  # it shows nothing that was asked for
    picture_unreadable: Text  # no picture, or too large, or gone
    yes_or_no: Text | None = None
    hand_over: Text | None = None
    give_up: Text | None = None  # {opens}
    goodbye: Text | None = None


class Flows(Part):
    """The whole file."""

    slots: dict[str, SlotTexts] = Field(default={})
    verification: Verification | None = None
    flows: dict[str, Flow]
    controls: dict[Annotated[Control, Field(strict=False)], Texts] = Field(default={})
    urgent: Urgent | None = None
    guesses: dict[str, Text] = Field(default={})  # {order_number}: asked of known callers
    phrases: Phrases
    written: Written
