"""Days, times, amounts and lists as Chinese says them; the English ones are in test_phrasing."""

from datetime import date, datetime, time, timedelta

import pytest

from dialogue.forms import forms_of
from dialogue.names import Names
from dialogue.phrasing import sentences

FRIDAY = date(2026, 11, 20)
CHINESE, ENGLISH = forms_of("zh-CN"), forms_of("fr")  # French has none of its own


@pytest.mark.parametrize(
    ("days", "spoken"),
    [(0, "今天"), (1, "明天"), (2, "后天"), (-1, "昨天"), (-2, "前天"), (4, "11月24日星期二")],
)
def test_days(days: int, spoken: str) -> None:
    assert CHINESE.spoken_date(FRIDAY + timedelta(days), FRIDAY) == spoken
    assert CHINESE.spoken_day(FRIDAY + timedelta(days), FRIDAY) == spoken


@pytest.mark.parametrize(
    ("at", "spoken"),
    [
        ((9, 0), "上午9点"),
        ((0, 5), "上午12点05分"),
        ((12, 0), "中午12点"),
        ((17, 30), "下午5点半"),
        ((20, 15), "晚上8点15分"),
    ],
)
def test_times(at: tuple[int, int], spoken: str) -> None:
    assert CHINESE.spoken_time(time(*at)) == spoken


def test_amounts_and_lists() -> None:
    said = [CHINESE.spoken_money(amount) for amount in ("42.50", "20.00", "4.95", "1000")]
    assert said == ["42.5美元", "20美元", "4.95美元", "1000美元"]
    assert CHINESE.spoken_things(["水壶"]) == "水壶"
    assert CHINESE.spoken_things(["水壶", "台灯", "帐篷"]) == "水壶、台灯和帐篷"
    assert ENGLISH.spoken_things(["kettle", "tent"]) == "the kettle and the tent"
    assert CHINESE.spoken_list(["15213", "15206"]) == "15213、15206"
    assert CHINESE.spoken_minutes(2) == "2分钟"
    assert [ENGLISH.spoken_minutes(n) for n in (1, 2)] == ["1 minute", "2 minutes"]


def test_moments() -> None:
    monday = datetime(2026, 11, 23, 9)
    assert CHINESE.spoken_moment(monday, FRIDAY) == "11月23日星期一上午9点"
    assert CHINESE.spoken_moment(None, FRIDAY) == "改天"
    assert ENGLISH.spoken_moment(monday, FRIDAY) == "on Monday, November 23rd at 9 AM"


def test_chinese_sentences_are_clauses() -> None:
    assert sentences("好的。它42.5美元，很好！还有吗？“是的。”再见。") == (
        "好的。",
        "它42.5美元，很好！",
        "还有吗？",
        "“是的。”",
        "再见。",
    )


def test_things_have_names_of_the_callers() -> None:
    names = Names({"kettle": ("水壶", "热水壶"), "thermos": ("保温壶",)})
    assert names.said("kettle") == "水壶"
    assert names.said("tent") == "tent"
    assert names.thing("蓝色的热水壶") == "kettle"
    assert names.thing("帐篷") == "帐篷"
    assert names.named("有热水壶吗") == ["kettle"]
    assert names.named("有帐篷吗") == []
    assert names.named("水壶和保温壶") == ["thermos", "kettle"]
