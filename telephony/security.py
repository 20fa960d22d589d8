"""Who may talk to the server: Twilio's signatures, and refusals that are counted, not explained."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Annotated
from urllib.parse import parse_qsl, urlsplit

from anyio import move_on_after
from fastapi import Depends, Request
from starlette.datastructures import ImmutableMultiDict
from starlette.requests import HTTPConnection
from twilio.request_validator import RequestValidator

from telephony import Refused

log = logging.getLogger(__name__)

SIGNATURE = "x-twilio-signature"
FORM_BYTES = 64 * 1024  # a webhook's body; Twilio's have some hundred bytes, a transcript a few k
FORM_FIELDS = 500
BODY_SECONDS = 10.0  # to come in
LOG_SECONDS = 10.0  # one line in the log per reason and so many seconds
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
FOREIGN = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "origin")
"""Headers of what a proxy or tunnel passes on, or a web page sends through somebody's browser."""

Form = ImmutableMultiDict[str, str]
"""A webhook's POST parameters; `form.get("CallSid", "")`, and `getlist` for one that repeats."""


class Reason(StrEnum):
    """Why something was refused."""

    NO_CREDENTIALS = "there is no OFFHOOK_TWILIO_AUTH_TOKEN to check it with"
    UNSIGNED = "it has no signature"
    WRONG_SIGNATURE = "its signature is wrong"
    NOT_LOCAL = "it does not come from this machine"
    TOO_SLOW = "its body did not come"
    TOO_LARGE = "it is too large"
    NO_FORM = "it is no form of text fields"
    REPLAYED = "this call has been answered already"
    BAD_TOKEN = "its stream has no valid token"  # noqa: S105 - a sentence
    PROTOCOL = "it does not speak the protocol"


class Refusals:
    """Counts what was refused, and logs it at most every ten seconds for each reason."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.counts: Counter[Reason] = Counter()
        self._clock = clock
        self._logged: dict[Reason, tuple[float, int]] = {}  # when, and the count by then

    def note(self, reason: Reason, what: str) -> Refused:
        """Count and log it; returns what the route raises."""
        self.counts[reason] += 1
        now, count = self._clock(), self.counts[reason]
        logged, before = self._logged.get(reason, (-LOG_SECONDS, 0))
        if now - logged >= LOG_SECONDS:
            self._logged[reason] = now, count
            more = f" ({count - before} times)" if count - before > 1 else ""
            log.warning("refused %s%s: %s", what, more, reason.value)
        return Refused(reason.value)


class Guard:
    """Lets through what Twilio signed for this server's public origin.

    With `insecure_local` signatures are not looked at, and only this machine's own programs are let
    through: nothing that a tunnel or a proxy passes on, and no web page.
    """

    def __init__(
        self,
        origin: str,
        auth_token: str,
        insecure_local: bool = False,
        refusals: Refusals | None = None,
    ) -> None:
        self.refusals = refusals or Refusals()
        self.insecure_local = insecure_local
        self._origin = origin
        self._validator = RequestValidator(auth_token) if auth_token else None

    def check_webhook(self, request: HTTPConnection, form: Form) -> None:
        """Raise Refused, unless Twilio signed this request with these POST parameters."""
        self._check(request, [self._origin + _target(request)], form, "a webhook")

    def check_stream(self, handshake: HTTPConnection) -> None:
        """Raise Refused, unless Twilio signed this handshake of a media stream.

        Twilio signs its URL, and of some ages of the service with a slash after it.
        """
        url = stream_url(self._origin, handshake.url.path)
        self._check(handshake, [url, url + "/"], Form(), "a media stream")

    def _check(self, request: HTTPConnection, urls: list[str], form: Form, what: str) -> None:
        if self.insecure_local:
            if not _is_local(request):
                raise self.refusals.note(Reason.NOT_LOCAL, what)
            return
        if self._validator is None:
            raise self.refusals.note(Reason.NO_CREDENTIALS, what)
        signature = request.headers.get(SIGNATURE, "")
        if not signature:
            raise self.refusals.note(Reason.UNSIGNED, what)
        if not any(self._validator.validate(url, form, signature) for url in urls):
            raise self.refusals.note(Reason.WRONG_SIGNATURE, what)


async def signed_form(request: Request) -> Form:
    """Return the POST parameters of a webhook that Twilio signed: `Depends(signed_form)`.

    Raises Refused, which the app answers with 403 and no word.
    """
    guard: Guard = request.app.state.service.guard
    form = await _form(request, guard.refusals)
    guard.check_webhook(request, form)
    return form


SignedForm = Annotated[Form, Depends(signed_form)]
"""A route's parameter that gets `signed_form`."""


def stream_url(origin: str, path: str = "/twilio/media") -> str:
    """Return the WebSocket URL below an http or https origin."""
    return "ws" + origin.removeprefix("http") + path


async def _form(request: Request, refusals: Refusals) -> Form:
    body = b""
    with move_on_after(BODY_SECONDS) as limit:
        async for piece in request.stream():
            body += piece
            if len(body) > FORM_BYTES:
                raise refusals.note(Reason.TOO_LARGE, "a webhook")
    if limit.cancelled_caught:
        raise refusals.note(Reason.TOO_SLOW, "a webhook")
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            max_num_fields=FORM_FIELDS,
            errors="strict",
        )
    except ValueError as error:
        raise refusals.note(Reason.NO_FORM, "a webhook") from error
    return Form(pairs)


def _target(request: HTTPConnection) -> str:
    """Return path and query as they were sent."""
    path = request.scope.get("raw_path") or request.scope["path"].encode()
    query = request.scope.get("query_string", b"")
    return str((path + b"?" + query if query else path).decode("latin-1"))


def _is_local(request: HTTPConnection) -> bool:
    headers: Mapping[str, str] = request.headers
    try:
        host = urlsplit("//" + headers.get("host", "")).hostname
    except ValueError:
        return False
    peer = request.client.host if request.client else ""
    foreign = any(name in headers for name in FOREIGN)
    return host in LOOPBACK and peer in LOOPBACK and not foreign
