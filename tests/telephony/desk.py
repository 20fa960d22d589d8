"""The server's routes without a socket, and callers who are just being handed over."""

import re
import xml.etree.ElementTree as ET
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
from pydantic import SecretStr
from twilio.request_validator import RequestValidator

from dialogue.identity import HandOff
from telephony.server import make_app, make_service
from telephony.service import Service
from telephony.sessions import Session
from telephony.settings import Settings
from telephony.twilio_api import TwilioApi
from tests.telephony.phone_server import ORIGIN, TOKEN, incoming, parts, sid
from tests.telephony.rest import RememberingApi

CALLER = sid(1)
OPEN = datetime(2026, 3, 3, 10, 30)  # a Tuesday


@dataclass
class Desk:
    service: Service
    api: RememberingApi
    http: httpx2.AsyncClient

    async def post(self, url: str, form: Mapping[str, str]) -> httpx2.Response:
        """Send a signed webhook to a public URL of ours, or its path."""
        path = url.removeprefix(ORIGIN)
        signature = RequestValidator(TOKEN).compute_signature(ORIGIN + path, dict(form))
        headers = {"X-Twilio-Signature": signature}
        return await self.http.post(path, data=dict(form), headers=headers)

    async def twiml(self, url: str, **form: str) -> ET.Element:
        """Send a webhook of the caller's call; returns its TwiML."""
        answer = await self.post(url, {**incoming(CALLER), "CallStatus": "in-progress", **form})
        assert answer.status_code == 200
        return ET.fromstring(answer.text)  # noqa: S314 - our own

    async def handed_over(self) -> ET.Element:
        """Have a caller talk until the assistant hands them over; returns what comes then."""
        await self.twiml("/twilio/voice")
        self.session.agent.outcome = "handed_over"
        return await self.twiml("/twilio/after")

    @property
    def session(self) -> Session:
        session = self.service.sessions.of(CALLER)
        assert session is not None
        return session

    @property
    def over(self) -> bool:
        return self.service.sessions.of(CALLER) is None

    @property
    def told(self) -> list[str]:
        return [happening["what"] for happening in self.session.happenings]


@asynccontextmanager
async def desk(
    folder: Path,
    handoff: HandOff | None = None,
    api: RememberingApi | None = None,
    ready: bool = True,
    **settings: Any,
) -> AsyncIterator[Desk]:
    chosen = Settings(
        calls=folder,
        public_url=ORIGIN,
        twilio_auth_token=SecretStr(TOKEN),
        twilio_number="+13125550100",
        **settings,
    )
    api = api or RememberingApi()
    made = make_service(chosen, ("127.0.0.1", 0), now=lambda: OPEN)
    known: TwilioApi = api
    assistant = replace(made.assistant, handoff=handoff or made.assistant.handoff)
    service = replace(made, api=known, assistant=assistant)
    if ready:
        service.loading.parts = parts()
    transport = httpx2.ASGITransport(app=make_app(service))
    async with httpx2.AsyncClient(transport=transport, base_url=ORIGIN) as http:
        yield Desk(service, api, http)


def verbs(twiml: ET.Element) -> list[str]:
    return [re.sub("{.*}", "", verb.tag) for verb in twiml]


def path(url: str) -> str:
    return urlsplit(url).path
