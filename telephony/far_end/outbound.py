"""Calls that a server places: ringing, answering machines, and what it is told of them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from anyio import create_task_group, move_on_after, sleep

from telephony.far_end.calls import LiveCall
from telephony.far_end.dialing import ring
from telephony.far_end.exchange import Callee, Exchange, Source, Who, new_sid
from telephony.far_end.phone import Phone
from telephony.far_end.sound import is_audible

DETECTION_SECONDS = 2.5  # so long Twilio listens until it knows whom it has
GREETING_SECONDS = 30.0  # a machine's greeting is over by then
GREETING_PAUSE_SECONDS = 1.0  # after this silence it is over, too
_POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Order:
    """A call to be placed. `detection` is empty, Enable or DetectMessageEnd."""

    called: str
    caller: str
    first: Source
    patience: float = 60.0  # seconds of ringing
    status_callback: str = ""
    events: tuple[str, ...] = ("completed",)
    detection: str = ""
    detected_callback: str = ""  # not empty: asynchronous, beside the call

    def callback(self, event: str) -> str:
        """Return where this event is told, or nothing."""
        return self.status_callback if event in self.events else ""


def place(exchange: Exchange, order: Order) -> LiveCall:
    """Begin a call; it goes on in a task of the exchange."""
    callee = exchange.callee(order.called)
    phone = Phone(callee.caller, max_seconds=exchange.conditions.max_seconds)
    who = Who(new_sid("CA"), order.caller, order.called, "outbound-api")
    call = LiveCall(who, phone, exchange)
    call.status = "queued"
    exchange.tasks.start_soon(_conduct, call, order, callee)
    return call


async def _conduct(call: LiveCall, order: Order, callee: Callee) -> None:
    await call.notify(order.callback("initiated"), {"CallStatus": "initiated"})
    call.status = "ringing"
    call.step("Call", f"{order.called} rings")
    await call.notify(order.callback("ringing"), {})
    answer = await _ring(call.phone, callee, order.patience)
    if answer == "answered":
        await _talk(call, order, callee)
    else:
        call.status = answer
        call.step("Call", f"{order.called}: {answer}")
        call.phone.hang_up()
    duration = {"CallDuration": str(round(call.phone.tape.seconds))}
    await call.notify(order.callback("completed"), duration)
    call.exchange.on_outbound(call)


async def _ring(phone: Phone, callee: Callee, patience: float) -> str:
    answer = "canceled"
    async with create_task_group() as tasks:

        async def cancelled() -> None:
            await phone.hung_up.wait()
            tasks.cancel_scope.cancel()

        tasks.start_soon(cancelled)
        answer = await ring(callee, patience)
        tasks.cancel_scope.cancel()
    return answer


async def _talk(call: LiveCall, order: Order, callee: Callee) -> None:
    call.status = "in-progress"
    call.step("Call", f"{order.called} answers")
    await call.notify(order.callback("answered"), {})
    first = order.first
    async with create_task_group() as tasks:
        tasks.start_soon(call.phone.run)
        if order.detected_callback:
            tasks.start_soon(_tell_detected, call, order, callee)
        elif order.detection:
            first = replace(first, form=await _detect(call.phone, order, callee))
        await call.conduct(first)
        call.phone.hang_up()
        tasks.cancel_scope.cancel()
    call.status = "completed"


async def _tell_detected(call: LiveCall, order: Order, callee: Callee) -> None:
    found = await _detect(call.phone, order, callee)
    call.step("AMD", found["AnsweredBy"])
    await call.notify(order.detected_callback, found)


async def _detect(phone: Phone, order: Order, callee: Callee) -> Mapping[str, str]:
    """Return who has answered, when Twilio would know it."""
    began = phone.tape.seconds
    await sleep(DETECTION_SECONDS)
    found = "human"
    if callee.answers == "machine":
        found = "machine_start"
        if order.detection == "DetectMessageEnd":
            await _greeting_ends(phone)
            found = "machine_end_beep"
    duration = round((phone.tape.seconds - began) * 1000)
    return {"AnsweredBy": found, "MachineDetectionDuration": str(duration)}


async def _greeting_ends(phone: Phone) -> None:
    spoke, quiet = False, 0.0
    with move_on_after(GREETING_SECONDS):
        while not spoke or quiet < GREETING_PAUSE_SECONDS:
            await sleep(_POLL_SECONDS)
            latest = phone.tape.voice[-round(_POLL_SECONDS / 0.02) :]
            loud = any(is_audible(block) for block in latest)
            spoke, quiet = spoke or loud, 0.0 if loud else quiet + _POLL_SECONDS
