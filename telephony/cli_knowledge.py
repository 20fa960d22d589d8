"""How `offhook kb ask` shows an answer."""

from collections.abc import Mapping

from rich.console import Console
from rich.text import Text

from dialogue.knowledge import Found
from dialogue.phrasing import render

SHOWN = 3  # of what else was near


def print_answer(
    question: str, found: Found, facts: Mapping[str, str], verbose: bool, out: Console
) -> None:
    """Print what a caller would hear, where it stands and how sure that is."""
    answer = found.answer
    if answer is None:
        why = "about us, but nothing answers it" if found.about_us else "nothing to do with us"
        out.print(Text(f"No answer: {why}."))
    else:
        out.print(Text(" ".join(render(answer.text, facts)), "bold"), soft_wrap=True)
        out.print(
            f"  {answer.source}  {answer.score:.0%}", highlight=False, markup=False, soft_wrap=True
        )
    if found.away:
        out.print("  the graph's endpoint did not answer")
    if not verbose:
        return
    if found.masked:
        out.print(f"  taken as: {found.masked}", highlight=False, markup=False, soft_wrap=True)
    for reading in found.readings[:SHOWN]:
        scores = f"cosine {reading.meaning:.2f}, words {reading.words:.2f}"
        out.print(f"  {reading.confidence:6.1%}  {reading.name}  ({scores})", highlight=False)
    for one in found.passages[:SHOWN]:
        scores = f"cosine {one.meaning:.2f}, words {one.words:.2f}"
        source = one.passage.source
        out.print(f"  {one.confidence:6.1%}  {source}  ({scores})", highlight=False)
