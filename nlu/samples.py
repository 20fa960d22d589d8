"""Values as callers say them and recognisers write them: drawn at random, to train on."""

import random
from collections.abc import Callable

_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TEENS = (
    *("ten", "eleven", "twelve", "thirteen", "fourteen"),
    *("fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ORDINALS = (
    *("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth"),
    *("tenth", "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "twentieth"),
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_SPANS = ("days", "weeks", "months")
_NEAR = (
    *("today", "tomorrow", "yesterday", "the day after tomorrow", "tonight", "this morning"),
    *("this afternoon", "last night", "next week", "last week", "last month", "the weekend"),
)
_FIRST = (
    *("James", "Mary", "Robert", "Linda", "Michael", "Barbara", "David", "Susan", "Ahmed", "Maria"),
    *("Daniel", "Sofia", "Kevin", "Fatima", "Wei", "Olivia", "Carlos", "Priya", "Ivan", "Grace"),
)
_LAST = (
    *("Smith", "Johnson", "Garcia", "Miller", "Davis", "Nguyen", "Lopez", "Wilson", "Anderson"),
    *("Kim", "Moore", "Patel", "White", "Harris", "Clark", "Lewis", "Young", "Khan", "Novak"),
)
_STREETS = (
    *(
        "Willow",
        "Oak",
        "Elm",
        "Orchard",
        "Lake View",
        "Prairie",
        "Mill",
        "Maple",
        "River",
        "Hickory",
    ),
    *("North Clark", "West Adams", "South Fourth", "Old Post", "St. Clair", "Kingsbury", "Sunset"),
    *("Martin Luther King", "Lincoln", "Second", "41st", "Hazel Dell", "Cherry Hill", "Van Buren"),
)
_WAYS = (
    *("Street", "Avenue", "Road", "Lane", "Court", "Drive", "Boulevard", "Place", "Way", "Terrace"),
    *("St.", "Ave", "Rd", "Parkway", "Circle"),
)
_TOWNS = (
    *("Springfield", "Columbus", "Chicago", "Peoria", "Champaign", "Oak Park", "Jacksonville"),
    *("St. Louis", "Cedar Rapids", "Des Moines", "Fort Wayne", "Gary, Indiana", "Madison"),
    *("Decatur, Illinois", "Normal", "Rockford, IL", "South Bend", "Terre Haute", "Bloomington"),
)
_HOSTS = ("example", "mail", "sunny hill", "post box", "web mail", "blue river", "my company")


def say(kind: str, length: int | None, generator: random.Random) -> str:
    """Draw a value of a kind (see `nlu.values.KINDS`); "" for kinds that only examples know."""
    if kind == "digits":
        return say_digits(length or 5, generator)
    drawn = _KINDS.get(kind)
    return drawn(generator) if drawn else ""


def _phone(generator: random.Random) -> str:
    return say_digits(10, generator, lowest=2)


def _name(generator: random.Random) -> str:
    first, last = generator.choice(_FIRST), generator.choice(_LAST)
    return generator.choice((first, f"{first} {last}", f"{first} {last}"))


def _money(generator: random.Random) -> str:
    whole, cents = generator.randrange(10, 100), generator.randrange(10, 100)
    spoken, spoken_cents = _two(*divmod(whole, 10)), _two(*divmod(cents, 10))
    return generator.choice(
        (
            f"${whole}.{cents}",
            f"${whole}",
            f"{spoken} {spoken_cents}",
            f"{spoken} dollars",
            f"{whole} dollars",
            f"{spoken} bucks",
            f"{spoken} dollars and {spoken_cents} cents",
            f"a hundred and {spoken} dollars",
        )
    )


def _date(generator: random.Random) -> str:
    day, month = generator.choice(_DAYS), generator.choice(_MONTHS)
    number = generator.randrange(1, 29)
    ordinal = generator.choice(_ORDINALS)
    ending = _ending(number)
    some, span = generator.choice(_WORDS[2:]), generator.choice(_SPANS)
    return generator.choice(
        (
            generator.choice(_NEAR),
            day,
            f"{generator.choice(('next', 'last', 'this'))} {day}",
            f"{month} {number}{ending}",
            f"{month} {ordinal}",
            f"the {ordinal} of {month}",
            f"the {number}{ending}",
            f"{day} the {number}{ending}",
            f"in {some} {span}",
            f"{some} {span} ago",
        )
    )


def _ending(number: int) -> str:
    return {1: "st", 2: "nd", 3: "rd"}.get(number % 10 if number // 10 != 1 else 0, "th")


def _birth_date(generator: random.Random) -> str:
    month, number = generator.randrange(12), generator.randrange(1, 29)
    name, year = _MONTHS[month], generator.randrange(1930, 2021)
    ordinal, ending = generator.choice(_ORDINALS), _ending(number)
    two = f"{year % 100:02}"
    spoken = _two(*divmod(year % 100, 10)) if year % 100 > 9 else f"oh {_WORDS[year % 10]}"
    century = "nineteen" if year < 2000 else "twenty"
    return generator.choice(
        (
            f"{name} {number}{ending}, {year}",
            f"{name} {number}, {year}",
            f"{name} {ordinal} {century} {spoken}",
            f"{name} the {ordinal} {century} {spoken}",
            f"the {ordinal} of {name} {century} {spoken}",
            f"the {number}{ending} of {name} {year}",
            f"{name} {number} {two}",
            f"{month + 1}/{number}/{year}",
            f"{month + 1:02}/{number:02}/{year}",
            f"{month + 1} {number} {two}",
        )
    )


def _time(generator: random.Random) -> str:
    hour, part = generator.randrange(1, 13), generator.choice(("15", "30", "45"))
    spoken = _TEENS[hour - 10] if hour > 9 else _WORDS[hour]
    half, of_day = generator.choice(("AM", "PM", "am", "pm", "a.m.", "p.m.")), "o'clock"
    return generator.choice(
        (
            spoken,
            f"{spoken} {of_day}",
            f"{hour} {of_day}",
            f"{hour} {half}",
            f"{hour}:{part}",
            f"{hour}:{part} {half}",
            f"half past {spoken}",
            f"quarter {generator.choice(('past', 'to'))} {spoken}",
            f"{spoken} {generator.choice(('thirty', 'fifteen', 'forty five'))}",
            "noon",
        )
    )


def _email(generator: random.Random) -> str:
    first, last = generator.choice(_FIRST).lower(), generator.choice(_LAST).lower()
    host, end = generator.choice(_HOSTS), generator.choice(("com", "org", "net"))
    return generator.choice(
        (
            f"{first} dot {last} at {host} dot {end}",
            f"{first} at {host} dot {end}",
            f"{first} {last} at {host} dot {end}",
            f"{first}.{last}@{host.replace(' ', '')}.{end}",
            f"{first}{last}@{host.replace(' ', '')}.{end}",
            f"{first} at {host.replace(' ', '')}.{end}",
            f"{' '.join(first)} at {host} dot {end}",
        )
    )


def _address(generator: random.Random) -> str:
    number = generator.randrange(2, 1000)
    spoken = _pairs([int(digit) for digit in str(number)], generator)
    street = f"{generator.choice(_STREETS)} {generator.choice(_WAYS)}"
    inside = generator.choice(("apartment", "Apt.", "unit", "suite", "number"))
    inside += f" {generator.choice((str(number % 30 + 1), _WORDS[number % 8 + 2], '3B', 'C'))}"
    town, zip_code = generator.choice(_TOWNS), say_digits(5, generator, lowest=1)
    first = generator.choice((f"{number} {street}", f"{number} {street}", f"{spoken} {street}"))
    said = generator.choice(
        (
            (first,),
            (first, town),
            (first, town),
            (first, inside),
            (first, inside, town),
            (first, town, zip_code),
            (first, town, zip_code),
        )
    )
    address = generator.choice((", ", ", ", " ")).join(said)
    return address if generator.random() < 0.6 else address.lower().replace(".", "")


def say_digits(length: int, generator: random.Random, lowest: int = 0) -> str:
    """Draw a number of that many digits, the first at least `lowest`, in one of the notations."""
    digits = [generator.randrange(0 if i else lowest, 10) for i in range(length)]
    notation: Callable[[list[int], random.Random], str] = generator.choice(
        (_joined, _joined, _spaced, _words, _words, _pairs, _grouped)
    )
    return notation(digits, generator)


def _joined(digits: list[int], _: random.Random) -> str:
    return "".join(map(str, digits))


def _spaced(digits: list[int], generator: random.Random) -> str:
    return generator.choice(("-", " ", ", ", ". ")).join(map(str, digits))


def _words(digits: list[int], generator: random.Random) -> str:
    zero = generator.choice(("oh", "zero"))
    said: list[str] = []
    for i, digit in enumerate(digits):
        word = _WORDS[digit] if digit else zero
        if said and i and digits[i - 1] == digit and said[-1] == word and generator.random() < 0.5:
            said[-1] = f"double {word}"
        else:
            said.append(word)
    return generator.choice((" ", " ", ", ", "-")).join(said)


def _pairs(digits: list[int], generator: random.Random) -> str:
    """Say "fifteen two thirteen": pairs where they make a number, digits elsewhere."""
    said: list[str] = []
    i = 0
    while i < len(digits):
        # never "forty", "nine" for 409: nobody could tell it from 49
        if i + 1 < len(digits) and digits[i] and digits[i + 1] and generator.random() < 0.6:
            said.append(_two(digits[i], digits[i + 1]))
            i += 2
        else:
            said.append(_WORDS[digits[i]] if digits[i] else "oh")
            i += 1
    return " ".join(said)


def _two(tens: int, units: int) -> str:
    if tens == 1:
        return _TEENS[units]
    return _TENS[tens] + (f" {_WORDS[units]}" if units else "")


def _grouped(digits: list[int], generator: random.Random) -> str:
    """Write "15 213" or "15,213", as recognisers do with numbers said in groups."""
    cut = generator.randrange(1, len(digits)) if len(digits) > 1 else 1
    joined = _joined(digits, generator)
    return joined[:cut] + generator.choice((" ", "-", ",", ", ")) + joined[cut:]


_KINDS: dict[str, Callable[[random.Random], str]] = {
    "phone": _phone,
    "money": _money,
    "date": _date,
    "birth_date": _birth_date,
    "time": _time,
    "address": _address,
    "email": _email,
    "name": _name,
}
