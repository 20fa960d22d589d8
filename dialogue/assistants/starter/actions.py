"""What the assistant looks up and changes. Replace the SQL by calls to your own system.

A look-up only reads: it names the case that it found, and gives the values that flows.yaml says
for it. A change writes, and runs only when the caller has said yes and has heard the answer.
"""

from collections.abc import Mapping
from datetime import date

from sqlalchemy import text

from dialogue import ActionError
from dialogue.actions import Found, Request, change, look_up


@look_up(
    needs=["ticket"],
    cases={  # every case it may find, with the values that it then gives
        "waiting": ["bike", "ready"],
        "in_work": ["bike", "ready"],
        "ready": ["bike", "price"],
        "collected": [],
        "not_found": [],
    },
)
def find_repair(request: Request) -> Found:
    """Find out how far it is."""
    repair = _repair(request)
    if repair is None:
        return Found("not_found")
    return Found(repair["status"], _spoken(repair, request), f"repairs/{repair['ticket']}")


@look_up(needs=["ticket"], cases={"possible": ["bike"], "too_late": [], "not_found": []})
def find_cancellable(request: Request) -> Found:
    """Find out whether it may be cancelled."""
    repair = _repair(request)
    if repair is None:
        return Found("not_found")
    case = "possible" if repair["status"] == "waiting" else "too_late"
    return Found(case, _spoken(repair, request), f"repairs/{repair['ticket']}")


@change(needs=["ticket"])
def cancel_repair(request: Request) -> None:
    """Take it off the list, if nobody has begun."""
    delete = text("DELETE FROM repairs WHERE ticket = :ticket AND status = 'waiting'")
    done = request.connection.execute(delete, {"ticket": request.slots["ticket"]})
    if done.rowcount != 1:
        raise ActionError("the repair has begun")  # the caller hears change_failed


def _repair(request: Request) -> Mapping[str, str] | None:
    query = text("SELECT * FROM repairs WHERE ticket = :ticket")
    ticket = {"ticket": request.slots["ticket"]}
    row = request.connection.execute(query, ticket).mappings().one_or_none()
    return None if row is None else dict(row)


def _spoken(repair: Mapping[str, str], request: Request) -> dict[str, str]:
    """Put days and amounts as they are said."""
    ready = request.forms.spoken_day(date.fromisoformat(repair["ready"]), request.now.date())
    return {**repair, "ready": ready, "price": request.forms.spoken_money(repair["price"])}
