"""Answers out of passages in a language model's words, each clause checked before it is said.

Whatever goes wrong, the caller hears the answer as it is written, and nothing twice: the rest of it
that the clauses said so far do not cover.
"""

import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial

from anyio import fail_after, to_thread

from dialogue import LlmError
from dialogue.llm.clauses import clauses
from dialogue.llm.guard import Guard
from dialogue.llm.model import Llm, Message
from dialogue.llm.support_text import is_idle
from dialogue.phrasing import sentences

log = logging.getLogger(__name__)

REWORDED = "reworded"
AS_WRITTEN = "as written"  # and why
MOST_CLAUSES = 4  # of one answer: callers listen, they cannot skim

INSTRUCTIONS = """\
You answer the telephone of a business. Answer the caller's question with the facts below and \
nothing else, in one to three short spoken sentences. Keep every number, price, day and name as it \
is. No lists, no markup, no greeting, no question back. If the facts do not answer the question, \
say only: {unknown}

Facts:
{facts}"""
UNKNOWN = "I don't know."


@dataclass(frozen=True, slots=True)
class Speaker:
    """The language model, what checks it, and what it is asked for."""

    llm: Llm
    guard: Guard
    limit_seconds: float = 2.5  # how long a caller may wait for its next clause
    answers: bool = True
    summaries: bool = True
    small_talk: bool = False


async def answer_from(
    passages: Sequence[str],
    question: str,
    speaker: Speaker,
    tell: Callable[[str], object] = lambda how: None,
) -> AsyncGenerator[str]:
    """Yield the answer clause by clause, each within the speaker's time limit.

    If need be the first passage is read, without its title: a sentence that asks. `tell` hears how
    the answer came about: "reworded", or "as written: " and why. No error of the model leaves here.
    """
    said: list[str] = []
    guard = speaker.guard
    try:
        pieces = speaker.llm.stream(prompt(passages, question))
        speaking = _supported(pieces, passages, guard)
        async with aclosing(speaking) as supported:
            while len(said) < MOST_CLAUSES:
                with fail_after(speaker.limit_seconds):
                    clause = await anext(supported, None)
                if clause is None:
                    break
                said.append(clause)
                tell(REWORDED)
                yield clause
        if said:
            return
        why = "the model said nothing"
    except TimeoutError:
        why = f"the model took longer than {speaker.limit_seconds:g} s"
    except LlmError as error:
        why = str(error)
    log.warning("an answer is read as written: %s", why)
    tell(f"{AS_WRITTEN}: {why}")
    written = [part for part in sentences(passages[0]) if not part.endswith("?")]
    for sentence in await to_thread.run_sync(_rest, written, said, guard):
        yield sentence


def prompt(passages: Sequence[str], question: str) -> list[Message]:
    """Return what the model is asked."""
    facts = "\n".join(f"- {passage}" for passage in passages)
    return [
        Message("system", INSTRUCTIONS.format(unknown=UNKNOWN, facts=facts)),
        Message("user", question),
    ]


async def _supported(
    pieces: AsyncGenerator[str], passages: Sequence[str], guard: Guard
) -> AsyncGenerator[str]:
    """Yield the clauses that the passages support. Raises LlmError at one that they do not."""
    async with aclosing(clauses(pieces)) as spoken:
        async for clause in spoken:
            if clause.endswith("?") or is_idle(clause):  # the dialogue asks its own questions
                continue
            if clause == UNKNOWN:
                raise LlmError("the model found no answer in the passages")
            judging = partial(guard.judge, clause, passages)
            verdict = await to_thread.run_sync(judging, abandon_on_cancel=True)
            if not verdict.supported:
                raise LlmError(f"not in the passages ({verdict}): {clause}")
            yield clause


def _rest(written: Sequence[str], said: Sequence[str], guard: Guard) -> list[str]:
    """Return the sentences that what was said does not say already. Blocking."""
    if not said:
        return list(written)
    return [sentence for sentence in written if not guard.judge(sentence, said).supported]
