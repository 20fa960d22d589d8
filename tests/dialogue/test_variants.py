"""An assistant in another language: only texts, all of them, at the places of the first one's."""

import shutil
from pathlib import Path

import pytest

from dialogue import Fault
from dialogue.advice import advise
from dialogue.assistant import SHIPPED, Folder, read_folder

SHOP = SHIPPED / "retail"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHOP, tmp_path / "shop"))


def edit(shop: Path, file: str, old: str, new: str) -> None:
    path = shop / file
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{text.count(old)} times {old}"
    path.write_text(text.replace(old, new), encoding="utf-8")


def line_of(shop: Path, file: str, words: str) -> str:
    lines = (shop / file).read_text(encoding="utf-8").splitlines()
    number = next(n for n, line in enumerate(lines, 1) if words in line)
    return f"{shop / file}:{number}: "


def faults(shop: Path) -> list[str]:
    return [str(fault) for fault in read_folder(shop).faults]


def missing(read: Folder) -> list[Fault]:
    """What is not to be had in Chinese."""
    return [one for one in advise(read) if "not to be had" in one.what]


def test_the_shipped_variant_is_whole(shop: Path) -> None:
    read = read_folder(shop)
    assert read.faults == ()
    chinese = read.assistant.variants["zh"]
    assert chinese.flows.keys() == read.assistant.flows.keys()
    assert chinese.faq.keys() == read.assistant.faq.keys()
    assert chinese.actions is not None
    assert chinese.hours == read.assistant.hours
    assert chinese.flows["cancel_order"].verify == ("postcode", "birth_date")


def test_a_flow_that_lacks_a_text_is_a_warning_and_not_to_be_had(shop: Path) -> None:
    edit(shop, "zh/flows.yaml", "      overdue: 很抱歉，订单{order_number}晚了", "      # ")
    read = read_folder(shop)
    assert read.faults == ()
    assert "order_status" not in read.assistant.variants["zh"].flows
    told = [str(one) for one in missing(read)]
    order_status = line_of(shop, "zh/flows.yaml", "  order_status:")
    assert told == [
        f"{order_status}'order_status' is not to be had in this language:"
        " add its cases.overdue.say, and examples of it to intents.yaml"
    ]


def test_a_flow_of_the_first_language_alone_is_a_warning(shop: Path) -> None:
    new = "  gift_wrap: {about: gift wrap, faq: gift-wrap}\n  warranty: {about"
    edit(shop, "flows.yaml", "  warranty: {about", new)
    edit(
        shop,
        "intents.yaml",
        "  complaint:\n    examples: |\n",
        "  gift_wrap:\n    examples: |\n"
        + "".join(f"      wrap it as a gift {n}\n" for n in "abcdefghijk")
        + "  complaint:\n    examples: |\n",
    )
    read = read_folder(shop)
    assert read.faults == ()
    assert "gift_wrap" in read.assistant.flows
    told = [one.what for one in missing(read)]
    assert len(told) == 1
    assert told[0].startswith("'gift_wrap' is not to be had in this language: add its about")


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        (
            "zh/flows.yaml",
            "  still_there: 您还在吗？\n",
            "",
            "the text 'phrases.still_there' of ../flows.yaml is missing; add it",
        ),
        (
            "zh/flows.yaml",
            "  still_there: 您还在吗？\n",
            "  still_here: 您还在吗？\n",
            "../flows.yaml has no such text 'phrases.still_here'; did you mean still_there?",
        ),
        (
            "zh/flows.yaml",
            "    about: 取消订单\n",
            "    about: 取消订单\n    verify: false\n",
            "../flows.yaml has no such text 'flows.cancel_order.verify'",
        ),
        (
            "zh/flows.yaml",
            "请问您的订单号是多少？\n",
            "请问您的{order}是多少？\n",
            "nothing here gives {order} a value",
        ),
        (
            "zh/assistant.toml",
            'name = "枫林商店"\n',
            'name = "枫林商店"\nalso = ["fr"]\n',
            "'also' is the same in all languages; leave it to ../assistant.toml",
        ),
    ],
)
def test_what_does_not_fit_is_one_clear_line(
    shop: Path, file: str, old: str, new: str, told: str
) -> None:
    edit(shop, file, old, new)
    found = [fault for fault in faults(shop) if told in fault]
    assert len(found) == 1, faults(shop)
    assert found[0].startswith(f"{shop / file}:")


def test_an_answer_that_the_variant_lacks_is_told_with_the_flow(shop: Path) -> None:
    edit(shop, "zh/faq.md", "## 保修多久？ {#warranty}", "## 保修多久？ {#guarantee}")
    assert any("faq.md has no 'warranty'" in fault for fault in faults(shop))
