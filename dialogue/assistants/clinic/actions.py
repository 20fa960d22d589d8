"""What the practice looks up and changes. Replace the SQL by calls to your own systems."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import wraps

from rapidfuzz import fuzz, process, utils
from sqlalchemy import text

from dialogue import ActionError
from dialogue.actions import Found, Request, change, look_up
from dialogue.opening import opening_hours
from dialogue.phrasing import WEEKDAYS, capital, spoken_day, spoken_time

__all__ = ["opening_hours"]  # is as it comes
Row = Mapping[str, str]
LookUpFunction = Callable[[Request], Found]
Cases = dict[str, tuple[str, ...]]

VISIT = timedelta(minutes=30)
AHEAD = timedelta(days=60)  # how far appointments are given
REPEAT_AFTER = timedelta(days=21)  # from one repeat of a prescription to the next
ALIKE = 75  # of 100: how near a spoken name must come to one of ours
PARTS = {  # of the day, and when they begin: the first whose words were said
    r"first thing|early|morning|before (noon|lunch)": time(0),
    r"afternoon|after (noon|lunch)": time(12),
    r"evening|late|end of|after (school|work)": time(15),
}
ANYBODY = re.compile(r"\b(any|anyone|anybody|whoever|either|first|matter|mind|care)\b")
IDENTITY: Cases = {"unknown_number": (), "wrong_birth_date": ()}
OFFER = ("doctor", "day", "at")
FREE: Cases = {
    "free": OFFER,
    "other_day": (*OFFER, "asked"),
    "no_such_doctor": ("doctor", "doctors"),
    "beyond": ("last",),
    "full": (),
}


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """Half an hour of a doctor's."""

    at: datetime
    doctor: str

    def values(self, request: Request) -> dict[str, str]:
        """Return it as it is said, and, for a change, as it is kept."""
        return {
            "doctor": self.doctor,
            "day": spoken_day(self.at.date(), request.now.date()),
            "at": spoken_time(self.at.time()),
            "date": self.at.date().isoformat(),
            "time": f"{self.at:%H:%M}",
        }


def for_patients(function: LookUpFunction) -> LookUpFunction:
    """Look nothing up before the patient number and the date of birth agree."""

    @wraps(function)
    def checked(request: Request) -> Found:
        query = "SELECT birth_date FROM patients WHERE number = :patient_number"
        patients = _rows(request, query, request.slots)
        if not patients:
            return Found("unknown_number")
        if patients[0]["birth_date"] != request.slots["birth_date"]:
            return Found("wrong_birth_date")
        return function(request)

    return checked


@look_up(needs=["patient_number", "birth_date", "date"], cases=FREE | IDENTITY)
@for_patients
def find_free(request: Request) -> Found:
    """Find a free half hour, as near as can be to what was asked for."""
    return _free(request, request.slots)


@change(needs=["patient_number", "birth_date", "date"])
def book(request: Request) -> None:
    """Book what was agreed to, if nobody else has taken it meanwhile."""
    agreed = dict(request.values) | {"patient": request.slots["patient_number"]}
    insert = text(
        "INSERT INTO appointments (id, patient, doctor, day, at)"
        " SELECT :date || ' ' || :time || ' ' || :doctor, :patient, :doctor, :date, :time"
        " WHERE NOT EXISTS (SELECT * FROM appointments"
        "  WHERE doctor = :doctor AND day = :date AND at = :time)"
    )
    if request.connection.execute(insert, agreed).rowcount != 1:
        raise ActionError(f"{agreed['date']} {agreed['time']} has been taken meanwhile")


@look_up(
    needs=["patient_number", "birth_date", "date"],
    cases={name: (*values, "before") for name, values in FREE.items()}
    | IDENTITY
    | {"same_day": ("before",), "none": ()},
)
@for_patients
def find_other(request: Request) -> Found:
    """Find another half hour for the next appointment; with its doctor, unless one was named."""
    coming = _coming(request)
    if not coming:
        return Found("none")
    appointment, slots = coming[0], request.slots
    before = _slot(appointment).values(request)
    told = {"before": f"{before['day']} at {before['at']}", "appointment": appointment["id"]}
    other = {"time", "time_of_day", "doctor"} & slots.keys()
    if slots["date"] == before["date"] and not other:
        return Found("same_day", told)
    found = _free(request, {"doctor": appointment["doctor"]} | dict(slots))
    return Found(found.case, {**found.values, **told}, found.source)


@change(needs=["patient_number", "birth_date", "date"])
def move(request: Request) -> None:
    """Move it to what was agreed to, if nobody else has taken that meanwhile."""
    update = text(
        "UPDATE appointments SET doctor = :doctor, day = :date, at = :time,"
        "  id = :date || ' ' || :time || ' ' || :doctor"
        " WHERE id = :appointment AND NOT EXISTS (SELECT * FROM appointments AS other"
        "  WHERE other.doctor = :doctor AND other.day = :date AND other.at = :time)"
    )
    if request.connection.execute(update, dict(request.values)).rowcount != 1:
        raise ActionError(f"{request.values['appointment']} cannot be moved there any more")


@look_up(
    needs=["patient_number", "birth_date"],
    cases={"found": OFFER, "another": (*OFFER, "asked"), "none": ()} | IDENTITY,
)
@for_patients
def find_cancellable(request: Request) -> Found:
    """Find the appointment of the day that was named, or else the next one."""
    coming = _coming(request)
    if not coming:
        return Found("none")
    day = request.slots.get("date")
    that_day = [row for row in coming if row["day"] == day]
    row = (that_day or coming)[0]
    values = _slot(row).values(request) | {"appointment": row["id"]}
    if day and not that_day:
        asked = capital(spoken_day(date.fromisoformat(day), request.now.date()))
        return Found("another", values | {"asked": asked}, f"appointments/{row['id']}")
    return Found("found", values, f"appointments/{row['id']}")


@change(needs=["patient_number", "birth_date"])
def cancel(request: Request) -> None:
    """Cancel the one that was agreed to."""
    delete = text("DELETE FROM appointments WHERE id = :appointment AND patient = :patient")
    patient = request.slots["patient_number"]
    agreed = {"appointment": request.values["appointment"], "patient": patient}
    if request.connection.execute(delete, agreed).rowcount != 1:
        raise ActionError(f"appointment {agreed['appointment']} is not there any more")


@look_up(
    needs=["patient_number", "birth_date"],
    cases={"one": OFFER, "several": (*OFFER, "others"), "none": ()} | IDENTITY,
)
@for_patients
def find_appointments(request: Request) -> Found:
    """Find out when the patient is expected."""
    coming = [(row, _slot(row).values(request)) for row in _coming(request)]
    if not coming:
        return Found("none")
    (row, first), *others = coming
    source = f"appointments/{row['id']}"
    if not others:
        return Found("one", first, source)
    said = ", and ".join(f"Doctor {v['doctor']} {v['day']} at {v['at']}" for _, v in others)
    return Found("several", first | {"others": said}, source)


@look_up(
    needs=["medicine", "patient_number", "birth_date"],
    cases={
        "repeatable": ("name",),
        "ordered": ("name", "day"),
        "review": ("name",),
        "not_found": (),
    }
    | IDENTITY,
)
@for_patients
def find_prescription(request: Request) -> Found:
    """Find out whether the medicine may be ordered again without seeing the doctor."""
    query = "SELECT * FROM prescriptions WHERE patient = :patient_number"
    named = [
        (
            fuzz.token_set_ratio(request.slots["medicine"], name, processor=utils.default_process),
            row,
        )
        for row in _rows(request, query, request.slots)
        for name in (row["medicine"], row["treats"])
    ]
    alike, row = max(named, key=lambda pair: pair[0], default=(0.0, {}))
    if alike < ALIKE:
        return Found("not_found")
    today, source = request.now.date(), f"prescriptions/{row['id']}"
    values = {"name": row["medicine"], "prescription": row["id"], "repeats": row["repeats"]}
    if row["ordered"] and date.fromisoformat(row["ordered"]) + REPEAT_AFTER > today:
        values["day"] = spoken_day(date.fromisoformat(row["ordered"]), today)
        return Found("ordered", values, source)
    return Found("repeatable" if int(row["repeats"]) else "review", values, source)


@change(needs=["medicine", "patient_number", "birth_date"])
def order(request: Request) -> None:
    """Order a repeat of the prescription that was agreed to, once."""
    update = text(
        "UPDATE prescriptions SET repeats = :left, ordered = :today"
        " WHERE id = :prescription AND repeats = :repeats"
    )
    left = str(int(request.values["repeats"]) - 1)
    values = dict(request.values) | {"left": left, "today": request.now.date().isoformat()}
    if request.connection.execute(update, values).rowcount != 1:
        raise ActionError(f"prescription {values['prescription']} has been ordered meanwhile")


def _free(request: Request, wanted: Mapping[str, str]) -> Found:
    """Find the first half hour that is free that day, from the time on; or of the nearest day."""
    today, day = request.now.date(), date.fromisoformat(wanted["date"])
    if not today <= day <= today + AHEAD:
        return Found("beyond", {"last": spoken_day(today + AHEAD, today).removeprefix("on ")})
    doctors = _rows(request, "SELECT * FROM doctors", {})
    named = wanted.get("doctor", "")
    if named and not ANYBODY.search(named.lower()):
        names = [row["name"] for row in doctors]
        match = process.extractOne(
            re.sub(r"(?i)\b(doctor|dr)\b\.?", "", named), names,
            scorer=fuzz.ratio, processor=utils.default_process, score_cutoff=ALIKE,
        )  # fmt: skip
        if match is None:
            *most, last = names
            return Found(
                "no_such_doctor", {"doctor": named, "doctors": f"{', '.join(most)} and {last}"}
            )
        doctors = [row for row in doctors if row["name"] == match[0]]
    slot = _nearest(request, doctors, day, _from(wanted))
    if slot is None:
        return Found("full")
    values = slot.values(request) | {"asked": capital(spoken_day(day, today))}
    return Found("free" if slot.at.date() == day else "other_day", values, f"doctors/{slot.doctor}")


def _from(wanted: Mapping[str, str]) -> time:
    if "time" in wanted:
        return time.fromisoformat(wanted["time"])
    said = wanted.get("time_of_day", "").lower()
    return next((begins for words, begins in PARTS.items() if re.search(words, said)), time(0))


def _nearest(request: Request, doctors: Iterable[Row], day: date, since: time) -> Slot | None:
    """Return the first from that time on, of the nearest day; the last of a day, if all end before.

    Of two days that are as near, the later one.
    """
    today, doctors = request.now.date(), list(doctors)
    days = sorted(
        (today + timedelta(n) for n in range(AHEAD.days + 1)),
        key=lambda other: (abs(other - day), other < day),
    )
    taken = {
        (row["doctor"], row["day"], row["at"])
        for row in _rows(request, "SELECT doctor, day, at FROM appointments", {})
    }
    free = {other: sorted(_slots(request, doctors, other, taken)) for other in days}
    fitting = (slot for other in days for slot in free[other] if slot.at.time() >= since)
    return next(fitting, None) or next((free[other][-1] for other in days if free[other]), None)


def _slots(
    request: Request, doctors: Iterable[Row], day: date, taken: set[tuple[str, str, str]]
) -> Iterator[Slot]:
    """Give what the doctors have free within the opening hours of that day."""
    span = request.hours.on(day)
    for row in doctors if span else ():
        if span is None or WEEKDAYS[day.weekday()] not in row["days"].split():
            continue
        at = datetime.combine(day, max(span.opens, time.fromisoformat(row["begins"])))
        closes = datetime.combine(day, min(span.closes, time.fromisoformat(row["ends"])))
        while at + VISIT <= closes:
            if at > request.now and (row["name"], day.isoformat(), f"{at:%H:%M}") not in taken:
                yield Slot(at, row["name"])
            at += VISIT


def _coming(request: Request) -> list[Row]:
    """Return the patient's appointments from now on, the next one first."""
    query = (
        "SELECT * FROM appointments WHERE patient = :patient_number"
        " AND day || ' ' || at > :now ORDER BY day, at"
    )
    return _rows(request, query, {**request.slots, "now": f"{request.now:%Y-%m-%d %H:%M}"})


def _slot(row: Row) -> Slot:
    return Slot(datetime.fromisoformat(f"{row['day']} {row['at']}"), row["doctor"])


def _rows(request: Request, query: str, values: Mapping[str, str]) -> list[Row]:
    found = request.connection.execute(text(query), dict(values))
    return [dict(row) for row in found.mappings()]
