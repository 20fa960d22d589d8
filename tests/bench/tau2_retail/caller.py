"""A simulated caller of tau2's tasks, without a language model: it knows what is to come of it.

It takes the expected calls of the tools, and says what they need in words: first a request, then
each detail when it is asked for. So it does the reasoning that tau2 leaves to the agent and the
user; `judged` tells which tasks ask for some. It has an order's number only from the task's prose,
and names what is in the order otherwise.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from dialogue.agent import Opening, Said, converse
from dialogue.conversation import FlowAgent
from dialogue.state import (
    AskSlot,
    ChooseIntent,
    ConfirmChange,
    ConfirmIntent,
    OfferPerson,
    Prove,
)
from tests.bench.tau2_retail.tools import TOOLS, Document, Shop

TURNS = 14  # for one request
_REQUESTS: Mapping[str, tuple[str, ...]] = {
    "cancel_pending_order": (
        "Hi, there's an order of mine that I need cancelled.",
        "I don't want an order to be delivered after all, so cancel it.",
        "Hello, would you cancel an order for me?",
    ),
    "return_delivered_order_items": (
        "Hi, I've got something here that I'd like to return to you.",
        "I would like my money back for some of the things that arrived.",
        "Hello, I need to make a return.",
    ),
    "exchange_delivered_order_items": (
        "Hi, something that I received should be exchanged.",
        "I've had a delivery, and I'd like to swap part of it for something else of the same kind.",
        "Hello, I would like to make an exchange.",
    ),
    "modify_pending_order_items": (
        "Hi, I'd like to modify the items of an order that you have not shipped yet.",
        "In my pending order I'd rather have another version of a product.",
        "Hello, there's an item in my open order that I need to change.",
    ),
    "modify_pending_order_payment": (
        "Hi, I'd like to pay for an order with something else.",
        "Could the payment of my order be changed?",
        "Hello, I need another payment method on an order.",
    ),
    "modify_pending_order_address": (
        "Hi, an order of mine has to be shipped to a different address.",
        "Could you change the address of an order that is on its way out?",
        "Hello, the delivery address of my order needs changing.",
    ),
    "modify_user_address": (
        "Hi, I need a new default address in my account.",
        "Please update the address in my profile.",
        "Hello, I'd like my account's address changed.",
    ),
}
_INTENTS = {
    "cancel_pending_order": "cancel_order",
    "return_delivered_order_items": "return_items",
    "exchange_delivered_order_items": "exchange_items",
    "modify_pending_order_items": "modify_items",
    "modify_pending_order_payment": "modify_payment",
    "modify_pending_order_address": "modify_order_address",
    "modify_user_address": "modify_user_address",
}


@dataclass(frozen=True, slots=True)
class Wish:
    """One change that is to be made: the tool, and what to answer when it is asked for."""

    tool: str
    answers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Line:
    """A turn of the call as it went."""

    caller: str
    assistant: str
    intent: str


def judged() -> Mapping[str, str]:
    """Return what a task leaves to be reasoned, by the task; others leave nothing."""
    by_reason = yaml.safe_load((Path(__file__).parent / "judged.yaml").read_text("utf-8"))
    return {task: reason for reason, tasks in by_reason.items() for task in tasks}


def wishes_of(task: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the expected calls that change something."""
    actions = task["evaluation_criteria"]["actions"]
    return [action for action in actions if action["name"] in TOOLS]


def wishes(task: Mapping[str, Any], shop: Shop) -> list[Wish]:
    """Put into words what a task's caller is to get."""
    expected = wishes_of(task)
    user = shop["users"][_user_of(expected, shop)]
    who = {"who": _account(task, user), "name": "{first_name} {last_name}".format(**user["name"])}
    return [
        Wish(one["name"], who | _answers(one["arguments"], user, shop, _prose(task)))
        for one in expected
    ]


async def call(agent: FlowAgent, wanted: Sequence[Wish], style: int) -> list[Line]:
    """Make the call; it ends when all is said, or nothing more comes of it."""
    lines: list[Line] = []

    async def say(words: str) -> None:
        reply = await converse(agent, Said(words))
        understood = agent.exchange.understanding if agent.exchange else None
        lines.append(Line(words, reply, understood.intent if understood else ""))

    await converse(agent, Opening())
    for number, wish in enumerate(wanted):
        requests = _REQUESTS[wish.tool]
        await say(requests[(style + number) % len(requests)])
        for _ in range(TURNS):
            words = _answer(agent, wish)
            if words is None or agent.outcome is not None:
                break
            await say(words)
        if agent.outcome is not None:
            break
    return lines


def _answer(agent: FlowAgent, wish: Wish) -> str | None:
    """Answer the open question; None where there is none."""
    words, ours = None, _INTENTS[wish.tool]
    match agent.state.step:
        case AskSlot(slot):
            words = wish.answers.get(slot, "I don't know.")
        case Prove():
            words = wish.answers["name"]
        case ConfirmChange():
            words = "Yes, that's right, go ahead."
        case ConfirmIntent(intent):
            words = "Yes." if intent == ours else "No."
        case ChooseIntent((first, _)):
            words = "The first one." if first == ours else "The second one."
        case OfferPerson():
            words = "No, thank you."
    return words


def _user_of(expected: Sequence[Mapping[str, Any]], shop: Shop) -> str:
    arguments = expected[0]["arguments"]
    return str(arguments.get("user_id") or shop["orders"][arguments["order_id"]]["user_id"])


def _account(task: Mapping[str, Any], user: Document) -> str:
    """Say the ZIP code where the task lets the caller know it, and else the e-mail address."""
    code = str(user["address"]["zip"])
    return f"It's {code}." if code in _prose(task) else f"It's {user['email']}."


def _prose(task: Mapping[str, Any]) -> str:
    told = task["user_scenario"]["instructions"]
    return " ".join(told[key] or "" for key in ("known_info", "reason_for_call"))


def _answers(
    arguments: Mapping[str, Any], user: Document, shop: Shop, prose: str
) -> dict[str, str]:
    answers: dict[str, str] = {}
    order = shop["orders"].get(arguments.get("order_id", ""))
    if order:
        number = order["order_id"].removeprefix("#")
        names = [f"the {item['name'].lower()}" for item in order["items"]]
        inside = f"It's the one with {' and '.join(dict.fromkeys(names))}."
        answers["order"] = f"It's number {number}." if number in prose else inside
    if "reason" in arguments:
        mistake = arguments["reason"] == "ordered by mistake"
        answers["reason"] = "I made a mistake there." if mistake else "I no longer need it."
    if "payment_method_id" in arguments:
        answers["payment"] = _method(user["payment_methods"][arguments["payment_method_id"]])
    if "zip" in arguments:
        parts = ("address1", "address2", "city", "state")
        place = ", ".join(filter(None, (arguments[part] for part in parts)))
        answers["address"] = f"{place} {arguments['zip']}"
    if order and "new_item_ids" in arguments:
        answers["changes"] = _changes(arguments, order, shop)
    elif order and "item_ids" in arguments:
        items = [_item(order, item_id) for item_id in arguments["item_ids"]]
        answers["items"] = " and ".join(_named(item, order) for item in items)
    return answers


def _method(method: Document) -> str:
    if method["source"] == "credit_card":
        return f"My {method['brand']} card that ends in {method['last_four']}."
    return "My gift card." if method["source"] == "gift_card" else "PayPal."


def _named(item: Document, order: Document) -> str:
    """Name an item; with its options where there is another of its kind."""
    name = item["name"].lower()
    kind = [one for one in order["items"] if one["name"] == item["name"]]
    if len({one["item_id"] for one in kind}) == 1:
        return f"the {name}"
    return f"the {name} with {' '.join(_option(k, v) for k, v in item['options'].items())}"


def _option(key: str, value: str) -> str:
    return {"yes": key, "no": f"without {key}", "none": f"without {key}"}.get(
        value, f"{key} {value}"
    )


def _changes(arguments: Mapping[str, Any], order: Document, shop: Shop) -> str:
    said = []
    pairs = zip(arguments["item_ids"], arguments["new_item_ids"], strict=True)
    for old, new in pairs:
        item = _item(order, old)
        variant = shop["products"][item["product_id"]]["variants"][new]
        other = [
            _option(key, value)
            for key, value in variant["options"].items()
            if item["options"].get(key) != value
        ]
        said.append(f"{_named(item, order)} to {', '.join(other) or 'another of the same kind'}")
    return " and ".join(said)


def _item(order: Document, item_id: str) -> Document:
    return next(item for item in order["items"] if item["item_id"] == item_id)
