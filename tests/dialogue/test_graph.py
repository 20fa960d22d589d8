"""What the graph answers: from the caller's words, by names and kinds of questions, to triples."""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from pyoxigraph import QueryResultsFormat, QuerySolutions, Store

from dialogue import AssistantError
from dialogue.knowledge import Knowledge, Known, Library, Passage, Purchase
from dialogue.knowledge.asking import Fact, Questions
from dialogue.knowledge.graph import load_graph
from dialogue.knowledge.linking import Names, Thing
from dialogue.knowledge.remote import SPARED_SECONDS, RemoteGraph
from dialogue.knowledge.shapes import read_shapes
from tests.dialogue.bikeshop import GRAPH, QUESTIONS, encode_words, opened, written

TODAY = date(2026, 11, 20)


@pytest.fixture
def shop(tmp_path: Path) -> Questions:
    return opened(written(tmp_path))


def told(shop: Questions, question: str, *bought: Purchase) -> Fact:
    known = Known(TODAY, bought)
    asked = shop.hear(question, known)
    (best, *_) = shop.read(asked, encode_words([asked.masked])[0])
    fact = shop.answer(best, known)
    assert fact is not None
    return fact


def test_two_hops_give_the_answer_and_are_cited(shop: Questions) -> None:
    fact = told(shop, "Is the chain of the Rocket Nine covered?")
    assert fact.text == "The chain of the Rocket Nine is not covered."
    assert fact.source == "graph: Rocket Nine → cover → long cover → excludes → chain"


def test_the_first_case_that_is_found_is_the_answer(shop: Questions) -> None:
    assert (
        told(shop, "does the city bike take the B2").text == "Yes, the city bike takes it, for $90."
    )
    other = told(shop, "does the city bike take the battery b three")
    assert (other.case, other.text) == ("others", "No, the city bike takes the battery B2.")


def test_a_question_about_a_part_is_not_answered_for_the_whole(shop: Questions) -> None:
    asked = shop.hear("is the B2 of the city bike still covered", Known(TODAY))
    readings = {one.name: one for one in shop.read(asked, encode_words([asked.masked])[0])}
    assert readings["covered"].unused == 1
    assert readings["covered"].confidence < readings["part_covered"].confidence


def test_several_things_are_listed(shop: Questions) -> None:
    fact = told(shop, "what parts are there for the Rocket Nine")
    assert fact.text == "For the Rocket Nine there is the battery B2 and battery B3."
    assert fact.path == (
        ("Rocket Nine", "takes", "battery B2"),
        ("Rocket Nine", "takes", "battery B3"),
    )


def test_what_the_caller_has_bought_decides_what_bike_and_how_old(shop: Questions) -> None:
    city = Purchase("a city bike", date(2025, 11, 20))
    fact = told(shop, "is the bike still covered", city)
    assert fact.text == (
        "No. You bought the city bike on November 20th, 2025, and the short cover lasts one year."
        " Come to {street}."
    )
    assert fact.path[0] == ("caller", "bought", "city bike")
    assert told(
        shop, "is the bike still covered", Purchase("city bike", date(2025, 11, 21))
    ).case == ("holds")
    assert told(shop, "is the city bike still covered").text == "It lasts one year."


def test_a_name_of_two_things_is_answered_only_where_they_agree(shop: Questions) -> None:
    assert told(shop, "is the chain of the bike covered").text == (
        "The chain of the bike is not covered."
    )
    asked = shop.hear("is the bike still covered", Known(TODAY))
    (best, *_) = shop.read(asked, encode_words([asked.masked])[0])
    assert shop.answer(best, Known(TODAY)) is None


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("the city bikes", "city bike"),
        ("my siddy bike", "city bike"),  # by its sound
        ("a Rocket 9", "Rocket Nine"),
        ("the rocketnine", "Rocket Nine"),
        ("battery bee two", "battery B2"),
        ("the rocking chair", None),
        ("pity bike", "bike"),  # the onset is not misheard: no city bike
        ("a change", None),  # short names have to be right: no chain
    ],
)
def test_names_are_found_however_they_are_said(
    shop: Questions, said: str, meant: str | None
) -> None:
    mentions = shop.hear(said, Known(TODAY)).mentions
    labels = [thing.label for mention in mentions for thing in mention.things]
    if meant == "bike":
        assert [mention.words for mention in mentions] == ["bike"]
    else:
        assert labels == ([meant] if meant else [])


def test_a_hundred_thousand_names_take_no_longer_than_ten() -> None:
    def search_seconds(count: int) -> float:
        names = Names()
        for number in range(count):
            names.add(
                Thing(f"urn:{number}", f"gadget {number} blue", frozenset()),
                [f"gadget {number} blue"],
            )
        said = ["will", "the", "gadget", "seven", "blue", "fit"]
        names.mentions(said)
        began = time.perf_counter()
        for _ in range(20):
            names.mentions(said)
        return time.perf_counter() - began

    assert search_seconds(3000) < 20 * search_seconds(10) + 0.05


def test_what_the_graph_does_not_answer_the_passages_may(tmp_path: Path) -> None:
    folder = written(tmp_path)
    entry = Passage("faq.md", "lights", "are there lights", (), "Yes, lights.", 3)
    library = Library({"lights": entry}, (), read_shapes(folder))
    knowledge = Knowledge(library, encode_words, graph=load_graph(folder))
    lights = knowledge.find("are there lights")
    assert lights.answer is not None
    assert lights.answer.source == "faq.md#lights"
    chain = knowledge.find("is the chain of the bike covered")
    assert chain.answer is not None
    assert chain.answer.named == 2
    unknown = knowledge.find("who has painted the Rocket Nine")
    assert (unknown.answer, unknown.about_us) == (None, True)
    assert knowledge.find("what a day").about_us is False


FAULTS = [
    ("take the {part}", "take the {port}", "no placeholder 'port'; did you mean part?"),
    ("will the {part} go into", "will it go into", "every wording names the same: {bike}, {part}"),
    ('"$bike s:takes $part", ', '"$bike s:takes", ', "is not subject, relation and object"),
    ("FILTER(?age >= ?months)", "FILTER(?age >= ", "not SPARQL: expected"),
    ('"$bike s:takes ?part"', '"$byke s:takes ?part"', "$byke is no placeholder of asks:"),
    ("bought: bike\n", "bought: car\n", "bought: 'car' is no placeholder of asks:"),
    ("s:Bike, part", "t:Bike, part", "no prefix 't'"),
    ("some:", "sum: {}\n      some:", "'say' is missing; add it"),
]


@pytest.mark.parametrize(("old", "new", "mistake"), FAULTS)
def test_a_faulty_question_says_where_and_how_to_mend_it(
    tmp_path: Path, old: str, new: str, mistake: str
) -> None:
    assert old in QUESTIONS
    folder = written(tmp_path, questions=QUESTIONS.replace(old, new, 1))
    with pytest.raises(AssistantError, match=rf"questions\.yaml:\d+: .*{re.escape(mistake)}"):
        read_shapes(folder)


def test_a_graph_that_is_not_turtle_says_where(tmp_path: Path) -> None:
    folder = written(tmp_path, GRAPH.replace("s:price 90.00 .", "s:price ;", 1))
    with pytest.raises(
        AssistantError, match=r"graph\.ttl:7: not Turtle: .* is not a valid RDF obj"
    ):
        load_graph(folder)


# an endpoint elsewhere


@contextmanager
def endpoint(store: Store, delay: float = 0.0) -> Iterator[HTTPServer]:
    """A small SPARQL endpoint on this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"])).decode()
            found = store.query(query)
            assert isinstance(found, QuerySolutions)
            answer = found.serialize(format=QueryResultsFormat.JSON)
            time.sleep(delay)
            self.send_response(200)
            self.send_header("Content-Type", "application/sparql-results+json")
            self.end_headers()
            try:
                self.wfile.write(answer or b"")
            except OSError:  # nobody waits any more
                return

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def url_of(server: HTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_port}/query"


def store_of(folder: Path) -> Store:
    graph = load_graph(folder)
    assert graph is not None
    return graph.store


def test_an_endpoint_answers_as_the_files_do(tmp_path: Path) -> None:
    folder = written(tmp_path)
    with endpoint(store_of(folder)) as server:
        shop = opened(folder, RemoteGraph(url_of(server)))
        fact = told(shop, "does the city bike take the B2")
        assert fact == told(opened(folder), "does the city bike take the B2")


def test_an_endpoint_that_is_away_leaves_the_caller_without_a_fact_but_not_without_a_word(
    tmp_path: Path,
) -> None:
    folder = written(tmp_path)
    entry = Passage("faq.md", "chain", "is the chain covered", (), "Chains wear.", 3)
    library = Library({"chain": entry}, (), read_shapes(folder))
    now = [0.0]
    with endpoint(store_of(folder)) as server:
        remote = RemoteGraph(url_of(server), clock=lambda: now[0])
        knowledge = Knowledge(library, encode_words, graph=remote)
        assert knowledge.find("is the chain of the bike covered").answer is not None
    gone = knowledge.find("does the city bike take the B2")
    assert (gone.answer, gone.about_us, gone.away) == (None, True, True)
    passage = knowledge.find("is the chain covered of the bike")
    assert passage.answer is not None
    assert (passage.answer.text, passage.away) == ("Chains wear.", True)


def test_an_endpoint_that_comes_back_is_asked_again_after_a_while(tmp_path: Path) -> None:
    folder = written(tmp_path)
    now = [0.0]
    library = Library({}, (), read_shapes(folder))
    with endpoint(store_of(folder)) as server:
        port = url_of(server)
    remote = RemoteGraph(port, clock=lambda: now[0])
    knowledge = Knowledge(library, encode_words, graph=remote)  # it starts without the graph
    assert knowledge.find("does the city bike take the B2").away
    remote._url = port
    with endpoint(store_of(folder)) as server:
        remote._url = url_of(server)
        assert knowledge.find("does the city bike take the B2").away  # too soon
        now[0] += SPARED_SECONDS
        assert knowledge.find("does the city bike take the B2").answer is not None


def test_an_endpoint_that_is_slow_is_not_waited_for(tmp_path: Path) -> None:
    folder = written(tmp_path)
    library = Library({}, (), read_shapes(folder))
    with endpoint(store_of(folder)) as quick:
        remote = RemoteGraph(url_of(quick), answer_seconds=0.2)
        knowledge = Knowledge(library, encode_words, graph=remote)
    with endpoint(store_of(folder), delay=1.0) as slow:
        remote._url = url_of(slow)
        began = time.perf_counter()
        assert knowledge.find("does the city bike take the B2").away
        assert time.perf_counter() - began < 0.9
