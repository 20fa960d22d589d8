"""A call that changes its language: nothing is lost, and all that is said is in the new one."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from dialogue.agent import Said
from dialogue.assistant import SHIPPED, Assistant, load_assistant
from dialogue.conversation import FlowAgent
from dialogue.languages import Tongue, Wish, wish
from dialogue.state import State
from dialogue.store import open_store
from dialogue.switching import carried
from nlu.understand import Context, Understanding
from tests.dialogue.caller import FRIDAY_AFTERNOON, TODAY, Caller, Words, WordsNlu

CHINESE = Words(
    {
        "cancel_order": "取消订单",
        "order_status": "订单",
        "deny": "^不",
        "affirm": "^(对|是|好)",
    },
    ("order_number", 5),
    {},
    "order_status",
)


@pytest.fixture
def chinese(retail: Assistant) -> Assistant:
    return retail.variants["zh"]


@pytest.fixture
def caller(retail: Assistant, chinese: Assistant) -> Iterator[Caller]:
    store = open_store(None, retail.seeds, TODAY)
    others = {"zh": Tongue(chinese, WordsNlu(CHINESE))}
    yield Caller(FlowAgent(retail, WordsNlu(), store, lambda: FRIDAY_AFTERNOON, others=others))
    store.close()


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (Said("中文"), "zh"),
        (Said("嗯，可以说中文吗？"), "zh"),
        (Said("Do you speak Chinese, please?"), "zh"),
        (Said("English please"), "en"),  # said again what is so already: answered, and no harm
        (Said("你能说英语吗"), "en"),
        (Said("可以說中文嗎"), "zh"),
        (Said("我的订单到哪了"), "zh"),
        (Said("hello", language="zh", language_confidence=0.97), "zh"),
        (Said("hello", language="zh", language_confidence=0.6), None),
        (Said("hello", language="fr", language_confidence=0.97), None),
        (Said("the chinese kettle is late, where is it"), None),
        (Said("15213", keys=True), None),
        (Said("好"), None),  # too little to tell
        (Said(""), None),
    ],
)
def test_what_tells_of_another_language(
    retail: Assistant, chinese: Assistant, said: Said, wanted: str | None
) -> None:
    found = wish(said, retail, [retail, chinese])
    assert (found.language if found else None) == wanted


def test_english_words_among_chinese_change_nothing(retail: Assistant, chinese: Assistant) -> None:
    both = [retail, chinese]
    assert wish(Said("我要买 air fryer"), chinese, both) is None
    assert wish(Said("ok ok ok"), chinese, both) is None
    told = wish(Said("where is my order please"), chinese, both)
    assert told == Wish("en", "the words are en", told=True)


def test_an_assistant_of_one_language_hears_no_other(retail: Assistant) -> None:
    assert wish(Said("中文"), retail, [retail]) is None


@pytest.mark.anyio
async def test_the_open_question_is_asked_again_in_the_new_language(caller: Caller) -> None:
    await caller.rings()
    await caller.says("where is my order")
    assert await caller.says("do you speak Chinese") == "好的，我们说中文。 请问您的订单号是多少？"
    assert caller.agent.language == "zh"
    exchange = caller.agent.exchange
    assert exchange is not None
    assert (exchange.language, exchange.trace) == ("zh", ("asks for zh",))
    assert "1 5 2 1 3" in await caller.says("一五二一三")
    assert "在路上" in await caller.says("对")


@pytest.mark.anyio
async def test_what_was_heard_in_another_language_is_asked_for_again(caller: Caller) -> None:
    await caller.rings()
    said = Said("Where though", 0.5, language="zh", language_confidence=0.96)
    assert await caller._turn(said) == "好的，我们说中文。 请问有什么可以帮您？"
    assert caller.agent.exchange is not None
    assert caller.agent.exchange.trace == ("heard zh 0.96",)


@pytest.mark.anyio
async def test_a_change_that_is_asked_about_is_asked_in_the_new_language(caller: Caller) -> None:
    await caller.rings()
    await caller.says("cancel order 15206")
    await caller.says("yes")
    assert await caller.proves() == ("Order 1 5 2 0 6 has not been sent yet. Shall I cancel it?")
    asked = await caller.says("中文")
    assert asked == "好的，我们说中文。 订单1 5 2 0 6还没有发货。 要我把它取消吗？"
    assert "32.5美元" in await caller.says("好的")


@pytest.mark.anyio
async def test_nobody_heard_it_so_nothing_changed(caller: Caller) -> None:
    await caller.rings()
    await caller.says("where is my order")
    await caller.hears_nothing_of_the_answer_to("可以说中文吗")
    assert caller.agent.language == "en"


@pytest.mark.anyio
async def test_a_flow_that_the_language_lacks_is_left(
    retail: Assistant, chinese: Assistant
) -> None:
    flows = {name: flow for name, flow in chinese.flows.items() if name != "order_status"}
    less = Tongue(replace(chinese, flows=flows), WordsNlu(CHINESE))
    store = open_store(None, retail.seeds, TODAY)
    agent = FlowAgent(retail, WordsNlu(), store, lambda: FRIDAY_AFTERNOON, others={"zh": less})
    caller = Caller(agent)
    await caller.rings()
    await caller.says("where is my order")
    assert await caller.says("说中文") == "好的，我们说中文。 要我为您转接人工客服吗？"
    store.close()


def test_values_that_the_language_has_no_slot_for_are_left_behind(chinese: Assistant) -> None:
    state = State(slots=(("order_number", "15213"), ("shoe_size", "42")), finished="shoe_fitting")
    kept = carried(state, chinese)
    assert (kept.slots, kept.finished) == ((("order_number", "15213"),), "")


def test_no_english_is_left_in_what_is_said_in_chinese(chinese: Assistant) -> None:
    from dialogue.checks import spoken_texts, written_texts

    known = re.compile(r"\{\w+\}|PayPal|Apple Pay|JPEG|PNG")
    for spoken in (*spoken_texts(chinese), *written_texts(chinese)):
        assert not re.search("[A-Za-z]", known.sub("", spoken.text)), spoken


def test_a_variant_may_begin(retail: Assistant) -> None:
    whole = load_assistant(SHIPPED / "retail" / "zh")
    assert (whole.language, whole.languages) == ("zh", ("zh", "en"))
    assert whole.variants["en"].greeting == retail.greeting


def test_a_request_is_what_there_is_a_flow_for_and_no_small_talk(retail: Assistant) -> None:
    tongue = Tongue(retail, WordsNlu())
    assert tongue.sure_of_request("I want to cancel my order") == 0.9
    assert tongue.sure_of_request("maybe cancel my order") == 0.45
    assert tongue.sure_of_request("my sister lives in Ohio") is None
    assert tongue.sure_of_request("help") is None


def test_half_a_number_makes_no_whole_request(retail: Assistant) -> None:
    class HalfHeard(WordsNlu):
        def understand(self, text: str, context: Context) -> Understanding:
            return replace(super().understand(text, context), unread=("order_number",))

    assert Tongue(retail, HalfHeard()).sure_of_request("I want to cancel order 15") is None
