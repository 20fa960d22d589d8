"""The retail tools of tau2 that change its database, on documents in their format.

What is refused and what is written is theirs, to the letter: even that all items of one
modification get the last one's price and options.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Document = dict[str, Any]
Shop = Mapping[str, dict[str, Document]]  # users, orders and products by their keys

REASONS = ("no longer needed", "ordered by mistake")
ADDRESS = ("address1", "address2", "city", "state", "country", "zip")


class Refused(Exception):
    """A tool does not allow it; nothing was changed."""


def cancel_pending_order(shop: Shop, order_id: str, reason: str) -> None:
    """Cancel and refund."""
    order = _order(shop, order_id, "pending")
    if reason not in REASONS:
        raise Refused(f"no reason of ours: {reason}")
    refunds = [
        _entry("refund", entry["amount"], entry["payment_method_id"])
        for entry in order["payment_history"]
    ]
    for refund in refunds:
        _credit(_method(shop, order, refund["payment_method_id"]), refund["amount"])
    order["status"] = "cancelled"
    order["cancel_reason"] = reason
    order["payment_history"] += refunds


def modify_pending_order_address(shop: Shop, order_id: str, **address: str) -> None:
    """Send it elsewhere."""
    order = _order(shop, order_id)
    if "pending" not in order["status"]:
        raise Refused(f"the order is {order['status']}")
    order["address"] = {key: address[key] for key in ADDRESS}


def modify_user_address(shop: Shop, user_id: str, **address: str) -> None:
    """Give the user another default address."""
    shop["users"][user_id]["address"] = {key: address[key] for key in ADDRESS}


def modify_pending_order_payment(shop: Shop, order_id: str, payment_method_id: str) -> None:
    """Have it paid otherwise."""
    order = _order(shop, order_id)
    if "pending" not in order["status"]:
        raise Refused(f"the order is {order['status']}")
    method = _method(shop, order, payment_method_id)
    history = order["payment_history"]
    if len(history) != 1 or history[0]["transaction_type"] != "payment":
        raise Refused("it has more than one payment")
    before, amount = history[0]["payment_method_id"], history[0]["amount"]
    if before == payment_method_id:
        raise Refused("it is paid that way")
    _check_balance(method, amount)
    history += [_entry("payment", amount, payment_method_id), _entry("refund", amount, before)]
    _credit(method, -amount)
    _credit(_method(shop, order, before), amount)


def modify_pending_order_items(
    shop: Shop,
    order_id: str,
    item_ids: Sequence[str],
    new_item_ids: Sequence[str],
    payment_method_id: str,
) -> None:
    """Put other variants in place of items, once."""
    order = _order(shop, order_id, "pending")
    if any(old == new for old, new in zip(item_ids, new_item_ids, strict=False)):
        raise Refused("an item is to become itself")
    variants = _variants(shop, order, item_ids, new_item_ids)
    difference = _difference(order, item_ids, variants)
    method = _method(shop, order, payment_method_id)
    _check_balance(method, difference)
    kind = "payment" if difference > 0 else "refund"
    order["payment_history"].append(_entry(kind, abs(difference), payment_method_id))
    _credit(method, -difference)
    for old, new in zip(item_ids, new_item_ids, strict=True):
        last = variants[-1]
        _item(order, old).update(item_id=new, price=last["price"], options=last["options"])
    order["status"] = "pending (item modified)"


def exchange_delivered_order_items(
    shop: Shop,
    order_id: str,
    item_ids: Sequence[str],
    new_item_ids: Sequence[str],
    payment_method_id: str,
) -> None:
    """Request other variants for items, once."""
    order = _order(shop, order_id, "delivered")
    variants = _variants(shop, order, item_ids, new_item_ids)
    difference = round(_difference(order, item_ids, variants), 2)
    _check_balance(_method(shop, order, payment_method_id), difference)
    order["status"] = "exchange requested"
    order["exchange_items"] = sorted(item_ids)
    order["exchange_new_items"] = sorted(new_item_ids)
    order["exchange_payment_method_id"] = payment_method_id
    order["exchange_price_difference"] = difference


def return_delivered_order_items(
    shop: Shop, order_id: str, item_ids: Sequence[str], payment_method_id: str
) -> None:
    """Request that items go back."""
    order = _order(shop, order_id, "delivered")
    method = _method(shop, order, payment_method_id)
    original = order["payment_history"][0]["payment_method_id"]
    if method["source"] != "gift_card" and payment_method_id != original:
        raise Refused("refunds go to the original payment or a gift card")
    _check_items(order, item_ids)
    order["status"] = "return requested"
    order["return_items"] = sorted(item_ids)
    order["return_payment_method_id"] = payment_method_id


TOOLS: Mapping[str, Callable[..., None]] = {
    tool.__name__: tool
    for tool in (
        cancel_pending_order,
        modify_pending_order_address,
        modify_user_address,
        modify_pending_order_payment,
        modify_pending_order_items,
        exchange_delivered_order_items,
        return_delivered_order_items,
    )
}


def _order(shop: Shop, order_id: str, status: str = "") -> Document:
    order = shop["orders"].get(order_id)
    if order is None:
        raise Refused(f"there is no order {order_id}")
    if status and order["status"] != status:
        raise Refused(f"the order is {order['status']}")
    return order


def _method(shop: Shop, order: Document, key: str) -> Document:
    methods = shop["users"][order["user_id"]]["payment_methods"]
    if key not in methods:
        raise Refused(f"there is no payment method {key}")
    found: Document = methods[key]
    return found


def _item(order: Document, item_id: str) -> Document:
    return next(item for item in order["items"] if item["item_id"] == item_id)


def _check_items(order: Document, item_ids: Sequence[str]) -> None:
    there = [item["item_id"] for item in order["items"]]
    if any(item_ids.count(one) > there.count(one) for one in item_ids):
        raise Refused("an item is not in the order")


def _variants(
    shop: Shop, order: Document, item_ids: Sequence[str], new_item_ids: Sequence[str]
) -> list[Document]:
    _check_items(order, item_ids)
    if len(item_ids) != len(new_item_ids):
        raise Refused("as many new items as old ones are needed")
    variants = []
    for old, new in zip(item_ids, new_item_ids, strict=True):
        variant = shop["products"][_item(order, old)["product_id"]]["variants"].get(new)
        if variant is None or not variant["available"]:
            raise Refused(f"{new} is not available")
        variants.append(variant)
    return variants


def _difference(order: Document, item_ids: Sequence[str], variants: Sequence[Document]) -> float:
    prices = [_item(order, old)["price"] for old in item_ids]
    pairs = zip(prices, variants, strict=True)
    return sum((float(variant["price"] - price) for price, variant in pairs), 0.0)


def _check_balance(method: Document, amount: float) -> None:
    if method["source"] == "gift_card" and method["balance"] < amount:
        raise Refused("the gift card has not enough on it")


def _credit(method: Document, amount: float) -> None:
    if method["source"] == "gift_card":
        method["balance"] = round(method["balance"] + amount, 2)


def _entry(kind: str, amount: float, method: str) -> Document:
    return {"transaction_type": kind, "amount": amount, "payment_method_id": method}
