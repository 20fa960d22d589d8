"""Values of slots in Chinese, as `nlu.values` gives them: what was said, normalised. Pure.

Ranges of dates have no reader here; codes that are spelled in letters are read as English ones are.
"""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal

from nlu import values
from nlu.chinese_dates import read_birth_date, read_date, read_time
from nlu.chinese_numbers import (
    DECIMAL,
    DIGIT,
    DIGITS,
    NUMERAL,
    decimal_of,
    digit_runs,
    find_digits,
    narrow,
    read_number,
    simplified,
    value_of,
)
from nlu.numbers import Found

__all__ = [
    "digit_runs",
    "find",
    "in_figures",
    "is_undecided",
    "read",
    "read_leading_yes_no",
    "says_more",
    "takes_back_yes",
    "usual",
    "wants_nothing_more",
]

_CURRENCIES = {
    "美元": "USD", "美金": "USD", "欧元": "EUR", "英镑": "GBP", "港币": "HKD", "港元": "HKD",
    "日元": "JPY", "$": "USD", "€": "EUR", "£": "GBP",
}  # fmt: skip
_AMOUNT = re.compile(
    rf"({DECIMAL})\s*(?:块钱?|元|圆|美元|美金|欧元|英镑|港币|港元|日元)"
    rf"(?:({DIGIT})(?:[毛角](?:({DIGIT})分?)?|(?!{NUMERAL})))?"
)
_SMALL = re.compile(rf"({DIGIT})[毛角](?:({DIGIT})分?)?|({NUMERAL}+)分钱")
_DURATION = re.compile(rf"(半|{DECIMAL})个?(半)?(分钟|小时|钟头|天|周|星期|礼拜|月|年)(半)?")
_PERIODS = {"分钟": "PT{}M", "小时": "PT{}H", "钟头": "PT{}H", "天": "P{}D", "周": "P{}W",
            "星期": "P{}W", "礼拜": "P{}W", "月": "P{}M", "年": "P{}Y"}  # fmt: skip
# what follows takes back what stands before it
_CORRECTION = re.compile(
    r"(?:不对|错了|说错|不不不?|哦不|等等|搞错)[了啊，,。、\s]*(?:应该)?(?:是|说)?"
)
_ENDS = " ，。！？、,.!?：:；;"

_YES_LIKE = re.compile(r"没错|没问题|没关系|不错|不客气|怎么不|可不是")
_NO = re.compile(r"不|没|别|否|算了|免了|拒绝")
_YES = re.compile(r"是|对|要|确认|确定|同意|正确|当然|愿意|需要|有|肯定|ok|yes", re.IGNORECASE)
_MANNERS = re.compile(r"好|行|可以|嗯|恩|成|嗯哼|哦")
_RATHER = re.compile(r"还是(?=不|别|算了|先别)")  # "on second thought", not "or"
_UNDECIDED = re.compile(r"不知道|不清楚|不(?:太)?确定|不一定|没想好|再想|也许|可能吧|说不好")
_COURTESIES = r"(?:好|行|可以|嗯|哦|噢|谢|多谢|麻烦|再见|拜|你|您|了|的|吧|啦|啊|呢|哈|都|\W)*"
# Nothing but courtesies may stand beside it: 袋子没有了 asks for more.
_NOTHING_MORE = re.compile(
    rf"^{_COURTESIES}(?:我?就这些|就这样|(?:我)?没(?:有)?(?:什么)?(?:别的|其他|其它|事)(?:事|问题)?|没有?了)"
    rf"{_COURTESIES}$"
)
_RETRACTS = re.compile(
    r"等等|等一[等下]|等下|等会|等我|稍等|稍候|慢着|且慢|别|还是不|不对|不行|不是"
    r"|(?<!要)(?:先|暂时)?不(?:想|要|用|是)?取消|[先暂]时?不|算了|不用了?\W*$"
    r"|再想|想[想一]|考虑|再看看|商量|问[问一]下?(?:我|家|老)|还没(?:想|决定)|(?:保留|留[着下])"
    r"|不知道|不(?:太)?确定|不一定|也许|可能"
)
_UNCLEAR = re.compile(
    r"不知道|不清楚|不确定|不一定|没想好|什么|怎么|为什么|再想|吗|还是|或者|也许|可能|不是不"
)
_PARTICLES = re.compile(r"[啊呀吧呢了的哈嘛哦喔呃唉麻烦谢请你您我就那这它它们\s，。！？、,.!?]")
_NOTHING_ELSE = re.compile(
    r"知道|清楚|记得|忘记|忘|想|方便|说|告诉|什么|用|在|手边|身边|现在|这里|太|也|都|还|真|可能|好像"
    r"|对不起|抱歉|等等|等一下|等会儿?|稍等|让我看看"
)
_MOST_BESIDE = 2  # characters beside an answer

# a yes or no and what follows it, with a sign between them or without
_LEADING = re.compile(
    r"^(?:[嗯呃啊哦那个]+[，,、\s]*)?(?P<answer>[^，,。；;！!\s]{1,6}?)"
    r"(?:[，,。；;！!\s]+|(?=还有|另外|顺便|再问|我还|那你|那我))(?P<rest>\w.*)$"
)
_TAKES_BACK = re.compile(r"不|等|算了|但|先别|哦")

_NAME_LEAD = re.compile(
    r"^(?:(?:嗯|呃|你好|您好|喂|好的?|那个)[，, ]*)*"
    r"(?:(?:我的?)?(?:名字|姓名|全名)?(?:叫我?做?|是|姓)|免贵姓)"
)
_NAME_TAIL = re.compile(r"[，,。 ]*(?:谢谢你?|先生|女士|小姐|就行|就是了)$")
_NO_NAME = re.compile(r"不|什么|怎么|谁|没有|为什么|吗")
_HAN = re.compile(r"[\u4e00-\u9fff]")
_ADDRESS_LEAD = re.compile(
    r"^(?:(?:嗯|呃|啊|那个|好的?|对|是的?|不是?|不对|就|请|麻烦)[，, ]+"
    r"|(?:你们?|帮我|请|麻烦|就|都)"
    r"|(?:我的?|我们的?)?(?:新的?|收货|送货|收件|订单的?)*地址(?:应该|现在)?"
    r"(?:是|在|改成|改到|换成|[：:，, ])"
    r"|(?:是|在|到|我们?(?:现在)?住在?|搬到了?)|(?:改|寄|送|发|换)+(?:成|到|去|往|给))"
)
_ADDRESS_TAIL = re.compile(
    r"[，, ]*(?:谢谢你?|就行了?|就好了?|可以吗|行吗|吧|那里|那儿|这里|这儿)$"
)
_HOUSE = re.compile(rf"(?<!第){NUMERAL}(?:\s?{NUMERAL})*(?=\s?[号楼层室栋幢弄]|单元)")
_CODE = re.compile(rf"{DIGIT}(?:[\s、]?{DIGIT}){{4,}}")  # a ZIP code
_TEXT_LEAD = re.compile(r"^(?:一个|一件|一台|这个|那个|这件|那件|我的|你们的?)")


def read(kind: str, text: str, today: date, length: int | None = None) -> str | None:
    """Normalise a piece of text that fills a slot of this kind (one of `nlu.values.KINDS`)."""
    held = _after_correction(text)
    if held != text and (value := _read(kind, held, today, length)):
        return value
    return _read(kind, text, today, length)


def find(kind: str, text: str, today: date, length: int | None = None) -> Found | None:
    """Find a value of this kind in a sentence; names and free text have no form to go by."""
    match kind:
        case "digits":
            return find_digits(text, length) if length else _long_run(text)
        case "name" | "text" | "address":
            return None
        case "code" if not length:
            return None
    value = read(kind, text, today, length)
    return Found(value, 0, len(text)) if value else None


def _read(kind: str, text: str, today: date, length: int | None) -> str | None:
    match kind:
        case "digits":
            found = find_digits(text, length) or find_digits(text)
            return found.value if found else None
        case "postcode":
            found = find_digits(text, 6) or find_digits(text, 5)  # a ZIP code
            return found.value if found else None
        case "date":
            return read_date(text, today)
        case "date_range":
            return None
        case "code" | "email":
            return values.read(kind, _with_figures(text), today, length)
    return _READERS[kind](text)


def read_money(text: str) -> str | None:
    """Read an amount as "350.00 CNY": 三百五十块, 三块五, 12.5元, 五毛; or in another currency."""
    said = narrow(text)
    currency = next((code for name, code in _CURRENCIES.items() if name in said), "CNY")
    if match := _AMOUNT.search(said):
        amount = decimal_of(match[1]) + _tenths(match[2]) + _hundredths(match[3])
    elif small := _SMALL.search(said):
        cents = Decimal(value_of(small[3])) / 100 if small[3] else Decimal(0)
        amount = _tenths(small[1]) + _hundredths(small[2]) + cents
    elif number := read_number(said):
        amount = Decimal(number)
    else:
        return None
    return f"{amount:.2f} {currency}"


def read_phone(text: str) -> str | None:
    """Read a telephone number as E.164; one without a country is Chinese."""
    import phonenumbers

    for run in sorted(digit_runs(text), key=lambda run: -len(run.value)):
        plus = "+" if narrow(text)[: run.start].rstrip().endswith("+") else ""
        try:
            number = phonenumbers.parse(plus + run.value, "CN")
        except phonenumbers.NumberParseException:
            continue
        if len(run.value) >= 7 and phonenumbers.is_possible_number(number):
            return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    return None


def read_yes_no(text: str) -> str | None:
    """Read an answer to a yes/no question; None where it is neither, both, or not clear."""
    said = _RATHER.sub("", narrow(text).strip(_ENDS))
    if _UNCLEAR.search(said):
        return None
    said = _YES_LIKE.sub("是", said.replace("不好意思", ""))
    no, yes, manners = _NO.search(said), _YES.search(_NO.sub("", said)), _MANNERS.search(said)
    beside = _PARTICLES.sub("", _MANNERS.sub("", _YES.sub("", _NO.sub("", said))))
    if len(beside) > _MOST_BESIDE or not (no or yes or manners):
        return None
    if no:  # 不是, 不用: the yes after it is negated; 对，不用 is both
        return None if _YES.search(said[: no.start()]) else "no"
    return "yes"


def takes_back_yes(text: str) -> bool:
    """Tell whether a yes is taken back or put on hold: 好，等等，别取消; 好的，再想想.

    是的，不要了 takes nothing back: it is why they cancel.
    """
    said = _YES_LIKE.sub("是", narrow(text).replace("不好意思", ""))
    agreed = [found.end() for shape in (_YES, _MANNERS) if (found := shape.search(said))]
    return bool(agreed and _RETRACTS.search(said[min(agreed) :]))


def read_leading_yes_no(text: str) -> str | None:
    """Read an answer that something else follows: 对，还有你们几点开门 → "yes".

    好 and 行 only begin a sentence there, and 对，不对 is no yes.
    """
    match = _LEADING.match(narrow(text).strip(_ENDS))
    said = read_yes_no(match["answer"]) if match else None
    plain = match is not None and _YES.search(_YES_LIKE.sub("是", match["answer"]))
    if match and said == "yes" and (not plain or _TAKES_BACK.match(match["rest"])):
        return None
    return said


def is_undecided(text: str) -> bool:
    """Tell whether somebody can neither say yes nor no: 我不太确定."""
    return _UNDECIDED.search(narrow(text)) is not None


def wants_nothing_more(text: str) -> bool:
    """Tell whether somebody is done, who was asked for anything else: 好的，就这些."""
    return _NOTHING_MORE.search(narrow(text)) is not None


def says_more(text: str) -> bool:
    """Tell whether an answer with a yes or a no in it is more: 不是，盖子关不上.

    不，我不知道 and 没有 are not.
    """
    said = _NOTHING_ELSE.sub("", _YES_LIKE.sub("是", narrow(text)))
    for shape in (_NO, _YES, _MANNERS, _PARTICLES):
        said = shape.sub("", said)
    return any(map(str.isalnum, said))


def usual(text: str) -> str:
    """Write it in simplified characters, as examples and texts are; positions stay."""
    return simplified(text)


def in_figures(kind: str, text: str, today: date) -> str:
    """Write what shows who is calling as it is written down, where it can be read."""
    return read(kind, text, today) or text


def read_duration(text: str) -> str | None:
    """Read a length of time as ISO 8601: 三天 → "P3D", 半小时 → "PT30M", 两个半小时 → "PT2.5H"."""
    match = _DURATION.search(narrow(text))
    if not match:
        return None
    shape = _PERIODS[match[3]]
    if match[1] == "半" and shape == "PT{}H":
        return "PT30M"
    count = Decimal("0.5") if match[1] == "半" else decimal_of(match[1])
    count += Decimal("0.5") if match[2] or match[4] else 0
    return shape.format(f"{count.normalize():f}")


def read_name(text: str) -> str | None:
    """Read a person's name without what leads in to it: 我叫王小明 → 王小明."""
    said = _NAME_LEAD.sub("", text.strip(_ENDS))
    said = _NAME_TAIL.sub("", said).strip(_ENDS)
    return None if not said or _NO_NAME.search(said) else said


def read_address(text: str) -> str | None:
    """Read an address: 寄到橡树大道十二号，六二七零四 → 橡树大道12号，62704; or one in English.

    Numbers of houses, floors and ZIP codes become figures, those in names stay (第三街). None where
    no number and no name is in it.
    """
    said = narrow(text).strip(_ENDS)
    before = ""
    while said != before:
        before, said = said, _ADDRESS_TAIL.sub("", _ADDRESS_LEAD.sub("", said)).strip(_ENDS)
    if not _HAN.search(said):
        return values.read("address", said, date.min)
    said = _HOUSE.sub(lambda number: str(value_of(number[0].replace(" ", ""))), said)
    said = _CODE.sub(lambda code: _with_figures(re.sub(r"[\s,，、]", "", code[0])), said)
    named = re.search(r"\d", said) and len(_HAN.findall(said)) >= 2
    return said.replace(",", "，") if named else None


def read_text(text: str) -> str | None:
    """Read free text without what points at it and the punctuation around it."""
    said = text.strip(_ENDS)
    return _TEXT_LEAD.sub("", said) or said or None


_READERS: dict[str, Callable[[str], str | None]] = {
    "address": read_address,
    "birth_date": read_birth_date,
    "duration": read_duration,
    "money": read_money,
    "name": read_name,
    "number": read_number,
    "phone": read_phone,
    "text": read_text,
    "time": read_time,
    "yes_no": read_yes_no,
}


def _after_correction(text: str) -> str:
    last = None
    for last in _CORRECTION.finditer(text):  # noqa: B007 - the last one holds
        pass
    held = text[last.end() :] if last else ""
    return held if any(map(str.isalnum, held)) else text


def _long_run(text: str) -> Found | None:
    found = find_digits(text)
    return found if found and len(found.value) > 1 else None


def _with_figures(text: str) -> str:
    return "".join(str(DIGITS.get(one, one)) for one in narrow(text))


def _tenths(digit: str | None) -> Decimal:
    return Decimal(DIGITS[digit]) / 10 if digit else Decimal(0)


def _hundredths(digit: str | None) -> Decimal:
    return Decimal(DIGITS[digit]) / 100 if digit else Decimal(0)
