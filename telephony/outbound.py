"""Calls that we place: what is said to a person, and what to an answering machine."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from urllib.parse import urlencode

import phonenumbers

from dialogue.agent import Brief, CallerTurn, Exchange, Said, Waiting
from dialogue.phrasing import sentences
from telephony import SettingsError
from telephony.twilio_api import NewCall

MESSAGE_CHARACTERS = 1000  # spoken in about a minute; it travels in a URL
ATTEMPTS = 3  # to say a message to a machine that makes noises meanwhile
LEFT_MESSAGE, MACHINE = "left_message", "answering_machine"  # outcomes of the record


@dataclass(frozen=True, slots=True)
class Errand:
    """Why we call: what a person hears first, and what an answering machine gets.

    Without `opening` a person hears the message; without either, the greeting. Without `message` a
    machine gets nothing.
    """

    message: str = ""
    opening: str = ""

    @property
    def first_words(self) -> str:
        """What a person hears first; "" is the greeting."""
        return self.opening or self.message

    def as_query(self) -> str:
        """Return it as a URL's query, with its question mark; "" for nothing."""
        said = {"message": self.message, "opening": self.opening}
        given = {name: text for name, text in said.items() if text}
        return f"?{urlencode(given)}" if given else ""


def errand(message: str, opening: str = "") -> Errand:
    """Return an errand. Raises SettingsError: a text is too long."""
    for text in (message, opening):
        if len(text) > MESSAGE_CHARACTERS:
            raise SettingsError(
                f"{len(text)} characters are too many to say at once:"
                f" keep it within {MESSAGE_CHARACTERS}"
            )
    return Errand(" ".join(message.split()), " ".join(opening.split()))


def e164(number: str) -> str:
    """Return a telephone number like +13125550123.

    Raises SettingsError: it is none, or leaves open which country it is in.
    """
    try:
        read = phonenumbers.parse(number)
        possible = phonenumbers.is_possible_number(read)
    except phonenumbers.NumberParseException:
        possible = False
    if not possible:
        raise SettingsError(
            f"{number} is no telephone number with its country: write it like +13125550123"
        )
    return str(phonenumbers.format_number(read, phonenumbers.PhoneNumberFormat.E164))


def outgoing(to: str, from_: str, origin: str, wanted: Errand, ring_seconds: int) -> NewCall:
    """Return the call to place; the server at `origin` talks when it is answered."""
    return NewCall(
        to=to,
        from_=from_,
        url=f"{origin}/twilio/outbound{wanted.as_query()}",
        status_url=f"{origin}/twilio/outbound/status",
        ring_seconds=ring_seconds,
        detect="message_end",
        detected_url=f"{origin}/twilio/amd",
    )


class Announcement:
    """An `Agent` for answering machines: says its message, whatever it hears, and hangs up.

    What interrupts it makes it begin again: a message that is cut is of no use.
    """

    def __init__(self, message: str) -> None:
        self._clauses = [one for one in sentences(message) if any(map(str.isalnum, one))]
        self._attempts = 0
        self.outcome: str | None = None if self._clauses else MACHINE
        self.speed = 1.0
        self.language = ""
        self.waiting = Waiting()
        self.exchange: Exchange | None = None
        self.brief = Brief()

    async def foresee(self, turn: Said | None = None) -> str:
        """Return nothing: the message is ready as it is."""
        return ""

    async def reply(self, turn: CallerTurn) -> AsyncGenerator[str]:
        """Yield the message sentence by sentence; at last, nothing."""
        self.exchange = Exchange(turn)
        if self._attempts < ATTEMPTS:
            for clause in self._clauses:
                yield clause

    async def commit(self, said: str, heard: str) -> None:
        """End the call when the message was heard, or cannot be."""
        self._attempts += 1
        if heard.split() == " ".join(self._clauses).split():
            self.outcome = LEFT_MESSAGE
        elif self._attempts >= ATTEMPTS:
            self.outcome = MACHINE
