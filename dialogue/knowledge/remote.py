"""A SPARQL endpoint elsewhere: the protocol's POST, with an end to waiting."""

import logging
import time
from collections.abc import Callable

import httpx2
from pyoxigraph import QueryResultsFormat, parse_query_results

from dialogue import GraphAway
from dialogue.knowledge.graph import Row, rows_of

log = logging.getLogger(__name__)

ANSWER_SECONDS = 1.5  # for a whole query: a caller waits
NAMES_SECONDS = 60.0  # for the list of all names, before the first call
SPARED_SECONDS = 20.0  # after a failure nobody waits for it again so soon
ANSWER_BYTES = 1_000_000
NAMES_BYTES = 1_000_000_000
_RESULTS = "application/sparql-results+json"


class RemoteGraph:
    """An endpoint by its URL, with user and password in it where it wants them."""

    def __init__(
        self,
        url: str,
        answer_seconds: float = ANSWER_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url
        self._seconds = answer_seconds
        self._clock = clock
        self._client = httpx2.Client(timeout=answer_seconds)
        self._away_until = float("-inf")

    def select(self, query: str) -> list[Row]:
        """See `Graph`."""
        if self._clock() < self._away_until:
            raise GraphAway("it failed a moment ago")
        return self.ask(query, self._seconds, ANSWER_BYTES)

    def ask(self, query: str, seconds: float, limit: int) -> list[Row]:
        """Return the rows within the time and size, or raise GraphAway."""
        try:
            answer = self._post(query, seconds, limit)
            return rows_of(parse_query_results(answer, QueryResultsFormat.JSON))
        except (httpx2.HTTPError, httpx2.InvalidURL, SyntaxError, ValueError, TypeError) as error:
            self._away_until = self._clock() + SPARED_SECONDS
            reason = f"{type(error).__name__}: {error}".rstrip(": ")
            log.warning("the graph's endpoint does not answer: %s", reason)
            raise GraphAway(reason) from error

    def _post(self, query: str, seconds: float, limit: int) -> bytes:
        until = self._clock() + seconds
        body = bytearray()
        with self._client.stream(
            "POST",
            self._url,
            content=query.encode(),
            headers={"Content-Type": "application/sparql-query", "Accept": _RESULTS},
            timeout=seconds,
        ) as response:
            response.raise_for_status()
            for piece in response.iter_bytes():
                body += piece
                if len(body) > limit or self._clock() > until:
                    raise ValueError(f"more than {limit} bytes, or {seconds} s")
        return bytes(body)


class PatientGraph:
    """An endpoint while no caller waits."""

    def __init__(self, graph: RemoteGraph) -> None:
        self._graph = graph

    def select(self, query: str) -> list[Row]:
        """See `Graph`."""
        return self._graph.ask(query, NAMES_SECONDS, NAMES_BYTES)
