"""The few Python functions of an assistant that touch the business's own systems.

A *look-up* reads and names the case it found; it may run for a reply that nobody hears. A *change*
writes, and runs only when the caller has said yes and has heard the answer to it::

    @look_up(needs=["order_number"], cases={"found": ["status"], "not_found": []})
    def find_order(request: Request) -> Found: ...

    @change(needs=["order_number"])
    def cancel_order(request: Request) -> None: ...

One function may say who can be calling, for flows that `verify`::

    @callers(by=["order_number", "phone_number"])
    def customers(request: Request) -> list[Profile]: ...

One function may know customers by their number, to guess what they call about::

    @known_caller
    def customer(request: Request) -> Known | None: ...

All are plain blocking functions, called in a worker thread.
"""

import sys
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from sqlalchemy import Connection

from dialogue import phrasing
from dialogue.forms import Forms
from dialogue.hours import Hours
from dialogue.names import Names
from dialogue.next_need import Known
from dialogue.reading import fail, read_text
from nlu.understand import Alternative

Attempt = tuple[Alternative, ...]  # at one factor: all the ways in which it may have been heard


@dataclass(frozen=True, slots=True)
class Claim:
    """Who a caller is known to be, by which factors, and what they have said towards more."""

    customer: str = ""
    proven: tuple[str, ...] = ()
    required: tuple[str, ...] = ()  # factors, by the flow under way
    attempts: tuple[tuple[str, tuple[Attempt, ...]], ...] = ()  # by factor


@dataclass(frozen=True, slots=True)
class Request:
    """What an action gets: the caller's slots, the local time, the hours, the database.

    The connection of a look-up refuses to write; that of a change commits when the action returns,
    and nothing is kept if it raises. `values` are what a change's look-up found, as they were said,
    with the slots as they were spoken: the caller heard them and said yes, so a change makes just
    that. `forms` are how the caller's language says days and amounts.
    """

    slots: Mapping[str, str]
    now: datetime
    hours: Hours
    connection: Connection
    call: str = ""  # names the conversation, as in the history
    values: Mapping[str, str] = field(default_factory=dict)
    claim: Claim | None = None  # while it is found out who is calling
    forms: Forms = phrasing
    names: Names = field(default_factory=Names)

    def things(self, names: Iterable[str]) -> str:
        """Return the business's own names as the caller's: 'the kettle and the toaster'."""
        return self.forms.spoken_things([self.names.said(name) for name in names])


@dataclass(frozen=True, slots=True)
class Profile:
    """A customer who may be calling: their key, and values by factor, as `nlu.values` reads them.

    A factor that is not known of them cannot be proved.
    """

    key: str
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Found:
    """The case, the values its text needs in their spoken form, and where they came from."""

    case: str
    values: Mapping[str, str] = field(default_factory=dict)
    source: str = ""  # "orders/15213"


LookUpFunction = Callable[[Request], Found]
ChangeFunction = Callable[[Request], None]
CallersFunction = Callable[[Request], Sequence[Profile]]
KnownFunction = Callable[[Request], Known | None]


@dataclass(frozen=True, slots=True)
class LookUp:
    """A function that reads. `cases` maps each case it may find to the values it then gives."""

    run: LookUpFunction
    needs: frozenset[str]
    cases: Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Change:
    """A function that writes."""

    run: ChangeFunction
    needs: frozenset[str]


@dataclass(frozen=True, slots=True)
class Callers:
    """A function that gives all whom the slots may mean; `by` any one of these slots."""

    run: CallersFunction
    by: frozenset[str]


@dataclass(frozen=True, slots=True)
class CallerLookUp:
    """A function that knows customers by their telephone number, its only slot: `phone`."""

    run: KnownFunction


Action = LookUp | Change | Callers | CallerLookUp


def look_up(
    *, cases: Mapping[str, Iterable[str]], needs: Iterable[str] = ()
) -> Callable[[LookUpFunction], LookUp]:
    """Make a function a look-up."""
    values = {case: frozenset(given) for case, given in cases.items()}
    return lambda function: LookUp(function, frozenset(needs), values)


def change(*, needs: Iterable[str] = ()) -> Callable[[ChangeFunction], Change]:
    """Make a function a change."""
    return lambda function: Change(function, frozenset(needs))


def callers(*, by: Iterable[str]) -> Callable[[CallersFunction], Callers]:
    """Make a function the one that knows who may be calling."""
    return lambda function: Callers(function, frozenset(by))


def known_caller(function: KnownFunction) -> CallerLookUp:
    """Make a function the one that knows who calls from a number."""
    return CallerLookUp(function)


def load_actions(path: Path) -> Mapping[str, Action]:
    """Run an assistant's actions.py and return its look-ups and changes by name.

    Raises AssistantError: the file cannot be imported.
    """
    read_text(path)
    name = f"dialogue.assistants.actions_of_{path.parent.name}"
    spec = spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        fail(path, 1, "is not a Python file; name it actions.py")
    module = module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        fail(path, error.lineno or 1, f"not Python: {error.msg}; correct this line")
    except Exception as error:  # whatever the file's own code raises is its mistake
        lines = [
            frame.lineno
            for frame in traceback.extract_tb(error.__traceback__)
            if frame.filename == str(path)
        ]
        line = (lines[-1] if lines else 1) or 1
        fail(path, line, f"cannot be imported: {type(error).__name__}: {error}; correct this line")
    finally:
        del sys.modules[name]
    return {key: item for key, item in vars(module).items() if isinstance(item, Action)}
