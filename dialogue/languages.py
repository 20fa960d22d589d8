"""In which language a call goes on: as the caller asks for it, writes, or is heard to speak."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dialogue.agent import Said
from dialogue.assistant import Assistant
from dialogue.controls import Control, control
from dialogue.knowledge import Knowledge
from nlu.language import reader_of
from nlu.tags import primary
from nlu.understand import Context, Nlu

_SCRIPTS = {"zh": re.compile(r"[\u4e00-\u9fff]")}  # of languages that are not written in Latin
_LATIN_WORD = re.compile(r"[^\W\d_]{2,}")
FEW = 2  # characters, or words but one, that tell no language yet: "OK OK", "wifi"


@dataclass(frozen=True, slots=True)
class Tongue:
    """What one language of an assistant takes."""

    assistant: Assistant
    nlu: Nlu
    knowledge: Knowledge | None = None

    def sure_of_request(self, words: str) -> float | None:
        """How sure it is what the words ask for; None where for nothing that there is a flow for.

        Small talk is no request, and one with half a number in it no whole one. Blocking.
        """
        found = self.nlu.understand(words, Context())
        flow = self.assistant.flows.get(found.intent)
        whole = flow is not None and not flow.small_talk and not found.unread
        return found.confidence if whole else None


@dataclass(frozen=True, slots=True)
class Wish:
    """The caller wants this language, or speaks it.

    `told`: their words are in it, and to be answered; else they are no use to the dialogue.
    """

    language: str
    why: str
    told: bool = False


def wish(turn: Said, now: Assistant, all_of_them: Iterable[Assistant]) -> Wish | None:
    """Return the language that the call should go on in, if the turn tells of another one."""
    wordings = {one.language: one.controls.get(Control.THIS_LANGUAGE, ()) for one in all_of_them}
    if turn.keys or len(wordings) < 2:
        return None
    if wanted := _asked_for(turn.text, wordings):
        return Wish(wanted, f"asks for {wanted}")
    written = _written_in(turn.text, wordings)
    if written and written != now.language:
        return Wish(written, f"the words are {written}", told=True)
    heard, sure = turn.language, turn.language_confidence
    spoken = next((one for one in wordings if primary(one) == heard), now.language)
    if spoken != now.language and sure >= now.confidence.language:
        return Wish(spoken, f"heard {heard} {sure:.2f}")
    return None


def _asked_for(text: str, wordings: Mapping[str, tuple[str, ...]]) -> str | None:
    written = (reader_of(language).usual(text) for language in wordings)
    return next(filter(None, (control(words, wordings) for words in written)), None)


def _written_in(text: str, languages: Iterable[str]) -> str | None:
    """Return the language whose script the text is in, if that tells."""
    latin = [one for one in languages if primary(one) not in _SCRIPTS]
    words = {word.lower() for word in _LATIN_WORD.findall(text) if word.isascii()}
    for one in languages:
        script = _SCRIPTS.get(primary(one))
        if script and (letters := script.findall(text)):
            return one if len(letters) >= FEW and len(letters) > len(words) else None
    return latin[0] if len(latin) == 1 and len(words) > FEW else None
