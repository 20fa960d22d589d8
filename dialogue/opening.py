"""The opening hours as a look-up, for every assistant: actions.py imports it."""

from datetime import date, timedelta

from dialogue import ActionError
from dialogue.actions import Found, Request, look_up
from dialogue.phrasing import capital

SOURCE = "assistant.toml#hours"


@look_up(
    cases={
        "open_now": ["closes"],
        "opens_later": ["opens", "at"],
        "open_on_day": ["day", "at", "closes"],
        "closed_on_day": ["day", "opens", "at"],
    }
)
def opening_hours(request: Request) -> Found:
    """Now, or on the day that the caller named."""
    now, hours, forms = request.now, request.hours, request.forms
    today = now.date()
    day = date.fromisoformat(request.slots.get("date", today.isoformat()))
    span = hours.on(day)
    if day != today and span:
        values = {
            "day": capital(forms.spoken_day(day, today)),
            "at": forms.spoken_time(span.opens),
            "closes": forms.spoken_time(span.closes),
        }
        return Found("open_on_day", values, SOURCE)
    if span and hours.is_open(now):
        return Found("open_now", {"closes": forms.spoken_time(span.closes)}, SOURCE)
    before = (
        now if day == today else now.replace(hour=0, minute=0) + timedelta(days=(day - today).days)
    )
    opening = hours.next_opening(before)
    if opening is None:
        raise ActionError("the business never opens; mend [hours] in assistant.toml")
    values = {
        "day": capital(forms.spoken_day(day, today)),
        "opens": forms.spoken_day(opening.date(), today),
        "at": forms.spoken_time(opening.time()),
    }
    return Found("closed_on_day" if day != today else "opens_later", values, SOURCE)
