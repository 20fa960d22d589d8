"""What assistant.toml holds: who answers, when, with which voice."""

import re
from datetime import date
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from dialogue.flows import Text, several
from dialogue.forms import forms_of
from dialogue.hours import CLOSED, Hours, Span
from dialogue.phrasing import WEEKDAYS
from dialogue.reading import Part


class Voice(Part):
    """Which voice speaks."""

    engine: str = "coqui"
    model: str = "coqui-joe"  # a name of the model registry


def _reachable(number: str) -> str:
    if number and not re.fullmatch(r"\+[1-9][0-9]{6,14}|sip:[^\s<>]+", number):
        raise ValueError(
            f"'{number}' cannot be dialled; write +13125550100 or sip:desk@example.com"
        )
    return number


Number = Annotated[str, AfterValidator(_reachable)]


class HandOff(Part):
    """Where callers go who want a person."""

    kind: Literal["cold", "queue", "warm"] = "cold"
    number: Number = ""  # a telephone number like +13125550100, or a SIP address
    queue: str = ""  # a TaskRouter workflow, WW…, or the name of a queue
    answer_seconds: int = Field(default=25, ge=5, le=600)  # then they come back to the assistant
    wait_minutes: int = Field(default=2, ge=1)  # what callers are told

    @model_validator(mode="after")
    def _complete(self) -> "HandOff":
        if self.kind == "queue" and not self.queue:
            raise ValueError("kind is queue, but no queue is named; add queue = ")
        if self.kind == "warm" and not self.number:
            raise ValueError("kind is warm, but nobody is named; add number = ")
        return self


class LanguageModel(Part):
    """Who rewords answers; without a model they are read as written."""

    engine: Literal["endpoint", "transformers"] = "endpoint"
    model: str = ""  # its name there; for transformers a folder, a GGUF file or a registry's name
    url: str = ""  # of an endpoint, up to /v1
    limit_seconds: float = Field(default=2.5, gt=0, le=8)  # for the next clause; then as written
    answers: bool = True  # out of the passages that were found
    summaries: bool = True  # for people who take over, and for records
    small_talk: bool = False  # a sentence when callers talk of something else

    @model_validator(mode="after")
    def _complete(self) -> "LanguageModel":
        if self.url and not self.model:
            raise ValueError("an endpoint is named, but no model; add model =")
        return self


class KnownCallers(Part):
    """Customers who are known by their number."""

    guess: bool = False  # greet them with what they likely call about
    sure: float = Field(default=0.5, ge=0, le=1)  # how likely that must be


class Recommend(Part):
    """Where suggestions come from; without products nothing is suggested."""

    products: str = ""  # a CSV file of the folder: name,text
    purchases: str = ""  # likewise: id,customer,product
    stock: str = Field(default="catalog", pattern="^[a-z_][a-z0-9_]*$")  # a table


class Confidence(Part):
    """From which confidence on the dialogue trusts what it heard; 0 to 1."""

    act: float = Field(default=0.55, ge=0, le=1)  # of the intent: act on it
    ask: float = Field(default=0.3, ge=0, le=1)  # of the intent: "Is this about …?"
    transcript: float = Field(default=0.4, ge=0, le=1)  # of the words: below it, ask
    language: float = Field(default=0.8, ge=0, le=1)  # of the one that was heard: change to it


class Mood(Part):
    """When the caller's mood changes how they are spoken to; level: -1 to 1, see nlu/mood.py."""

    sorry: float = Field(default=-0.3, ge=-1, le=0)  # from here on down, apologise once
    terse: float = Field(default=-0.3, ge=-1, le=0)  # say no more than is needed
    person: float = Field(default=-0.55, ge=-1, le=0)  # put them through …
    angry_turns: int = Field(default=3, ge=1)  # … after so many angry turns in a row


def _zone(name: object) -> ZoneInfo | None:
    try:
        return ZoneInfo(str(name)) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"'{name}' is no time zone; write one like America/Chicago") from error


def _exceptions(days: object) -> dict[date, Span | None]:
    if not isinstance(days, dict):
        raise ValueError(f'[hours.exceptions] has lines like 2026-12-25 = "{CLOSED}"; write that')
    try:
        return {date.fromisoformat(day): Span.parse(str(span)) for day, span in days.items()}
    except ValueError as error:
        if "time span" in str(error):
            raise
        raise ValueError(f"{error}; write days like 2026-12-25") from error


Opening = Annotated[Any, AfterValidator(lambda text: Span.parse(str(text)))]


class HoursTable(Part):
    """Business hours: '9:00-18:00' or 'closed'."""

    timezone: Annotated[Any, BeforeValidator(_zone)] = None
    monday: Opening
    tuesday: Opening
    wednesday: Opening
    thursday: Opening
    friday: Opening
    saturday: Opening
    sunday: Opening
    exceptions: Annotated[Any, BeforeValidator(_exceptions)] = Field(default={})

    def hours(self) -> Hours:
        """Return the value that the dialogue works with."""
        week = tuple(getattr(self, day.lower()) for day in WEEKDAYS)
        return Hours(week, self.exceptions, self.timezone)


class Store(Part):
    """The tables that the assistant brings along."""

    tables: tuple[str, ...] = Field(default=(), strict=False)  # CSV files of the folder


class KnowledgeTable(Part):
    """What the knowledge of products may ask the database."""

    purchases: str = (
        ""  # SQL for the columns item and day; :order_number is that slot, once confirmed
    )


# One name, or several: the first one is said, all are understood.
Called = Annotated[tuple[str, ...], BeforeValidator(several), Field(min_length=1, strict=False)]


class Identity(Part):
    """What assistant.toml holds."""

    name: str = Field(min_length=1)
    language: str = "en"
    also: tuple[str, ...] = Field(default=(), strict=False)  # languages to tell from it when heard
    greeting: Text
    consent: Text | None = None  # said before the greeting
    voice: Voice = Voice()
    hours: HoursTable
    handoff: HandOff = HandOff()
    confidence: Confidence = Confidence()
    mood: Mood = Mood()
    llm: LanguageModel = LanguageModel()
    known_callers: KnownCallers = KnownCallers()
    recommend: Recommend = Recommend()
    store: Store = Store()
    knowledge: KnowledgeTable = KnowledgeTable()
    facts: dict[str, str] = Field(default={})  # {names} that any text may use
    names: dict[str, Called] = Field(default={})  # of things, in a language that is not theirs


def all_facts(identity: Identity) -> dict[str, str]:
    """Return the {names} that any text may use: the business's own, and two that all have."""
    wait = forms_of(identity.language).spoken_minutes(identity.handoff.wait_minutes)
    return {**identity.facts, "business": identity.name, "wait": wait}
