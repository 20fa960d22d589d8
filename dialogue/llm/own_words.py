"""A reply, a part of which a language model may put in its own words."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace

from dialogue.llm.grounding import Speaker, answer_from
from dialogue.llm.small_talk import chat
from dialogue.state import Decision, Rewordable
from dialogue.wording import Clauses


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause to say; `of` is the decision with what the reply comes to so far, `how` it came."""

    text: str
    of: Decision
    how: str = ""  # if a model was asked: see `answer_from`


async def in_own_words(
    decision: Decision, question: str, speaker: Speaker | None
) -> AsyncGenerator[Clause]:
    """Yield the reply's clauses, the rewordable ones in the model's words.

    Without a speaker, a question or such clauses the reply is said as it was decided.
    """
    part = decision.rewordable
    start = _start(decision.say, part.clauses) if part else None
    if part is None or start is None or speaker is None or not _wanted(part, question, speaker):
        for text in decision.say:
            yield Clause(text, decision)
        return
    before, after = decision.say[:start], decision.say[start + len(part.clauses) :]
    for text in before:
        yield Clause(text, decision)
    how, said = [""], before
    async with aclosing(_answer(part, question, speaker, how.append)) as answer:
        async for text in answer:
            said = (*said, text)
            yield Clause(text, _saying(decision, said + after), how[-1])
    decision = _saying(decision, said + after)
    for text in after:
        yield Clause(text, decision, how[-1])


def _answer(
    part: Rewordable, question: str, speaker: Speaker, tell: Callable[[str], object]
) -> AsyncGenerator[str]:
    if part.passages:
        return answer_from(part.passages, question, speaker, tell)
    return chat(part.clauses, question, speaker, tell)


def _wanted(part: Rewordable, question: str, speaker: Speaker) -> bool:
    return bool(question) and (speaker.answers if part.passages else speaker.small_talk)


def _start(say: Clauses, clauses: Clauses) -> int | None:
    """Return where in the reply the clauses are."""
    count = len(clauses)
    starts = (at for at in range(len(say)) if count and say[at : at + count] == clauses)
    return next(starts, None)


def _saying(decision: Decision, say: Clauses) -> Decision:
    return replace(decision, say=say, state=replace(decision.state, said=say))
