"""`offhook dial`: the assistant calls somebody."""

import anyio
from rich.console import Console

from telephony import SettingsError
from telephony.cli_errors import ExitCode
from telephony.outbound import Errand, e164, outgoing
from telephony.settings import Settings
from telephony.twilio_api import NewCall, TwilioRest, open_twilio

LOOK_SECONDS = 1.0  # between two looks at how the call fares
FINAL = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})


def dial(settings: Settings, number: str, wanted: Errand, wait: bool, console: Console) -> ExitCode:
    """Place a call, which the running server holds; with `wait` follow it to its end.

    Raises SettingsError, or TwilioError when it cannot be placed.
    """
    call = new_call(settings, number, wanted)
    return anyio.run(_dial, open_twilio(settings), call, wait, console)


def new_call(settings: Settings, number: str, wanted: Errand, ring_seconds: int = 30) -> NewCall:
    """Return the call to place. Raises SettingsError."""
    to = e164(number)
    if not settings.twilio_number:
        raise SettingsError(
            "there is no number to call from: set OFFHOOK_TWILIO_NUMBER to one of your Twilio's"
        )
    if not settings.public_url:
        raise SettingsError(
            "Twilio must reach the server when somebody answers: set OFFHOOK_PUBLIC_URL, and run"
            " `offhook serve`"
        )
    origin = settings.public_url.rstrip("/")
    return outgoing(to, e164(settings.twilio_number), origin, wanted, ring_seconds)


async def _dial(api: TwilioRest, call: NewCall, wait: bool, console: Console) -> ExitCode:
    sid = await api.place(call)
    console.print(f"{call.to}: placed as {sid}", highlight=False, soft_wrap=True)
    if not wait:
        return ExitCode.OK
    before = ""
    while before not in FINAL:
        status = await api.status(sid)
        if status != before:
            console.print(status, highlight=False)
        before = status
        if status not in FINAL:
            await anyio.sleep(LOOK_SECONDS)
    return ExitCode.OK if before == "completed" else ExitCode.LINE
