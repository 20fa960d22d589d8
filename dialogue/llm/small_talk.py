"""Small talk by a language model: one short sentence that states nothing about the business."""

import logging
import re
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing

from anyio import fail_after

from dialogue import LlmError
from dialogue.llm.clauses import clauses
from dialogue.llm.grounding import AS_WRITTEN, REWORDED, Speaker
from dialogue.llm.model import Message
from dialogue.llm.support_text import Text

log = logging.getLogger(__name__)

MOST_WORDS = 16
INSTRUCTIONS = """\
You answer the telephone of a shop. The caller has said something that is none of its business. \
Reply in one short, friendly sentence without facts, numbers, names, offers or promises, and \
without a question."""
_PROMISES = re.compile(
    r"\b(?:(?:i|we) (?:can|could|will|would|have|offer|sell|do)|(?:i|we)'(?:ll|ve|d)|let me|your"
    r"|order|refund|return|price|cost|deliver|ship|parcel|stock|store|shop|card|pay|free|discount"
    r"|cancel|warranty|guarantee|colleague|product|website)\w*",
    re.IGNORECASE,
)


async def chat(
    instead: Sequence[str], words: str, speaker: Speaker, tell: Callable[[str], object]
) -> AsyncGenerator[str]:
    """Yield one harmless sentence about the caller's words, or the clauses that stand instead.

    `tell` hears which, as of `answer_from`. No error of the model leaves here.
    """
    try:
        stream = clauses(
            speaker.llm.stream([Message("system", INSTRUCTIONS), Message("user", words)])
        )
        async with aclosing(stream) as spoken:
            with fail_after(speaker.limit_seconds):
                reply = await anext(spoken, "")
        if not harmless(reply):
            raise LlmError(f"no small talk: {reply}")
        tell(REWORDED)
        yield reply
    except (TimeoutError, LlmError) as error:
        why = str(error) or f"the model took longer than {speaker.limit_seconds:g} s"
        log.warning("small talk is left out: %s", why)
        tell(f"{AS_WRITTEN}: {why}")
        for clause in instead:
            yield clause


def harmless(sentence: str) -> bool:
    """Say whether it states and promises nothing that could be wrong."""
    text = Text(sentence)
    short = 0 < len(sentence.split()) <= MOST_WORDS and not sentence.endswith("?")
    return short and not (text.figures or text.names or _PROMISES.search(sentence))
