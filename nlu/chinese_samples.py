"""Values as Chinese callers say them and recognisers write them: drawn at random, to train on."""

import random
from collections.abc import Callable

_DIGITS = "零一二三四五六七八九"
_DAYS = ("今天", "明天", "后天", "昨天", "前天", "大后天", "下个月", "下周", "周末")
_SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗"
_GIVEN = (
    *("伟", "芳", "娜", "敏", "静", "强", "磊", "洋", "小明", "建国", "丽华", "志强", "秀英"),
    *("晓东", "雨婷", "子涵", "文博", "思远"),
)
_STREETS = ("橡树", "枫树", "主", "湖滨", "果园", "山丘", "教堂", "华盛顿", "第三", "学院", "春天")
_TOWNS = ("春田市", "皮奥里亚", "迪凯特", "香槟市", "芝加哥", "橡树园", "罗克福德")


def say(kind: str, length: int | None, generator: random.Random) -> str:
    """Draw a value of a kind (see `nlu.values.KINDS`); "" for kinds that only examples know."""
    if kind == "digits":
        return say_digits(length or 5, generator)
    drawn = _KINDS.get(kind)
    return drawn(generator) if drawn else ""


def say_digits(length: int, generator: random.Random) -> str:
    """Draw a number of that many digits: in figures, or digit by digit, 一 as 幺 at times."""
    digits = [generator.randrange(10) for _ in range(length)]
    figures = "".join(map(str, digits))
    words = "".join(_DIGITS[digit] for digit in digits)
    return generator.choice((figures, figures, " ".join(figures), words, words.replace("一", "幺")))


def numeral(value: int) -> str:
    """Write a number below 10 000 in words: 15 → 十五, 1205 → 一千二百零五."""
    if value < 10:
        return _DIGITS[value]
    if value < 20:
        return "十" + (_DIGITS[value % 10] if value % 10 else "")
    for unit, word in ((1000, "千"), (100, "百"), (10, "十")):
        if value >= unit:
            rest = value % unit
            gap = "零" if rest and rest < unit // 10 else ""
            small = f"一{numeral(rest)}" if 10 <= rest < 20 else numeral(rest)
            return numeral(value // unit) + word + (gap + small if rest else "")
    raise AssertionError(value)


def _date(generator: random.Random) -> str:
    month, day = generator.randrange(1, 13), generator.randrange(1, 29)
    week = generator.choice(("周", "星期", "礼拜"))
    weekday = generator.choice("一二三四五六日")
    return generator.choice(
        (
            generator.choice(_DAYS),
            f"{generator.choice(('', '下', '这', '上'))}{week}{weekday}",
            f"{numeral(month)}月{numeral(day)}{generator.choice('号日')}",
            f"{month}月{day}{generator.choice('号日')}",
            f"{numeral(day)}号",
            f"{numeral(generator.randrange(2, 10))}天{generator.choice(('后', '前'))}",
        )
    )


def _time(generator: random.Random) -> str:
    hour = generator.randrange(1, 12)
    part = generator.choice(("", "上午", "下午", "晚上", "早上"))
    spoken = f"{numeral(hour)}点{generator.choice(('', '', '半', '一刻', '二十', '十分'))}"
    return generator.choice((f"{part}{spoken}", f"{part}{hour}点", f"{hour}:30"))


def _money(generator: random.Random) -> str:
    value = generator.choice((generator.randrange(5, 100), generator.randrange(1, 50) * 50))
    return generator.choice(
        (f"{numeral(value)}块", f"{numeral(value)}块钱", f"{value}元", f"{value}块")
    )


def _phone(generator: random.Random) -> str:
    digits = [1, generator.choice((3, 5, 7, 8, 9)), *(generator.randrange(10) for _ in range(9))]
    figures = "".join(map(str, digits))
    words = "".join(_DIGITS[digit] for digit in digits)
    return generator.choice((figures, words, words.replace("一", "幺")))


def _name(generator: random.Random) -> str:
    return generator.choice(_SURNAMES) + generator.choice(_GIVEN)


def _address(generator: random.Random) -> str:
    number = generator.randrange(1, 500)
    house = f"{generator.choice((str(number), numeral(number)))}号"
    inside = generator.choice(("", "", "", f"{numeral(generator.randrange(2, 20))}楼"))
    street = generator.choice(_STREETS) + generator.choice(("街", "路", "大道", "巷"))
    town = generator.choice(("", "，")) + generator.choice(_TOWNS)
    code = f"，{say_digits(5, generator)}"
    beside = generator.choice(("", town, town + code, code))
    return f"{street}{house}{inside}{beside}"


_KINDS: dict[str, Callable[[random.Random], str]] = {
    "address": _address, "date": _date, "time": _time, "money": _money, "phone": _phone,
    "name": _name,
}  # fmt: skip
