"""What comes into a folder is sound, and every fault in one is told with its place and remedy."""

import re
import shutil
from pathlib import Path

import pytest

from dialogue import AssistantError
from dialogue.assistant import Assistant, default_assistant, read_folder
from dialogue.folder import check_knowledge
from dialogue.knowledge.faq import read_faq
from dialogue.knowledge.graph import load_graph
from dialogue.knowledge.importing import Mapped, import_file
from tests.dialogue.bikeshop import GRAPH, QUESTIONS, written

PARTS = Mapped("s:Part", links=("for",))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "faq.md").write_text("# Q\n\n## Open? {#open}\n\nYes.\n", encoding="utf-8")
    return written(tmp_path)


def given(folder: Path, name: str, text: str) -> Path:
    source = folder / "inbox" / name
    source.parent.mkdir(exist_ok=True)
    source.write_text(text, encoding="utf-8")
    return source


def triples(folder: Path, thing: str) -> set[str]:
    graph = load_graph(folder)
    assert graph is not None
    rows = graph.select(f"SELECT ?p ?o WHERE {{ <urn:s:{thing}> ?p ?o }}")
    return {f"{row['p']} {row['o']}" for row in rows}


def test_a_table_becomes_things_of_the_graph(folder: Path) -> None:
    table = "name,price,for\nbell,9.50,city bike;Rocket Nine\nlock,20,\n"
    into = import_file(given(folder, "extras.csv", table), folder, PARTS)
    assert into == folder / "graph" / "extras.ttl"
    assert triples(folder, "bell") == {
        "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <urn:s:Part>",
        '<http://www.w3.org/2000/01/rdf-schema#label> "bell"',
        '<urn:s:price> "9.5"^^<http://www.w3.org/2001/XMLSchema#decimal>',
        "<urn:s:for> <urn:s:city>",
        "<urn:s:for> <urn:s:rocket>",
    }


def test_so_does_json_and_another_kind_of_rdf(folder: Path) -> None:
    things = '[{"name": "bell", "price": 9, "for": ["city bike"]}]'
    import_file(given(folder, "extras.json", things), folder, PARTS)
    assert "<urn:s:for> <urn:s:city>" in triples(folder, "bell")
    triple = "<urn:s:horn> <urn:s:for> <urn:s:city> .\n"
    into = import_file(given(folder, "horn.nt", triple), folder, Mapped())
    assert into.name == "horn.ttl"
    assert triples(folder, "horn") == {"<urn:s:for> <urn:s:city>"}


def test_a_table_of_questions_is_added_to_the_faq(folder: Path) -> None:
    table = "question,answer,also\nDo you rent?,No.,lend; borrow\n"
    import_file(given(folder, "answers.csv", table), folder, Mapped())
    faq = read_faq(folder / "faq.md")
    assert list(faq) == ["open", "do-you-rent"]
    assert (faq["do-you-rent"].also, faq["do-you-rent"].text) == (("lend", "borrow"), "No.")


@pytest.mark.parametrize(
    ("name", "text", "mistake"),
    [
        ("a.csv", "name,for\nbell,city bikes\n", ":2: nothing in the graph is called 'city bikes'"),
        ("a.csv", "name,for\nbell\n", ":2: 1 cells, not 2"),
        ("a.csv", "name,for\n,city bike\n", ":2: the name is empty"),
        ("a.csv", "name,of\nbell,x\n", ":1: there is no column 'for'; choose among name, of"),
        ("a.csv", "question,answer\nOpen?,Yes.\n", ":2: faq.md has 'open' already"),
        ("a.json", '[{"name": }]', ":1: not JSON"),
        ("a.ttl", "<urn:a> <urn:b>\n", "not Turtle"),
        ("a.nt", "<urn:a> <urn:b> .\n", ":1: not nt"),
        ("a.md", "No heading.\n", ":1: this text has no heading"),
        ("a.doc", "?", ":1: this is none of .csv, .json"),
    ],
)
def test_a_faulty_file_changes_nothing(folder: Path, name: str, text: str, mistake: str) -> None:
    source = given(folder, name, text)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with pytest.raises(AssistantError, match=re.escape(mistake)):
        import_file(source, folder, PARTS)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_a_check_names_every_fault_at_once(folder: Path) -> None:
    graph = GRAPH.replace("s:takes s:b2, s:b3", "s:takes s:b2, s:b33")
    questions = QUESTIONS.replace("{street}", "{streat}").replace(
        "s:price ?price", "s:prize ?price"
    )
    written(folder, graph, questions)
    (folder / "documents").mkdir()
    (folder / "documents" / "care.md").write_text("Oil the chain.\n", encoding="utf-8")
    faults = check_knowledge(folder, {"street": ""})
    found = [str(fault).removeprefix(f"{folder}/") for fault in faults]
    assert [fault.split("; ")[0] for fault in found] == [
        "documents/care.md:1: this text has no heading",
        "graph.ttl:6: nothing is said about 'b33', only that rocket takes it",
        "questions.yaml:22: nothing here gives {streat} a value",
        "questions.yaml:9: no triple of the graph has 's:prize'",
    ]
    assert "did you mean b3?" in found[1]
    assert "did you mean street?" in found[2]
    assert "did you mean price?" in found[3]


def test_the_shipped_folder_has_no_fault_and_its_catalogue_is_imported(
    retail: Assistant, tmp_path: Path
) -> None:
    ours = tmp_path / "shop"
    shutil.copytree(default_assistant(), ours, ignore=shutil.ignore_patterns("nlu", "__pycache__"))
    assert check_knowledge(ours, retail.facts) == ()
    catalog = ours / "graph" / "catalog.ttl"
    before = catalog.read_text(encoding="utf-8")
    import_file(ours / "catalog.csv", ours, Mapped("shop:Product", ("price", "stock")))
    assert catalog.read_text(encoding="utf-8") == before


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    ours = tmp_path / "starter"
    starter = default_assistant().parent / "starter"
    shutil.copytree(starter, ours, ignore=shutil.ignore_patterns("nlu", "__pycache__"))
    (ours / "documents").mkdir()
    return written(ours, GRAPH, QUESTIONS.replace("{street}", "{address}"))


def told(folder: Path) -> list[str]:
    return [str(fault).removeprefix(f"{folder}/") for fault in read_folder(folder).faults]


def test_the_check_of_a_folder_tells_all_that_is_wrong_in_what_it_knows(shop: Path) -> None:
    assert told(shop) == []
    rules = "# Rules\n\nOil {the chain.\n\nCome to {adress}.\n\n## A {#a}\n\nB.\n\n## C {#a}\n"
    (shop / "documents" / "rules.md").write_text(rules, encoding="utf-8")
    graph = GRAPH.replace("s:takes s:b2, s:b3", "s:takes s:b2, s:b33")
    written(shop, graph, QUESTIONS.replace("s:price ?price", "s:prize ?price"))
    found = told(shop)
    for place in (
        "documents/rules.md:3: expected '}' before end of string",
        "documents/rules.md:5: nothing here gives {adress} a value; did you mean address?",
        "documents/rules.md:11: 'a' is on line 7 already; give one another {#anchor}",
        "graph.ttl:6: nothing is said about 'b33', only that rocket takes it; did you mean b3?",
        "questions.yaml:9: no triple of the graph has 's:prize'; did you mean price?",
        "questions.yaml:22: nothing here gives {street} a value",
    ):
        assert any(place in fault for fault in found), (place, found)
    assert len(found) == 6


@pytest.mark.parametrize(
    ("name", "old", "new", "mistake"),
    [
        ("graph.ttl", "s:takes s:b2, s:b3", "s:takes s:b2, , s:b3", "not Turtle"),
        ("questions.yaml", "    asks:", "    ask:", "'ask'; did you mean asks?"),
        (
            "questions.yaml",
            "$bike s:takes $part",
            "$bik s:takes $part",
            "$bik is no placeholder of asks:",
        ),
        ("questions.yaml", ": s:Bike", ": z:Bike", "no prefix 'z'"),
    ],
)
def test_a_mistake_in_what_it_knows_brings_no_others(
    shop: Path, name: str, old: str, new: str, mistake: str
) -> None:
    text = (shop / name).read_text(encoding="utf-8")
    assert old in text
    (shop / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    (fault,) = told(shop)
    assert re.match(rf"{name}:\d+: ", fault)
    assert mistake in fault
