"""Values as Chinese callers say them and recognisers write them."""

from datetime import date
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.chinese import (
    find,
    in_figures,
    is_undecided,
    read,
    read_leading_yes_no,
    says_more,
    takes_back_yes,
    wants_nothing_more,
)
from nlu.chinese_numbers import simplified, value_of
from nlu.chinese_samples import numeral, say
from nlu.language import reader_of

TODAY = date(2025, 3, 12)  # a Wednesday


def read_as(kind: str, said: str, length: int | None = None) -> str | None:
    return read(kind, said, TODAY, length)


@pytest.mark.parametrize(
    ("said", "digits"),
    [
        ("15213", "15213"),
        ("一五二一三", "15213"),
        ("幺五二幺三", "15213"),
        ("一五二，一三", "15213"),
        ("\uff11\uff15\uff12\uff11\uff13", "15213"),  # full width
        ("1 5 2 1 3", "15213"),
        ("我的订单号是二零四一八", "20418"),
        ("〇〇一二三", "00123"),
        ("一万五千二百一十三", "15213"),
        ("三个八幺二", "88812"),
        ("一五二一四，不对，是一五二一三", "15213"),
        ("订单号15213，麻烦快一点", "15213"),
    ],
)
def test_digits(said: str, digits: str) -> None:
    assert read_as("digits", said, 5) == digits


def test_a_number_is_found_in_a_sentence_only_at_its_length() -> None:
    found = find("digits", "那个订单二零四一八到哪了", TODAY, 5)
    assert found is not None
    assert (found.value, found.start, found.end) == ("20418", 4, 9)
    assert find("digits", "请等一下", TODAY) is None
    assert find("digits", "两个订单", TODAY, 5) is None


@pytest.mark.parametrize(
    ("numeral", "value"),
    [
        ("十", 10), ("十五", 15), ("二十", 20), ("两百", 200), ("三百五", 350), ("三百五十", 350),
        ("一千二百", 1200), ("一千零五", 1005), ("一千零五十", 1050), ("一万二", 12000),
        ("两万三千四", 23400), ("一亿零三", 100_000_003), ("3万", 30000), ("一百一十五", 115),
        ("二零二五", 2025),
    ],
)  # fmt: skip
def test_numerals(numeral: str, value: int) -> None:
    assert value_of(numeral) == value


@given(st.integers(1, 9999))
def test_a_numeral_says_its_value(value: int) -> None:
    assert value_of(numeral(value)) == value


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("今天", "2025-03-12"),
        ("明天", "2025-03-13"),
        ("后天", "2025-03-14"),
        ("大后天", "2025-03-15"),
        ("昨天下午", "2025-03-11"),
        ("周三", "2025-03-19"),
        ("这周五", "2025-03-14"),
        ("下周三", "2025-03-19"),
        ("下个星期天", "2025-03-23"),
        ("上周一", "2025-03-03"),
        ("下下周二", "2025-03-25"),
        ("礼拜六", "2025-03-15"),
        ("三月五号", "2026-03-05"),
        ("3月15日", "2025-03-15"),
        ("十二月二十五号", "2025-12-25"),
        ("去年十二月三号", "2024-12-03"),
        ("二零二五年五月一号", "2025-05-01"),
        ("2025年5月1日", "2025-05-01"),
        ("2025-05-01", "2025-05-01"),
        ("十五号", "2025-03-15"),
        ("五号", "2025-04-05"),
        ("下个月五号", "2025-04-05"),
        ("三天后", "2025-03-15"),
        ("两周以后", "2025-03-26"),
        ("一个月前", "2025-02-12"),
        ("下周", "2025-03-19"),
        ("四月", "2025-04-01"),
        ("二零二四年十二月", "2024-12-01"),
        ("三月底", "2025-03-31"),
        ("月底", "2025-03-31"),
        ("国庆", "2025-10-01"),
        ("后天或者大后天", None),
        ("二月三十号", None),
        ("不知道", None),
    ],
)
def test_dates(said: str, day: str | None) -> None:
    assert read_as("date", said) == day


@pytest.mark.parametrize(
    ("said", "born"),
    [("一九八五年三月五号", "1985-03-05"), ("85年3月5日", "1985-03-05"), ("三月五号", None)],
)
def test_birth_dates(said: str, born: str | None) -> None:
    assert read_as("birth_date", said) == born


@pytest.mark.parametrize(
    ("said", "time"),
    [
        ("下午三点半", "15:30"),
        ("上午十点", "10:00"),
        ("早上八点一刻", "08:15"),
        ("晚上八点", "20:00"),
        ("晚上十二点", "00:00"),
        ("夜里两点", "02:00"),
        ("夜里五点半", "05:30"),
        ("昨晚三点", "03:00"),
        ("夜里十一点", "23:00"),
        ("中午十二点", "12:00"),
        ("中午一点", "13:00"),
        ("凌晨两点", "02:00"),
        ("三点", "15:00"),
        ("十点二十分", "10:20"),
        ("下午五点过五分", "17:05"),
        ("15:30", "15:30"),
        ("15：30", "15:30"),
        ("差一刻三点", "14:45"),
        ("明天", None),
    ],
)
def test_times(said: str, time: str | None) -> None:
    assert read_as("time", said) == time


@pytest.mark.parametrize(
    ("said", "amount"),
    [
        ("三百五十块", "350.00 CNY"),
        ("三百五十块钱", "350.00 CNY"),
        ("三块五", "3.50 CNY"),
        ("三块五毛", "3.50 CNY"),
        ("十二块八毛五分", "12.85 CNY"),
        ("五毛", "0.50 CNY"),
        ("12.5元", "12.50 CNY"),
        ("十二点五元", "12.50 CNY"),
        ("两千", "2000.00 CNY"),
        ("一百美元", "100.00 USD"),
        ("太贵了", None),
    ],
)
def test_money(said: str, amount: str | None) -> None:
    assert read_as("money", said) == amount


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("13812345678", "+8613812345678"),
        ("幺三八，一二三四，五六七八", "+8613812345678"),
        ("我的电话是138 1234 5678", "+8613812345678"),
        ("没有电话", None),
    ],
)
def test_phones(said: str, number: str | None) -> None:
    assert read_as("phone", said) == number


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("是", "yes"), ("是的", "yes"), ("对", "yes"), ("对的。", "yes"), ("好的", "yes"),
        ("可以", "yes"), ("没错", "yes"), ("没问题", "yes"), ("嗯，对", "yes"), ("行吧", "yes"),
        ("不是", "no"), ("不用", "no"), ("不用了，谢谢", "no"), ("不对", "no"), ("没有", "no"),
        ("不需要", "no"), ("好的，不用了", "no"), ("算了", "no"),
        ("不好意思，是的", "yes"), ("不是不行", None), ("好的我要查订单", None),
        ("不知道", None), ("对，不用", None), ("我的订单到哪里了", None), ("是什么意思", None),
    ],
)  # fmt: skip
def test_yes_and_no(said: str, answer: str | None) -> None:
    assert read_as("yes_no", said) == answer


@pytest.mark.parametrize(
    ("kind", "said", "value"),
    [
        ("name", "我叫王小明", "王小明"),
        ("name", "你好，我姓李", "李"),
        ("name", "不想说", None),
        ("name", "叫我小张就行", "小张"),
        ("number", "两个", "2"),
        ("number", "一打", "12"),
        ("number", "十几个", None),
        ("number", "百分之三十", None),
        ("number", "三点五", "3.5"),
        ("number", "等一下", None),
        ("duration", "三天", "P3D"),
        ("duration", "半小时", "PT30M"),
        ("duration", "两个半小时", "PT2.5H"),
        ("duration", "两年半", "P2.5Y"),
        ("duration", "三天半", "P3.5D"),
        ("text", "那个水壶。", "水壶"),
        ("postcode", "一零零零八四", "100084"),
        ("postcode", "六二七一一", "62711"),
        ("email", "wang@example.com", "wang@example.com"),
        ("date_range", "三月五号到八号", None),  # no reader yet
    ],
)
def test_other_kinds(kind: str, said: str, value: str | None) -> None:
    assert read_as(kind, said) == value


@pytest.mark.parametrize("kind", ["digits", "date", "time", "money", "phone", "name"])
def test_what_is_drawn_to_train_on_can_be_read(kind: str) -> None:
    for seed in range(300):
        said = say(kind, 5, Random(seed))  # noqa: S311 - reproducible
        value = read_as(kind, said, 5)
        assert value is not None, said
        if kind == "digits":
            assert len(value) == 5


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("好的，取消吧", "yes"),  # to "shall I cancel it?"
        ("是的，请取消", "yes"),
        ("呃，还是不要取消了", "no"),
        ("别取消", "no"),
        ("取消", None),
        ("今天还是明天", None),
    ],
)
def test_cancelling_is_no_answer_in_itself(said: str, answer: str | None) -> None:
    assert read_as("yes_no", said) == answer


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("对，还有你们几点开门", "yes"),
        ("对还有你们几点开门", "yes"),
        ("嗯，是的，另外运费多少", "yes"),
        ("不用了，你们几点关门", "no"),
        ("好，你们几点开门", None),  # it only begins a sentence
        ("对，不对，是一五二零六", None),
        ("你们几点开门", None),
        ("对", None),  # nothing follows
    ],
)
def test_an_answer_that_something_follows(said: str, answer: str | None) -> None:
    assert read_leading_yes_no(said) == answer


def test_traditional_characters_are_read_as_simplified_ones() -> None:
    assert simplified("請問我的訂單到哪裡了") == "请问我的订单到哪里了"
    assert read_as("date", "後天") == read_as("date", "后天")
    assert read_as("time", "下午三點半") == "15:30"
    assert read_as("yes_no", "對，沒錯") == "yes"


def test_who_is_calling_is_compared_in_figures() -> None:
    assert in_figures("postcode", "是六二七幺幺", TODAY) == "62711"
    assert in_figures("birth_date", "一九八四年三月五号", TODAY) == "1984-03-05"
    assert in_figures("birth_date", "03051984", TODAY) == "03051984"


def test_a_language_chooses_its_reader() -> None:
    assert reader_of("zh-CN").read("date", "明天", TODAY) == "2025-03-13"
    assert reader_of("en").read("date", "tomorrow", TODAY) == "2025-03-13"
    assert reader_of("en").read("date", "明天", TODAY) is None


@pytest.mark.parametrize(
    ("said", "back"),
    [("好，等等，不要取消", True), ("对，先别取消", True), ("是的，不要了，取消吧", False),
     ("没问题，取消吧", False), ("不是这个", False), ("好的，先不取消", True), ("好的。算了", True),
     ("好的，再想想", True), ("可以，让我想想", True), ("行，稍等", True), ("好的，不用了", True),
     ("好的，还是留着吧", True), ("好的，我问问我老婆", True), ("是，不要这个了，取消", False),
     ("对，我等不了了，取消吧", False), ("好，要不取消吧", False)],
)  # fmt: skip
def test_a_yes_taken_back(said: str, back: bool) -> None:
    assert takes_back_yes(said) is back


def test_who_cannot_say_and_who_is_done() -> None:
    assert is_undecided("嗯，我不太确定")
    assert not is_undecided("确定")
    for said in (
        "好的，就这些，谢谢",
        "没有了，谢谢您",
        "没别的事了，再见",
        "就这样吧，拜拜",
        "没有了",
    ):
        assert wants_nothing_more(said)
    for said in ("谢谢", "袋子没有了", "就这些，可是还缺一件", "没事的话我就再问一个"):
        assert not wants_nothing_more(said)


@pytest.mark.parametrize("said", ["不是，盖子关不上", "没有声音", "对，它漏水", "不行，按了没反应"])
def test_more_than_a_no(said: str) -> None:
    assert says_more(said)


@pytest.mark.parametrize(
    "said", ["不", "不用了，谢谢", "没有", "我不知道", "不记得了", "我不想说", "是的", "不太清楚"]
)
def test_no_more_than_a_no(said: str) -> None:
    assert not says_more(said)


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("寄到橡树大道十二号，春田市，六二七零四", "橡树大道12号，春田市，62704"),
        ("新地址是主街四百零二号", "主街402号"),
        ("不对，是榆树街80号", "榆树街80号"),
        ("嗯，我们现在住在湖滨路二百四十号三楼，谢谢", "湖滨路240号3楼"),
        ("第三街五号吧", "第三街5号"),
        ("三元里大街二十号", "三元里大街20号"),
        ("寄到12 Oak Avenue, Springfield", "12 Oak Avenue, Springfield"),
        ("就在转角那里", None),
        ("一一八四七", None),
        ("我不知道", None),
    ],
)
def test_an_address(said: str, value: str | None) -> None:
    assert read_as("address", said) == value
