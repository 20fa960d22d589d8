"""Packets of hand-offs on their way to the business's own systems, beside the calls."""

import hashlib
import hmac
import json
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

import anyio
import httpx2

log = logging.getLogger(__name__)

WAITING = 100  # packets; a hand-off lasts minutes, so more means that nobody takes them
TRIES = 3
FIRST_PAUSE_SECONDS = 1.0  # before the second try; twice that before the third
ANSWER_SECONDS = 3.0
SIGNATURE = "X-Offhook-Signature"  # sha256=HMAC-SHA256 of the body, with Twilio's auth token


Complete = Callable[[], Awaitable[Mapping[str, Any]]]
"""Finds what else goes into a packet; takes its time, and raises nothing."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where packets go. Without a URL none do, without a key they are not signed."""

    url: str = ""
    key: str = field(default="", repr=False)

    def headers(self, body: bytes) -> dict[str, str]:
        """Return the headers of a packet."""
        headers = {"Content-Type": "application/json"}
        if self.key:
            digest = hmac.new(self.key.encode(), body, hashlib.sha256).hexdigest()
            headers[SIGNATURE] = f"sha256={digest}"
        return headers


class Deliveries:
    """Takes packets at once, and posts them one by one while `run` runs."""

    def __init__(self, webhook: Webhook) -> None:
        self.lost = 0
        self._webhook = webhook
        self.waiting: deque[tuple[Mapping[str, Any], Complete | None]] = deque()
        self._came = anyio.Event()

    def put(self, packet: Mapping[str, Any], complete: Complete | None = None) -> None:
        """Have a packet posted, with what `complete` then finds to be put into it.

        Never waits; what nobody takes is counted and logged.
        """
        if not self._webhook.url:
            return
        if len(self.waiting) >= WAITING:
            self._lose(f"{WAITING} others wait already")
            return
        self.waiting.append((packet, complete))
        self._came.set()

    async def run(self) -> None:
        """Post what comes, until cancelled; what waits then is lost."""
        try:
            async with httpx2.AsyncClient(timeout=ANSWER_SECONDS) as client:
                await self._post_all(client)
        finally:
            while self.waiting:
                self.waiting.popleft()
                self._lose("the server stopped")

    async def _post_all(self, client: httpx2.AsyncClient) -> NoReturn:
        while True:
            self._came = anyio.Event()
            while self.waiting:
                packet, complete = self.waiting[0]
                added = await complete() if complete else {}
                await self._deliver(client, json.dumps({**packet, **added}).encode())
                self.waiting.popleft()
            await self._came.wait()

    async def _deliver(self, client: httpx2.AsyncClient, body: bytes) -> None:
        failure = ""
        for again in range(TRIES):
            if again:
                await anyio.sleep(FIRST_PAUSE_SECONDS * 2 ** (again - 1))
            try:
                answer = await client.post(
                    self._webhook.url, content=body, headers=self._webhook.headers(body)
                )
            except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
                failure = str(error) or type(error).__name__
                continue
            if answer.is_success:
                return
            failure = f"it answered {answer.status_code}"
            if answer.is_client_error and answer.status_code not in {408, 429}:
                break
        self._lose(failure)

    def _lose(self, why: str) -> None:
        self.lost += 1
        log.error("a hand-off's packet is lost: %s: check OFFHOOK_HANDOFF_WEBHOOK", why)
