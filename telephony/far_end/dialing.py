"""How a call meets people: `Dial`, conferences and queues."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from anyio import create_task_group, move_on_after, sleep

from telephony.far_end.exchange import Callee, Source, new_sid
from telephony.far_end.phone import Phone
from telephony.far_end.rooms import Room
from telephony.far_end.twiml import Dial, Enqueue, Target

if TYPE_CHECKING:
    from telephony.far_end.calls import LiveCall

BUSY_SECONDS = 1.0
QUEUE_PREFIX = "queue:"


async def dial(call: "LiveCall", verb: Dial) -> Mapping[str, str]:
    """Connect the caller with the first target that answers; returns what `action` is told."""
    status, began = "failed", call.phone.tape.seconds
    for target in verb.targets:
        if target.kind == "conference":
            await _confer(call, target)
            return {"DialCallStatus": "completed"}
        status = await _ring(call, target.name, verb.timeout, target)
        if status == "completed":
            break
    seconds = round(call.phone.tape.seconds - began)
    return {
        "DialCallStatus": status,
        "DialCallSid": new_sid("CA"),
        "DialCallDuration": str(seconds if status == "completed" else 0),
    }


async def enqueue(call: "LiveCall", verb: Enqueue) -> Mapping[str, str]:
    """Let the caller wait in a queue until somebody takes them, who is `queue:NAME`."""
    name = verb.queue or verb.workflow
    call.step("Enqueue", f"{name} {dict(verb.task) if verb.task else ''}".rstrip())
    target = Target("queue", f"{QUEUE_PREFIX}{name}")
    status = await _ring(call, target.name, float("inf"), target)
    return {"QueueResult": "bridged" if status == "completed" else "leave", "QueueSid": name}


async def ring(callee: Callee, patience: float) -> str:
    """Let their phone ring; returns "answered", "busy" or "no-answer"."""
    if callee.answers == "busy":
        await sleep(min(BUSY_SECONDS, patience))
        return "busy"
    with move_on_after(patience):
        await sleep(float("inf") if callee.answers == "nobody" else callee.after)
        return "answered"
    return "no-answer"


async def _ring(call: "LiveCall", name: str, patience: float, target: Target) -> str:
    callee = call.exchange.callee(name)
    call.step("Dial", f"{target.kind} {name} rings")
    status = await ring(callee, patience)
    if status != "answered":
        call.step("Dial", f"{name}: {status}")
        return status
    call.step("Dial", f"{name} answers")
    await _connect(call, callee, target)
    return "completed"


async def _connect(call: "LiveCall", callee: Callee, target: Target) -> None:
    """Let both talk until one hangs up; the callee first hears what their `url` says."""
    exchange = call.exchange
    phone = Phone(callee.caller, max_seconds=exchange.conditions.max_seconds)
    theirs = call.with_callee(target.name, phone)
    async with create_task_group() as tasks:
        tasks.start_soon(phone.run)
        if url := target.attributes.get("url"):
            await theirs.conduct(Source(exchange.site.url(url)))
        room = Room(target.name, new_sid("CF"))
        async with seated(call, room), seated(theirs, room):
            await phone.hung_up.wait()
        tasks.cancel_scope.cancel()
    theirs.status = "completed"
    call.step("Dial", f"{target.name} hung up")


@asynccontextmanager
async def seated(call: "LiveCall", room: Room) -> AsyncIterator[None]:
    """Be in a room."""
    room.join(call.who.sid, call.phone)
    try:
        yield
    finally:
        room.leave(call.who.sid)


async def _confer(call: "LiveCall", target: Target) -> None:
    """Be in a conference until it ends or the call does."""
    room = call.exchange.room(target.name)
    wanted = target.attributes
    call.step("Conference", f"joins {room.name}")
    try:
        async with seated(call, room):
            await _conference_event(call, room, target, "participant-join")
            if wanted.get("startConferenceOnEnter", "true") != "false" and len(room.seats) > 1:
                room.started.set()
                await _conference_event(call, room, target, "conference-start")
            await room.ended.wait()
    finally:
        if wanted.get("endConferenceOnExit") == "true":
            room.ended.set()
        call.step("Conference", f"leaves {room.name}")
        await _conference_event(call, room, target, "participant-leave")
        if room.ended.is_set():
            await _conference_event(call, room, target, "conference-end")


async def _conference_event(call: "LiveCall", room: Room, target: Target, event: str) -> None:
    asked = target.attributes.get("statusCallbackEvent", "").split()
    if event.rpartition("-")[2] in asked:
        url = target.attributes.get("statusCallback", "")
        about = {
            "ConferenceSid": room.sid,
            "FriendlyName": room.name,
            "StatusCallbackEvent": event,
        }
        await call.notify(call.exchange.site.url(url) if url else "", about)
