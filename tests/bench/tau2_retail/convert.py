"""Makes an Offhook assistant of tau2's retail data: the shop's tables beside the folder's files."""

import csv
import gzip
import json
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import text

from dialogue.store import Store
from tests.bench.report import REPO
from tests.bench.tau2_retail.tools import Document, Shop

DATA = REPO.parent / "shared" / "data" / "tau2" / "retail"
ASSISTANT = Path(__file__).parent / "assistant"


def read_shop(data: Path = DATA) -> Shop:
    """Read tau2's database."""
    with gzip.open(data / "db.json.gz", "rt", encoding="utf-8") as file:
        shop: Shop = json.load(file)
    return shop


def read_tasks(data: Path = DATA) -> list[dict[str, Any]]:
    """Read the training tasks."""
    tasks: list[dict[str, Any]] = json.loads((data / "tasks.json").read_text(encoding="utf-8"))
    return tasks


def convert(shop: Shop, folder: Path) -> None:
    """Write the assistant's folder; what has been trained in it stays."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in ASSISTANT.iterdir():
        if file.is_file():
            shutil.copyfile(file, folder / file.name)
    users = (
        (key, user["email"], user["address"]["zip"], json.dumps(user))
        for key, user in shop["users"].items()
    )
    _write(folder / "shop_users.csv", ("user_id", "email", "zip", "document"), users)
    orders = ((key, one["user_id"], json.dumps(one)) for key, one in shop["orders"].items())
    _write(folder / "shop_orders.csv", ("order_id", "user_id", "document"), orders)
    products = ((key, one["name"], json.dumps(one)) for key, one in shop["products"].items())
    _write(folder / "shop_products.csv", ("product_id", "name", "document"), products)


def state(store: Store) -> dict[str, dict[str, Document]]:
    """Return the users and orders as they are in the store."""
    with store.reading() as connection:
        return {
            name: {
                key: json.loads(document)
                for key, document in connection.execute(
                    text(f"SELECT {key_name}, document FROM shop_{name}")  # noqa: S608 - ours
                )
            }
            for name, key_name in (("users", "user_id"), ("orders", "order_id"))
        }


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
