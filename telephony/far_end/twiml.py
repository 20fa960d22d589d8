"""TwiML, read as Twilio does: a document becomes verbs in order. No I/O.

https://www.twilio.com/docs/voice/twiml. What is not emulated is an `Unknown` verb.
"""

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

PARSE_FAILURE = 12100
SCHEMA = 12200


class TwimlError(ValueError):
    """Twilio would say "an application error has occurred" and hang up."""


@dataclass(frozen=True, slots=True)
class Say:
    """Speak a text."""

    text: str


@dataclass(frozen=True, slots=True)
class Play:
    """Play a file, or keys."""

    url: str = ""
    digits: str = ""


@dataclass(frozen=True, slots=True)
class Pause:
    """Say nothing for so many seconds."""

    seconds: float = 1.0


@dataclass(frozen=True, slots=True)
class Gather:
    """Collect keys while the inner verbs are played."""

    action: str = ""
    inner: tuple["Verb", ...] = ()
    timeout: float = 5.0
    digits: int = 0  # so many are enough; 0: any number
    finish_on: str = "#"
    empty_too: bool = False  # post even when nothing was pressed


@dataclass(frozen=True, slots=True)
class Record:
    """Record the caller: voicemail."""

    action: str = ""
    timeout: float = 5.0  # of silence
    max_seconds: float = 3600.0
    finish_on: str = "1234567890*#"
    status_callback: str = ""


@dataclass(frozen=True, slots=True)
class Stream:
    """Connect the call to a media stream until the server closes it."""

    url: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    name: str = ""
    status_callback: str = ""
    action: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """Whom `Dial` calls: number, sip, client or conference, with the attributes of that noun."""

    kind: str
    name: str
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Dial:
    """Call somebody and connect the caller with them."""

    targets: tuple[Target, ...]
    timeout: float = 30.0
    action: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Enqueue:
    """Put the caller into a queue: of a name, or of a TaskRouter workflow with a task."""

    queue: str
    workflow: str = ""
    task: Mapping[str, Any] = field(default_factory=dict)
    action: str = ""
    wait_url: str = ""


@dataclass(frozen=True, slots=True)
class Redirect:
    """Go on with another document."""

    url: str


@dataclass(frozen=True, slots=True)
class Hangup:
    """End the call."""


@dataclass(frozen=True, slots=True)
class Reject:
    """Do not take the call; Twilio does not bill it."""

    reason: str = "rejected"


@dataclass(frozen=True, slots=True)
class Unknown:
    """A verb that is not emulated; the call goes on after it."""

    name: str


Verb = (
    Say
    | Play
    | Pause
    | Gather
    | Record
    | Stream
    | Dial
    | Enqueue
    | Redirect
    | Hangup
    | Reject
    | Unknown
)


def parse(document: str) -> tuple[Verb, ...]:
    """Read a document. Raises TwimlError for what is no TwiML."""
    try:
        root = ET.fromstring(document.encode())  # noqa: S314 - expat limits entities itself
    except (ET.ParseError, ValueError) as error:
        raise TwimlError(f"{PARSE_FAILURE}: not XML: {error}") from error
    if root.tag != "Response":
        raise TwimlError(f"{PARSE_FAILURE}: <{root.tag}> instead of <Response>")
    return tuple(_verb(element) for element in root)


def _verb(element: ET.Element) -> Verb:
    read = _VERBS.get(element.tag)
    try:
        return read(element) if read else Unknown(element.tag)
    except (ValueError, KeyError) as error:
        raise TwimlError(f"{SCHEMA}: <{element.tag}>: {error}") from error


def _gather(element: ET.Element) -> Gather:
    return Gather(
        action=element.get("action", ""),
        inner=tuple(_verb(child) for child in element),
        timeout=_number(element, "timeout", 5.0),
        digits=int(element.get("numDigits", "0")),
        finish_on=element.get("finishOnKey", "#"),
        empty_too=element.get("actionOnEmptyResult") == "true",
    )


def _record(element: ET.Element) -> Record:
    return Record(
        action=element.get("action", ""),
        timeout=_number(element, "timeout", 5.0),
        max_seconds=_number(element, "maxLength", 3600.0),
        finish_on=element.get("finishOnKey", "1234567890*#"),
        status_callback=element.get("recordingStatusCallback", ""),
    )


def _connect(element: ET.Element) -> Stream | Unknown:
    stream = element.find("Stream")
    if stream is None:
        return Unknown("Connect")
    return Stream(
        url=stream.get("url", ""),
        parameters={each.attrib["name"]: each.attrib["value"] for each in stream.iter("Parameter")},
        name=stream.get("name", ""),
        status_callback=stream.get("statusCallback", ""),
        action=element.get("action", ""),
    )


def _dial(element: ET.Element) -> Dial:
    targets = [Target(child.tag.lower(), _text(child), dict(child.attrib)) for child in element]
    if not targets:
        targets = [Target("number", _text(element))]
    timeout = _number(element, "timeout", 30.0)
    return Dial(tuple(targets), timeout, element.get("action", ""), dict(element.attrib))


def _enqueue(element: ET.Element) -> Enqueue:
    task = element.findtext("Task", "").strip()
    attributes = json.loads(task) if task else {}
    if not isinstance(attributes, dict):
        raise ValueError("the <Task> is no JSON object")
    return Enqueue(
        queue=(element.text or "").strip(),
        workflow=element.get("workflowSid", ""),
        task=attributes,
        action=element.get("action", ""),
        wait_url=element.get("waitUrl", ""),
    )


def _text(element: ET.Element) -> str:
    return " ".join("".join(element.itertext()).split())


def _number(element: ET.Element, name: str, default: float) -> float:
    return float(element.get(name) or default)


_VERBS: dict[str, Callable[[ET.Element], Verb]] = {
    "Say": lambda element: Say(_text(element)),
    "Play": lambda element: Play(_text(element), element.get("digits", "")),
    "Pause": lambda element: Pause(_number(element, "length", 1.0)),
    "Gather": _gather,
    "Record": _record,
    "Connect": _connect,
    "Dial": _dial,
    "Enqueue": _enqueue,
    "Redirect": lambda element: Redirect(_text(element)),
    "Hangup": lambda element: Hangup(),
    "Reject": lambda element: Reject(element.get("reason", "rejected")),
}
