"""What is right and wrong with the phone line: whether Twilio reaches us, and we Twilio."""

import ipaddress
import re
import socket
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import urlsplit

import anyio
import httpx2

from dialogue.assistant import default_assistant, load_assistant
from telephony import SettingsError, TwilioError
from telephony.findings import Finding, Level, ok, problem, warning
from telephony.server import listen
from telephony.service import public_origin
from telephony.settings import Settings
from telephony.twilio_api import open_twilio

SECONDS = 4.0  # for each look at the network
ACCOUNT_SID = re.compile(r"AC[0-9a-f]{32}")
AUTH_TOKEN = re.compile(r"[0-9a-f]{32}")
NUMBER = re.compile(r"\+[1-9]\d{6,14}")


def check_phone(settings: Settings) -> Iterator[Finding]:
    """Look at the credentials, the public URL, the port and the hand-off, in this order."""
    if not (settings.twilio_account_sid or settings.public_url):
        yield ok("no phone line is set up; only `offhook serve` needs one")
    else:
        yield from check_credentials(settings)
        yield from check_public_url(settings)
    yield from check_port(settings)
    yield from check_handoff(settings)


def check_credentials(settings: Settings) -> Iterator[Finding]:
    """Look at their form, and try them."""
    sid, token = settings.twilio_account_sid, settings.twilio_auth_token.get_secret_value()
    remedy = "copy it from the front page of Twilio's console"
    if not ACCOUNT_SID.fullmatch(sid):
        yield problem("OFFHOOK_TWILIO_ACCOUNT_SID is no AC and 32 digits", remedy)
    elif not AUTH_TOKEN.fullmatch(token):
        yield problem("OFFHOOK_TWILIO_AUTH_TOKEN is not 32 digits and letters a to f", remedy)
    else:
        yield _tried(settings)
    number = settings.twilio_number
    if number and not NUMBER.fullmatch(number):
        yield problem(f"OFFHOOK_TWILIO_NUMBER={number} is no number", "write it like +13125550100")


def check_public_url(settings: Settings) -> Iterator[Finding]:
    """Look for ourselves where Twilio will."""
    if not settings.public_url:
        yield problem(
            "Twilio does not know the way: no public URL",
            "set OFFHOOK_PUBLIC_URL to the https address of your proxy or tunnel",
        )
        return
    origin = public_origin(settings.public_url, ("", 0))
    url = urlsplit(origin)
    host, port = url.hostname or "", url.port or (443 if url.scheme == "https" else 80)
    if url.scheme != "https":
        yield problem(f"{origin} is not https", "Twilio opens media streams with wss alone")
        return
    if port != 443:
        yield warning(f"{origin} has port {port}", "Twilio opens media streams on 443 alone")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        yield problem(f"{host} has no address: {error.strerror}", "mend the name, or its DNS")
        return
    addresses = {str(each[4][0]) for each in found}
    if not any(ipaddress.ip_address(each.partition("%")[0]).is_global for each in addresses):
        yield warning(
            f"{host} is {', '.join(sorted(addresses))} from here",
            "if others see the same, Twilio cannot reach it",
        )
    yield reach(origin)


def check_port(settings: Settings) -> Iterator[Finding]:
    """Look whether the port is free, or ours already."""
    try:
        with closing(listen(settings, insecure_local=False)) as listening:
            host, port = listening.getsockname()[:2]
            yield ok(f"{host}:{port} is free")
    except SettingsError as error:
        yield Finding(Level.WARNING, str(error), "unless it is `offhook serve` that runs there")


def check_handoff(settings: Settings) -> Iterator[Finding]:
    """Look where callers go whom the assistant cannot serve."""
    handoff = load_assistant(settings.assistant or default_assistant()).handoff
    if not (handoff.number or handoff.queue):
        yield warning(
            "nobody takes a hand-off: callers get voicemail",
            "add number = below [handoff] in assistant.toml",
        )
    else:
        yield ok(f"hand-offs go to {handoff.number or handoff.queue} ({handoff.kind})")


def _tried(settings: Settings) -> Finding:
    try:
        name = anyio.run(open_twilio(settings).account)
    except (SettingsError, TwilioError) as error:
        return Finding(Level.PROBLEM, str(error))
    return ok(f"Twilio knows the account: {name}")


def reach(origin: str) -> Finding:
    """Ask for `/healthz` where Twilio would."""
    try:
        answer = httpx2.get(f"{origin}/healthz", timeout=SECONDS)
    except httpx2.HTTPError as error:
        return warning(
            f"{origin} does not answer: {error}",
            "start `offhook serve` and your proxy or tunnel, and run this again",
        )
    if answer.status_code != 204:
        return warning(
            f"{origin}/healthz answers {answer.status_code}: that is not `offhook serve`",
            "start it, and have your proxy or tunnel pass everything on to it",
        )
    return ok(f"{origin} reaches `offhook serve`")
