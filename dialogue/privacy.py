"""What nobody may read later: values of private slots, masked wherever they were said."""

import re
from collections.abc import Iterable, Iterator

from dialogue.agent import CallerTurn, Said
from dialogue.assistant import Assistant
from dialogue.forms import forms_of
from dialogue.phrasing import spoken_digits
from dialogue.state import AskSlot, ConfirmSlot, Prove, State
from nlu.language import reader_of
from nlu.understand import Slot, Understanding

DOT = "•"
LONG = 12  # from so many digits on, the last four may stay: enough to tell cards apart
NUMBERS = frozenset({"digits", "phone"})  # kinds of slots
_WORD = re.compile(r"[\u4e00-\u9fff]|[^\W\d_]+(?:'\w+)?|\w*[^\W\d]\w*")
FEWEST = 3  # digits that are a secret among words: a card's security code


def secrets(
    turn: CallerTurn,
    understanding: Understanding | None,
    states: tuple[State, State],
    assistant: Assistant,
) -> tuple[str, ...]:
    """Return what of this turn and its reply must be masked; `states` are before and after it."""
    private = {slot for slot, texts in assistant.slot_texts.items() if texts.private}
    proves = isinstance(states[0].step, Prove)
    if not private and not proves:
        return ()
    values = {value for state in states for value in _values(state, private, assistant)}
    found = set(values) | {spoken_digits(value) for value in values}
    if understanding is not None:
        slots = [slot for slot in understanding.slots if proves or slot.name in private]
        hidden = [part for slot in slots for part in _parts(slot, assistant)]
        found |= {*hidden}
        if hidden and isinstance(turn, Said) and turn.text != understanding.text:
            found.add(turn.text)  # it was heard in another way than it is written down
    if isinstance(turn, Said) and proves:
        found.add(turn.text)
    elif isinstance(turn, Said):
        found |= _said(turn.text, states[0], values, assistant)
    return tuple(sorted(found - {""}, key=len, reverse=True))


def secret_parts(text: str, slot: str, assistant: Assistant) -> set[str]:
    """Return what is the secret in the words for a private slot.

    That is all of them; but where the answers are listed (`vocabulary`), those are none: "PayPal,
    please" may be read by all. Who says anything beside them, a name, a code, a password, has it
    hidden with the rest, and a number is hidden in any case.
    """
    texts = assistant.slot_texts.get(slot)
    if texts is None or not texts.vocabulary:
        return {text}
    listed = {word for answer in texts.vocabulary for word in _WORD.findall(answer.casefold())}
    harmless = forms_of(assistant.language).HARMLESS
    if any(word not in listed | harmless for word in _WORD.findall(_plain(text))):
        return {text}
    runs = reader_of(assistant.language).digit_runs(text)
    return {text[run.start : run.end] for run in runs if len(run.value) >= FEWEST}


def _plain(text: str) -> str:
    return text.casefold().replace("\u2019", "'")


def masked(text: str, hidden: Iterable[str]) -> str:
    """Return the text with dots in place of these pieces, word for word."""
    for piece in hidden:
        while piece and (start := text.casefold().find(piece.casefold())) >= 0:
            end = start + len(piece)
            dots = mask(text[start:end])
            if dots == text[start:end]:
                break
            text = text[:start] + dots + text[end:]
    return text


def mask(value: str) -> str:
    """'4242424242424242' → '••••••••••••4242', '1234' → '••••'."""
    places = [index for index, character in enumerate(value) if character.isalnum()]
    digits = sum(character.isdigit() for character in value)
    hidden = set(places[:-4] if digits >= LONG else places)
    return "".join(DOT if at in hidden else character for at, character in enumerate(value))


def _parts(slot: Slot, assistant: Assistant) -> set[str]:
    return secret_parts(slot.text, slot.name, assistant) | secret_parts(
        slot.value, slot.name, assistant
    )


def _values(state: State, private: set[str], assistant: Assistant) -> Iterator[str]:
    held = [(slot, value) for slot, value in state.slots if slot in private]
    if isinstance(state.step, ConfirmSlot) and state.step.slot in private:
        held.append((state.step.slot, state.step.value))
    if isinstance(state.step, AskSlot) and state.step.slot in private:
        held.append((state.step.slot, state.step.begun))
    for slot, value in held:
        yield from secret_parts(value, slot, assistant)


def _said(text: str, before: State, values: set[str], assistant: Assistant) -> set[str]:
    """Return the caller's own words for it."""
    runs = list(reader_of(assistant.language).digit_runs(text))
    found = {text[run.start : run.end] for run in runs if run.value in values}
    step = before.step
    if isinstance(step, AskSlot | ConfirmSlot) and assistant.slot_texts[step.slot].private:
        if assistant.slots[step.slot].kind not in NUMBERS:
            return found | secret_parts(text, step.slot, assistant)
        found |= {text[run.start : run.end] for run in runs}
        found |= {word for run in runs for word in text[run.start : run.end].split()}
        pieces = [run.value for run in runs]  # of a number that came in pieces: they are told again
        found |= {spoken_digits(said) for said in (*pieces, "".join(pieces))}
    return found
