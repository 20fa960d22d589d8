"""Days and times as Chinese callers say them: 明天, 下周三, 三月五号, 下午三点半."""

import calendar
import re
from collections.abc import Callable
from datetime import date, datetime, timedelta

from nlu.chinese_numbers import NUMERAL, narrow, value_of

_DAYS = {
    "大前天": -3, "前天": -2, "昨天": -1, "昨日": -1, "昨晚": -1, "今天": 0, "今日": 0, "今晚": 0,
    "今早": 0, "明天": 1, "明日": 1, "明早": 1, "明晚": 1, "大后天": 3, "后天": 2,
}  # fmt: skip
_WEEKDAYS = {**dict(zip("一二三四五六日", range(7), strict=True)), "天": 6, "末": 5,
             **{str(i): i - 1 for i in range(1, 8)}}  # fmt: skip
_WEEKS = {"上上": -2, "上": -1, "这": 0, "本": 0, "下": 1, "下下": 2}
_FEASTS = {"元旦": (1, 1), "劳动节": (5, 1), "国庆": (10, 1), "圣诞": (12, 25)}
_EITHER = re.compile("或者?|还是|要么")  # which of them?
_YEARS = {"前年": -2, "去年": -1, "今年": 0, "明年": 1, "后年": 2}
_N = f"({NUMERAL}+)"
_WEEK = r"(?:周|星期|礼拜)"
_MORNING = "早上|早晨|清晨|上午|一早|今早|明早"
_NOON = "中午"
_EVENING = "下午|傍晚|午后"
_DEEP_NIGHT = "夜里|深夜|夜间"
_NIGHT = f"晚上|今晚|明晚|昨晚|夜晚|{_DEEP_NIGHT}"
_CLOCK = re.compile(
    rf"(?:(凌晨|半夜)|({_MORNING})|({_NOON})|({_EVENING})|({_NIGHT}))?的?\s*"
    rf"{_N}(?:点钟?|时|:)过?(?:(半)|({NUMERAL})刻|{_N}分?|整)?"
)
_SHORT_OF = re.compile(rf"差(?:(一刻)|{_N}分?钟?)\s*(?:到|不到)?{_N}点")

Day = Callable[[re.Match[str], date], date]


def read_date(text: str, today: date) -> str | None:
    """Read a day as YYYY-MM-DD, or None.

    What tells no year is to come. 周三 is the next Wednesday after today, 这周三 this week's,
    下周三 next week's; weeks begin on Monday. 下周 and 下个月 are today's counterpart in them.
    """
    said, day = narrow(text).replace(" ", ""), _day(today)
    if _EITHER.search(said):
        return None
    for shape, read in _SHAPES:
        if match := shape.search(said):
            try:
                return read(match, day).isoformat()
            except (ValueError, OverflowError):
                return None
    return None


def read_birth_date(text: str) -> str | None:
    """Read a date with its year, of two or four digits; two are of this life."""
    match = _FULL.search(narrow(text).replace(" ", ""))
    if not match:
        return None
    year, month, day = value_of(match[1]), value_of(match[2]), value_of(match[3])
    if len(match[1]) == 2:
        year += 1900 if year > date.today().year % 100 else 2000
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


def read_time(text: str) -> str | None:
    """Read a time of day as HH:MM. Without a part of the day, one to seven are afternoon."""
    said = narrow(text).replace(" ", "")
    if _EITHER.search(said):
        return None
    if short := _SHORT_OF.search(said):
        minutes = 15 if short[1] else value_of(short[2])
        hour = _hour(value_of(short[3]), said)
        return _clock(hour * 60 - minutes)
    if match := _CLOCK.search(said):
        half, quarters, minute = match[7], match[8], match[9]
        minutes = 30 if half else 15 * value_of(quarters) if quarters else 0
        minutes = value_of(minute) if minute else minutes
        hour = value_of(match[6])
        return _clock(_hour(hour, said) * 60 + minutes) if hour <= 24 and minutes < 60 else None
    if re.search(r"中午|正午", said):
        return "12:00"
    return "00:00" if re.search(r"半夜|午夜", said) else None


def _hour(hour: int, said: str) -> int:
    """Give the hour of 24 by the part of the day that was said."""
    if re.search(r"凌晨|半夜", said):
        return hour % 12 if hour <= 12 else hour
    if re.search(_NIGHT, said):
        early = hour < (6 if re.search(_DEEP_NIGHT, said) else 5)  # 夜里两点, 晚上三点
        return hour if early or hour > 12 else (hour + 12) % 24  # 晚上十二点 is midnight
    if re.search(_EVENING, said):
        return hour + 12 if hour < 12 else hour
    if re.search(_NOON, said):
        return hour + 12 if hour < 4 else hour
    if re.search(_MORNING, said):
        return hour
    return hour + 12 if 1 <= hour <= 7 else hour


def _clock(minutes: int) -> str:
    return f"{minutes // 60 % 24:02}:{minutes % 60:02}"


def _day(today: date) -> date:
    return today.date() if isinstance(today, datetime) else today


def _weekday(match: re.Match[str], today: date) -> date:
    which, weekday = match[1], _WEEKDAYS[match[2]]
    if which:
        monday = today - timedelta(today.weekday())
        return monday + timedelta(7 * _WEEKS[which] + weekday)
    return today + timedelta((weekday - today.weekday()) % 7 or 7)


def _full(match: re.Match[str], today: date) -> date:
    year = value_of(match[1])
    return date(year + 2000 if year < 100 else year, value_of(match[2]), value_of(match[3]))


def _month_day(match: re.Match[str], today: date) -> date:
    month, day = value_of(match[2]), value_of(match[3])
    if match[1]:
        return date(today.year + _YEARS[match[1]], month, day)
    found = date(today.year, month, day)
    return found if found >= today else date(today.year + 1, month, day)


def _of_month(match: re.Match[str], today: date) -> date:
    months = _WEEKS[match[1]] if match[1] else 0
    found = _months(today.replace(day=1), months).replace(day=value_of(match[2]))
    return _months(found, 1) if found < today and not match[1] else found


def _months(day: date, count: int) -> date:
    """Go so many months on; the last day of a shorter month stands for a later one."""
    month = day.month - 1 + count
    year, month = day.year + month // 12, month % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def _feast(match: re.Match[str], today: date) -> date:
    found = date(today.year, *_FEASTS[match[0]])
    return found if found >= today else found.replace(year=found.year + 1)


def _month(match: re.Match[str], today: date) -> date:
    """Give the first day of a month that is named alone, or its last: 三月底."""
    year, month = match[1], value_of(match[2]) if match[2] else today.month
    found = date(value_of(year) if year else today.year, month, 1)
    last = found.replace(day=calendar.monthrange(found.year, month)[1])
    if not year and last < today:
        found, last = found.replace(year=found.year + 1), last.replace(year=last.year + 1)
    return last if match[3] else found


def _away(match: re.Match[str], today: date) -> date:
    count, unit = (0, "") if match[1] == "半" else (value_of(match[1]), match[2])
    sign = -1 if "前" in match[3] else 1
    if match[1] == "半":
        return today + timedelta(15 * sign)  # 半个月
    if unit == "月":
        return _months(today, sign * count)
    return today + timedelta(sign * count * (1 if unit == "天" else 7))


_FULL = re.compile(rf"{_N}[年/.-]{_N}[月/.-]{_N}[号日]?")
_SHAPES: tuple[tuple[re.Pattern[str], Day], ...] = (
    (_FULL, _full),
    (re.compile(rf"({'|'.join(_YEARS)})?的?{_N}[月/]份?{_N}[号日]?"), _month_day),
    (re.compile(rf"(上上|上|这|本|下下|下)?个?{_WEEK}([一二三四五六日天末1-7])"), _weekday),
    (re.compile(rf"(半|{NUMERAL}+)个?(天|周|星期|礼拜|月)(之后|以后|之前|以前|后|前)"), _away),
    (re.compile(rf"(?:(上|这|本|下)个?月的?)?{_N}[号日](?!码|线|楼)"), _of_month),
    (re.compile("|".join(_DAYS)), lambda match, today: today + timedelta(_DAYS[match[0]])),
    (
        re.compile(rf"(上上|上|这|本|下下|下)个?{_WEEK}"),
        lambda match, today: today + timedelta(7 * _WEEKS[match[1]]),
    ),
    (re.compile("|".join(_FEASTS)), _feast),
    (re.compile(rf"(?:{_N}年)?{_N}月份?(底)?"), _month),
    (re.compile(r"()()月(底)"), _month),
    (re.compile(r"(上|这|本|下)个?月"), lambda match, today: _months(today, _WEEKS[match[1]])),
)
