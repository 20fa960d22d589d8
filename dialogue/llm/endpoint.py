"""Any endpoint that speaks the chat completions of the OpenAI protocol, streamed.

vLLM, Ollama, the server of llama.cpp and most clouds do. The protocol: POST {url}/chat/completions
with "stream": true answers with server-sent events, `data: {"choices": [{"delta": {"content": …},
"finish_reason": …}]}`, the last of which is `data: [DONE]`.
"""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import aclosing, contextmanager
from http import HTTPStatus
from typing import Any

import httpx2
from anyio import CancelScope, WouldBlock, current_time, fail_after, to_thread

from dialogue import LlmError
from dialogue.llm.model import LlmOptions, Message

DONE = "[DONE]"
ERROR_CHARACTERS = 200  # of what a refusing endpoint says
COMPLETE = frozenset({"stop", "eos", "end_turn"})  # of finish_reason


class EndpointLlm:
    """Asks for one answer at a time over a connection of its own."""

    def __init__(self, options: LlmOptions) -> None:
        try:
            self._url = httpx2.URL(options.url.rstrip("/") + "/chat/completions")
        except httpx2.InvalidURL as error:
            raise LlmError(f"{options.url} is no URL: {error}: correct the url of [llm]") from error
        if self._url.scheme not in {"http", "https"} or not self._url.host:
            raise LlmError(f"'{options.url}' is no URL: write url = \"http://127.0.0.1:8080/v1\"")
        self._options = options
        secure = self._url.scheme == "https"  # its certificates are slow to load
        self._trust = httpx2.create_ssl_context() if secure else False
        self._headers = {"authorization": f"Bearer {options.key}"} if options.key else {}

    async def stream(self, messages: Sequence[Message]) -> AsyncGenerator[str]:
        """See `Llm.stream`. Every wait has its limit; no cancel scope spans a yield."""
        limits, began = self._options.limits, current_time()
        timeout = httpx2.Timeout(limits.whole, connect=limits.connect)
        async with httpx2.AsyncClient(verify=self._trust, timeout=timeout) as client:
            request = client.build_request(
                "POST", self._url, headers=self._headers, json=self._question(messages)
            )
            with self._failures(), fail_after(limits.first_token), _computing():
                response = await client.send(request, stream=True)
            try:
                async with aclosing(self._pieces(response)) as pieces:
                    due = began + limits.first_token
                    while True:
                        with self._failures(), fail_after(due - current_time()), _computing():
                            piece = await anext(pieces, None)
                        if piece is None:
                            return
                        due = began + limits.whole
                        yield piece
            finally:
                with fail_after(1.0, shield=True):
                    await response.aclose()

    def _question(self, messages: Sequence[Message]) -> dict[str, Any]:
        return {
            "model": self._options.model,
            "messages": [{"role": each.role, "content": each.text} for each in messages],
            "stream": True,
            "temperature": 0,
            "max_tokens": self._options.limits.tokens,
        }

    async def _pieces(self, response: httpx2.Response) -> AsyncGenerator[str]:
        """Yield the text of each event. Raises LlmError when that is not all of it."""
        if response.status_code != HTTPStatus.OK:
            await response.aread()
            raise LlmError(self._refusal(response))
        complete = False
        events = aiter(httpx2.EventSource(response))
        try:
            async for event in events:
                if event.data == DONE:
                    complete = True
                    break
                text, finish = _delta(event.data)
                if text:
                    yield text
                if finish and finish not in COMPLETE:
                    raise LlmError(f"{self._url} broke its answer off: {finish}: allow more tokens")
                complete = complete or bool(finish)
        finally:
            await _abandon(events)
        if not complete:
            raise LlmError(f"{self._url} broke off in the middle of its answer: look at its log")

    def _refusal(self, response: httpx2.Response) -> str:
        status = response.status_code
        said = " ".join(response.text[:ERROR_CHARACTERS].split())
        remedy = "look at its log"
        if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            remedy = "set OFFHOOK_LLM_API_KEY to a key that it takes"
        elif status == HTTPStatus.NOT_FOUND:
            remedy = f"does it know the model {self._options.model!r}, and does its url end in /v1?"
        elif status == HTTPStatus.TOO_MANY_REQUESTS:
            remedy = "it is asked too often: raise its limit"
        return f"{self._url} answered HTTP {status}: {said or 'nothing'}: {remedy}"

    @contextmanager
    def _failures(self) -> Iterator[None]:
        """Turn what can go wrong into one line with the remedy."""
        try:
            yield
        except TimeoutError:
            raise LlmError(f"{self._url} was too slow: take a smaller model") from None
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            reason = str(error) or "no answer"
            raise LlmError(f"{self._url} cannot be reached: {reason}: is it running?") from error
        except httpx2.SSEError as error:
            raise LlmError(
                f"{self._url} does not stream chat completions: {error}: correct the url of [llm]"
            ) from error
        except (httpx2.HTTPError, httpx2.StreamError) as error:
            reason = f"{type(error).__name__} {error}".strip()
            raise LlmError(f"{self._url} broke off: {reason}: look at its log") from error
        except ValueError as error:
            raise LlmError(f"{self._url} sent nonsense: {error}: look at its log") from error


def _delta(data: str) -> tuple[str, str | None]:
    """Return an event's text, and why it is the last one, if it is. Raises ValueError."""
    try:
        event = json.loads(data)
        if "error" in event:
            raise ValueError(f"an error, {str(event['error'])[:ERROR_CHARACTERS]}")
        if not event["choices"]:  # an event that only counts tokens
            return "", None
        choice = event["choices"][0]
        text = choice.get("delta", {}).get("content") or ""
        finish = choice.get("finish_reason")
    except (LookupError, TypeError, AttributeError) as error:
        raise ValueError(f"no chat completion but {data[:ERROR_CHARACTERS]}") from error
    except RecursionError:
        raise ValueError("JSON within JSON without an end") from None
    if not isinstance(text, str):
        raise ValueError(f"no text but {data[:ERROR_CHARACTERS]}")
    return text, finish


async def _abandon(events: AsyncIterator[object]) -> None:
    """Unwind the library's generators, which do not close each other: cancel the next read."""
    with CancelScope() as scope:
        scope.cancel()
        async for _ in events:
            pass


@contextmanager
def _computing() -> Iterator[None]:
    """Count as a worker thread while we wait: a replay's time stands still meanwhile."""
    limiter, we = to_thread.current_default_thread_limiter(), object()
    try:
        limiter.acquire_on_behalf_of_nowait(we)
    except WouldBlock:
        yield
        return
    try:
        yield
    finally:
        limiter.release_on_behalf_of(we)
