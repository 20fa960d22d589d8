"""What a colleague should know of a call: the summary as written, and what a model adds to it."""

import logging
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial

from anyio import fail_after, to_thread

from dialogue import LlmError
from dialogue.llm.clauses import clauses
from dialogue.llm.grounding import Speaker
from dialogue.llm.model import Message
from dialogue.phrasing import sentences

log = logging.getLogger(__name__)

SUMMARY_SECONDS = 10.0  # nobody waits for it
MOST_CLAUSES = 2  # added
INSTRUCTIONS = """\
A colleague takes over this telephone call. Tell them in at most two short sentences what the \
caller wants and what has happened, beginning with "The caller". Say only what was said; keep \
numbers and names as they are. No markup.
They know already: {known}"""


@dataclass(frozen=True, slots=True)
class Line:
    """What one side said."""

    speaker: str  # caller or assistant
    text: str


async def summary(written: str, turns: Sequence[Line], speaker: Speaker | None) -> str:
    """Return the written summary; with a speaker, and what it adds that the turns support.

    Takes SUMMARY_SECONDS at most. No error of the model leaves here.
    """
    if speaker is None or not speaker.summaries or not turns:
        return written
    added: list[str] = []
    said = "\n".join(f"{turn.speaker}: {turn.text}" for turn in turns)
    asked = [Message("system", INSTRUCTIONS.format(known=written)), Message("user", said)]
    try:
        with fail_after(SUMMARY_SECONDS):
            async with aclosing(clauses(speaker.llm.stream(asked))) as spoken:
                async for clause in spoken:
                    new = partial(_adds, clause, written, turns, speaker)
                    if await to_thread.run_sync(new, abandon_on_cancel=True):
                        added.append(clause)
                    if len(added) == MOST_CLAUSES:
                        break
    except (TimeoutError, LlmError) as error:
        log.warning("a summary is left as written: %s", str(error) or "the model was too slow")
    return " ".join((written, *added))


def _adds(clause: str, written: str, turns: Sequence[Line], speaker: Speaker) -> bool:
    """Say whether the turns support it and the written summary does not say it. Blocking."""
    told = [
        f"The {turn.speaker} said: {sentence}"
        for turn in turns
        for sentence in sentences(turn.text)
    ]
    stated = [line.rstrip("?") for line in told]  # a caller's question tells what they want
    judge = speaker.guard.judge
    return judge(clause, stated).supported and not judge(clause, [written]).supported
