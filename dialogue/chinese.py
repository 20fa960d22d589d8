"""Days, times, amounts and lists as they are said in Chinese; see `dialogue.forms`."""

import re
from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal

YES = "是的"
HARMLESS = frozenset("卡我用想要的改成换付款支吧请是那个张就以把它号码")
_LONG_NUMBER = re.compile(r"\d{5,}")  # a ZIP code
_WEEKDAYS = "一二三四五六日"
_NEAR = {-2: "前天", -1: "昨天", 0: "今天", 1: "明天", 2: "后天"}
_NOON, _EVENING = 12, 18


def spoken_digits(digits: str) -> str:
    """'15213' → '1 5 2 1 3'."""
    return " ".join(digits)


def spoken_address(address: str) -> str:
    """'橡树街12号 62704' → '橡树街12号 6 2 7 0 4'."""
    return _LONG_NUMBER.sub(lambda number: spoken_digits(number[0]), address)


def spoken_time(at: time) -> str:
    """09:00 → '上午9点', 12:00 → '中午12点', 17:30 → '下午5点半', 20:05 → '晚上8点05分'."""
    part = (
        "晚上" if at.hour >= _EVENING else "下午" if at.hour > _NOON
        else "中午" if at.hour == _NOON else "上午"
    )  # fmt: skip
    minutes = {0: "", 30: "半"}.get(at.minute, f"{at.minute:02}分")
    return f"{part}{(at.hour - 1) % 12 + 1}点{minutes}"


def spoken_money(amount: str | Decimal) -> str:
    """'42.50' → '42.5美元', '20.00' → '20美元', '4.95' → '4.95美元'."""
    return f"{Decimal(amount).normalize():f}美元"


def spoken_date(day: date, today: date) -> str:
    """'今天', '明天', '后天', '昨天', '前天', or '11月24日星期二'."""
    near = _NEAR.get((day - today).days)
    return near or f"{day.month}月{day.day}日星期{_WEEKDAYS[day.weekday()]}"


def spoken_day(day: date, today: date) -> str:
    """As `spoken_date`: a day needs no preposition."""
    return spoken_date(day, today)


def spoken_moment(at: datetime | None, today: date) -> str:
    """'明天上午9点'; None → '改天'."""
    return f"{spoken_date(at.date(), today)}{spoken_time(at.time())}" if at else "改天"


def spoken_minutes(count: int) -> str:
    """2 → '2分钟'."""
    return f"{count}分钟"


def spoken_things(names: Sequence[str]) -> str:
    """['水壶', '台灯'] → '水壶和台灯'."""
    *others, last = names
    return f"{'、'.join(others)}和{last}" if others else last


def spoken_list(values: Sequence[str]) -> str:
    """['15213', '15206'] → '15213、15206'."""
    return "、".join(values)
