"""How the command line ends: what each exit code means, and one line for every error."""

import logging
import sys
import tempfile
import traceback
from enum import IntEnum
from pathlib import Path

from typer import TyperException

from dialogue import AssistantError, DialogueError
from models import ManifestError, ModelError
from nlu import DataError, NluError
from telephony import LineError, SettingsError, TelephonyError
from telephony.far_end import ScriptError
from voice import AudioFileError, UnknownEngine, VoiceError

log = logging.getLogger("telephony")


class ExitCode(IntEnum):
    """What `offhook` tells the shell; `meaning` is the text of `offhook --help`."""

    meaning: str

    def __new__(cls, code: int, meaning: str) -> "ExitCode":
        """Make the member whose value is `code`."""
        member = int.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        return member

    OK = 0, "done"
    FAULT = 1, "`check` or `eval dialogue` found faults; else one of ours: please report it"
    USAGE = 2, "wrong command, option or OFFHOOK_ setting"
    BAD_INPUT = 3, "a file or folder that cannot be used"
    MODEL = 4, "a model is missing, cannot be fetched, or was altered"
    LINE = 5, "no audio device, or it was lost"
    PART = 6, "a part failed while it worked: speech, understanding or dialogue"
    PROBLEM = 7, "`doctor` found a problem"
    INTERRUPTED = 130, "stopped with ctrl-C"


# The first match counts, so the special comes before the general.
CODES: tuple[tuple[type[BaseException], ExitCode], ...] = (
    (KeyboardInterrupt, ExitCode.INTERRUPTED),
    (TyperException, ExitCode.USAGE),
    (SettingsError, ExitCode.USAGE),
    (UnknownEngine, ExitCode.USAGE),
    (AudioFileError, ExitCode.BAD_INPUT),
    (AssistantError, ExitCode.BAD_INPUT),
    (ScriptError, ExitCode.BAD_INPUT),
    (DataError, ExitCode.BAD_INPUT),
    (ManifestError, ExitCode.USAGE),
    (ModelError, ExitCode.MODEL),
    (LineError, ExitCode.LINE),
    (VoiceError, ExitCode.PART),
    (NluError, ExitCode.PART),
    (DialogueError, ExitCode.PART),
    (TelephonyError, ExitCode.PART),
)


def report(error: BaseException) -> ExitCode:
    """Say on stderr, in one line, what went wrong and what to do; returns how to end."""
    cause = _first(error)
    code = _code(cause)
    if code is ExitCode.INTERRUPTED:
        return code
    if isinstance(cause, TyperException):
        if said := cause.format_message():  # none: a command alone has printed its help
            say_error(f"{_sentence(said)} (`{_command(cause)} --help` explains)")
        return ExitCode.USAGE
    if code is None and isinstance(cause, OSError) and cause.filename is not None:
        say_error(f"{cause.filename}: {cause.strerror}: give a path that can be used")
        code = ExitCode.BAD_INPUT
    elif code is None:
        return _unexpected(error)
    else:
        say_error(str(cause))
    log.debug("the traceback", exc_info=error)
    return code


def _code(error: BaseException) -> ExitCode | None:
    """Return the code of the error or of what it was raised from; None for a fault of ours."""
    both = (error, error.__cause__)
    return next((code for kind, code in CODES if any(isinstance(e, kind) for e in both)), None)


def _first(error: BaseException) -> BaseException:
    """The first error in a group of tasks that failed together, ours before others."""
    if not isinstance(error, BaseExceptionGroup):
        return error
    causes = [_first(one) for one in error.exceptions]
    known = tuple(kind for kind, _ in CODES)
    return next((cause for cause in causes if isinstance(cause, known)), causes[0])


def _unexpected(error: BaseException) -> ExitCode:
    lines = traceback.format_exception(error)
    if log.isEnabledFor(logging.DEBUG):
        sys.stderr.writelines(lines)
        return ExitCode.FAULT
    with tempfile.NamedTemporaryFile(
        "w", prefix="offhook-", suffix=".log", delete=False, encoding="utf-8"
    ) as file:
        file.writelines(lines)
    cause = _first(error)
    what = f"{type(cause).__name__}: {cause}".rstrip(": ")
    say_error(
        f"unexpected {what} (the traceback is in {Path(file.name)}; `offhook --debug …` shows it)"
    )
    return ExitCode.FAULT


def say_error(message: str) -> None:
    """Print one line on stderr."""
    print("offhook:", one_line(message), file=sys.stderr)


def one_line(text: str) -> str:
    """Return the text without line breaks."""
    return " ".join(text.split())


def _sentence(message: str) -> str:
    return message[:1].lower() + message[1:].rstrip(".?")


def _command(error: TyperException) -> str:
    context = getattr(error, "ctx", None)  # only usage errors know the command they arose in
    return context.command_path if context else "offhook"
