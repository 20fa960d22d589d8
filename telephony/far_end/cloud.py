"""A stand-in for Twilio's REST API on this machine: what a server asks, happens to emulated calls.

Calls (create, fetch, update), their recordings, conferences and participants, messages, and media
of messages. https://www.twilio.com/docs/voice/api. Every request needs the account's SID and token.
"""

import secrets
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Annotated, Any

import uvicorn
from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from fastapi.security import HTTPBasic, HTTPBasicCredentials
from starlette.exceptions import HTTPException as StarletteHTTPException

from telephony.far_end.calls import LiveCall
from telephony.far_end.exchange import API_VERSION, Exchange, Source, new_sid
from telephony.far_end.outbound import Order, place
from telephony.far_end.rooms import Room

ROOT = f"/{API_VERSION}/Accounts/{{account}}"
OVER = {"completed", "busy", "no-answer", "canceled", "failed"}
RECORDING_STATES = {"in-progress", "paused", "stopped"}

Form = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Media:
    """A picture that a caller has sent, under its URL's path."""

    content_type: str
    data: bytes


@dataclass(slots=True)
class Cloud:
    """What the stand-in keeps besides the calls."""

    exchange: Exchange
    auth_token: str
    media: dict[str, Media] = field(default_factory=dict)
    messages: list[Form] = field(default_factory=list)  # that the server has sent


def cloud_app(cloud: Cloud) -> FastAPI:
    """Return the API's routes."""
    app = FastAPI(
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        dependencies=[Depends(_checks(cloud))],
    )
    _calls(app, cloud)
    _recordings(app, cloud)
    _conferences(app, cloud)
    _messages(app, cloud)

    @app.exception_handler(StarletteHTTPException)
    async def refuse(request: Request, error: Exception) -> JSONResponse:
        status = error.status_code if isinstance(error, StarletteHTTPException) else 500
        detail = error.detail if isinstance(error, StarletteHTTPException) else ""
        number, _, text = detail.partition(" ")
        code = int(number) if number.isdigit() else 20000 + status
        plain = {"code": code, "message": text or detail, "status": status}
        return JSONResponse(
            {**plain, "more_info": f"https://www.twilio.com/docs/errors/{code}"}, status
        )

    return app


def _checks(cloud: Cloud) -> Callable[..., Awaitable[None]]:
    basic = HTTPBasic(realm="Twilio API", auto_error=False)

    async def check(given: Annotated[HTTPBasicCredentials | None, Depends(basic)]) -> None:
        sid, token = cloud.exchange.account_sid, cloud.auth_token
        if (
            given is None
            or not secrets.compare_digest(given.username.encode(), sid.encode())
            or not secrets.compare_digest(given.password.encode(), token.encode())
        ):
            raise HTTPException(401, "20003 Authenticate")

    return check


async def _form(request: Request) -> Form:
    form = await request.form()
    return {name: value for name, value in form.items() if isinstance(value, str)}


Posted = Annotated[Form, Depends(_form)]


def _calls(app: FastAPI, cloud: Cloud) -> None:
    @app.post(f"{ROOT}/Calls.json", status_code=201)
    async def create(request: Request, form: Posted) -> dict[str, Any]:
        for name in ("To", "From"):
            if not form.get(name):
                raise HTTPException(400, f"21201 No {name!r} number is specified")
        events = (await request.form()).getlist("StatusCallbackEvent")
        order = Order(
            called=form["To"],
            caller=form["From"],
            first=_source(form),
            patience=float(form.get("Timeout", "60")),
            status_callback=form.get("StatusCallback", ""),
            events=tuple(str(event) for event in events) or ("completed",),
            detection=form.get("MachineDetection", ""),
            detected_callback=_asynchronous(form),
        )
        return _call(place(cloud.exchange, order))

    @app.get(f"{ROOT}/Calls/{{sid}}.json")
    async def fetch(sid: str) -> dict[str, Any]:
        return _call(_found(cloud, sid))

    @app.post(f"{ROOT}/Calls/{{sid}}.json")
    async def update(sid: str, form: Posted) -> dict[str, Any]:
        call = _found(cloud, sid)
        if call.status in OVER:
            raise HTTPException(400, "21220 Call is not in-progress. Cannot redirect.")
        if form.get("Status") in {"completed", "canceled"}:
            call.step("REST", f"Status={form['Status']}")
            call.phone.hang_up()
        else:
            call.redirect(_source(form))
        return _call(call)


def _recordings(app: FastAPI, cloud: Cloud) -> None:
    @app.post(f"{ROOT}/Calls/{{sid}}/Recordings.json", status_code=201)
    async def start(sid: str) -> dict[str, Any]:
        call = _found(cloud, sid)
        if call.status in OVER:
            raise HTTPException(400, "21220 Call is not in-progress. Cannot be recorded.")
        recording = new_sid("RE")
        return _record(call, recording, "in-progress")

    @app.post(f"{ROOT}/Calls/{{sid}}/Recordings/{{recording}}.json")
    async def change(sid: str, recording: str, form: Posted) -> dict[str, Any]:
        call = _found(cloud, sid)
        if recording == "Twilio.CURRENT":
            going = [one for one, state in call.recordings.items() if state != "stopped"]
            recording = going[-1] if going else recording
        if recording not in call.recordings:
            raise HTTPException(404, f"20404 no recording {recording} of this call")
        if form.get("Status") not in RECORDING_STATES:
            raise HTTPException(400, "21202 Status is none of in-progress, paused, stopped")
        return _record(call, recording, form["Status"])


def _conferences(app: FastAPI, cloud: Cloud) -> None:
    @app.get(f"{ROOT}/Conferences.json")
    async def conferences(FriendlyName: str = "") -> dict[str, Any]:  # noqa: N803 - Twilio's name
        rooms = [room for room in cloud.exchange.rooms.values() if not room.ended.is_set()]
        return {
            "conferences": [_conference(one) for one in rooms if FriendlyName in {"", one.name}]
        }

    @app.post(f"{ROOT}/Conferences/{{sid}}.json")
    async def end(sid: str, form: Posted) -> dict[str, Any]:
        room = _room(cloud, sid)
        if form.get("Status") == "completed":
            room.ended.set()
        return _conference(room)

    @app.get(f"{ROOT}/Conferences/{{sid}}/Participants.json")
    async def participants(sid: str) -> dict[str, Any]:
        room = _room(cloud, sid)
        return {"participants": [_participant(room, call_sid) for call_sid in room.seats]}

    @app.post(f"{ROOT}/Conferences/{{sid}}/Participants.json", status_code=201)
    async def invite(sid: str, form: Posted) -> dict[str, Any]:
        room = next((one for one in cloud.exchange.rooms.values() if one.sid == sid), None)
        name = room.name if room else sid
        exits = form.get("EndConferenceOnExit", "false")
        joins = f"<Dial><Conference endConferenceOnExit='{exits}'>{name}</Conference></Dial>"
        order = Order(
            form.get("To", ""),
            form.get("From", ""),
            Source(document=f"<Response>{joins}</Response>"),
            float(form.get("Timeout", "60")),
            form.get("StatusCallback", ""),
        )
        call = place(cloud.exchange, order)
        return _participant(cloud.exchange.room(name), call.who.sid)

    @app.delete(f"{ROOT}/Conferences/{{sid}}/Participants/{{call_sid}}.json", status_code=204)
    async def remove(sid: str, call_sid: str) -> Response:
        _room(cloud, sid)
        _found(cloud, call_sid).phone.hang_up()
        return Response(status_code=204)


def _messages(app: FastAPI, cloud: Cloud) -> None:
    @app.post(f"{ROOT}/Messages.json", status_code=201)
    async def send(form: Posted) -> dict[str, Any]:
        cloud.messages.append(form)
        cloud.exchange.tell(f"message to {form.get('To')}: {form.get('Body', '')}")
        return {"sid": new_sid("SM"), "status": "queued", "to": form.get("To", "")}

    @app.get(f"{ROOT}/Messages/{{message}}/Media/{{sid}}")
    async def media(request: Request, message: str, sid: str) -> Response:
        found = cloud.media.get(request.url.path)
        if found is None:
            raise HTTPException(404, f"20404 no media {sid} of message {message}")
        return Response(found.data, media_type=found.content_type)


def _source(form: Form) -> Source:
    if "Twiml" in form:
        return Source(document=form["Twiml"])
    if not form.get("Url"):
        raise HTTPException(400, "21205 Url or Twiml is required")
    return Source(form["Url"])


def _asynchronous(form: Form) -> str:
    return form.get("AsyncAmdStatusCallback", "") if form.get("AsyncAmd") == "true" else ""


def _found(cloud: Cloud, sid: str) -> LiveCall:
    if sid not in cloud.exchange.calls:
        raise HTTPException(404, f"20404 The requested resource Calls/{sid}.json was not found")
    return cloud.exchange.calls[sid]


def _room(cloud: Cloud, sid: str) -> Room:
    for room in cloud.exchange.rooms.values():
        if sid in {room.sid, room.name} and not room.ended.is_set():
            return room
    raise HTTPException(404, f"20404 no conference {sid} is going on")


def _record(call: LiveCall, recording: str, status: str) -> dict[str, Any]:
    call.recordings[recording] = status
    call.step("Recording", status)
    return {"sid": recording, "call_sid": call.who.sid, "status": status}


def _call(call: LiveCall) -> dict[str, Any]:
    return {
        "sid": call.who.sid,
        "account_sid": call.exchange.account_sid,
        "to": call.who.called,
        "from": call.who.caller,
        "status": call.status,
        "direction": call.who.direction,
        "api_version": API_VERSION,
    }


def _conference(room: Room) -> dict[str, Any]:
    status = "in-progress" if room.started.is_set() else "init"
    return {"sid": room.sid, "friendly_name": room.name, "status": status}


def _participant(room: Room, call_sid: str) -> dict[str, Any]:
    return {"call_sid": call_sid, "conference_sid": room.sid, "status": "connected"}


class _Uvicorn(uvicorn.Server):
    """Leaves signals to the command line."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


async def serve_cloud(cloud: Cloud, listening: socket.socket) -> None:
    """Answer on this socket until cancelled. Needs asyncio."""
    config = uvicorn.Config(cloud_app(cloud), lifespan="off", access_log=False, log_level="error")
    await _Uvicorn(config).serve([listening])
