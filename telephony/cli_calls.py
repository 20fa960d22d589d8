"""`offhook replay` and `offhook mic`: whole calls."""

import json
import signal
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import anyio
from anyio import create_task_group, open_signal_receiver
from rich.console import Console
from rich.table import Table
from typer import BadParameter

from telephony.call import Call, run_call
from telephony.compose import live, load_parts
from telephony.console import Conversation
from telephony.microphone import MicrophoneLine, open_microphone
from telephony.parts import Parts
from telephony.record import CallRecord, Record
from telephony.replay import ReplayOptions, replay
from telephony.settings import Settings
from telephony.soundcard import PortAudio, SoundCard
from voice import AudioFileError
from voice.wav import open_recording


@dataclass(frozen=True, slots=True)
class ReplayFiles:
    """What is replayed, and where to: of several recordings `sound` and `record` are folders."""

    recordings: tuple[Path, ...]
    sound: Path | None = None
    record: Path | None = None

    def __post_init__(self) -> None:
        """Refuse results that would overwrite each other, or a recording."""
        for given, suffix in ((self.sound, ".wav"), (self.record, ".json")):
            targets = [self.target(given, path, suffix) for path in self.recordings]
            written = [target.resolve() for target in targets if target is not None]
            if len(set(written)) < len(written):
                raise BadParameter("two of them have the same name: replay them one by one")
            if taken := set(written) & {path.resolve() for path in self.recordings}:
                raise BadParameter(f"{taken.pop()} is a recording: write to another place")

    def target(self, given: Path | None, recording: Path, suffix: str) -> Path | None:
        """Return where this recording's result goes."""
        if given is None or (len(self.recordings) == 1 and not given.is_dir()):
            return given
        return given / f"{recording.stem}{suffix}"


def replay_files(
    settings: Settings, files: ReplayFiles, options: ReplayOptions, as_json: bool
) -> None:
    """Answer each recording; print the conversations, or with `as_json` the records."""
    for path in files.recordings:  # before seconds of loading
        open_recording(path, options.channel, options.max_seconds)
    with Console(stderr=True).status("") as status:
        parts = load_parts(settings, tell=status.update)
    conversation = Conversation(Console(quiet=as_json))
    calls = []
    for path in files.recordings:
        conversation.begin(str(path))
        one = replace(options, sound=files.target(files.sound, path, ".wav"))
        answer = partial(replay, path, parts, one, conversation.show)
        calls.append(anyio.run(answer, backend="trio"))
        conversation.summarise(calls[-1])
        if record := files.target(files.record, path, ".json"):
            _write(record, calls[-1])
    if as_json:
        plain = [call.as_json() for call in calls]
        print(json.dumps(plain[0] if len(plain) == 1 else plain, indent=2, ensure_ascii=False))


def _write(path: Path, call: CallRecord) -> None:
    text = json.dumps(call.as_json(), indent=2, ensure_ascii=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise AudioFileError(
            f"{path}: cannot be written ({error.strerror}): name another"
        ) from error


def talk(settings: Settings, card: PortAudio, console: Console) -> None:
    """Talk with the person at this machine until one side hangs up."""
    card.check()  # before seconds of loading
    with console.status("") as status:
        parts = load_parts(settings, live(settings), status.update)
    anyio.run(converse, parts, card, console)


async def converse(parts: Parts, card: SoundCard, console: Console) -> None:
    """Hold the call that `talk` has prepared."""
    conversation = Conversation(console)
    record = Record(conversation.show)
    async with open_microphone(card) as line, create_task_group() as tasks:
        tasks.start_soon(_hang_up_on_interrupt, line)
        console.print("connected; ctrl-C hangs up")
        ears = parts.ears()
        await run_call(Call(line, ears, parts.agent(), parts.tts, record, voices=parts.voices))
        tasks.cancel_scope.cancel()
    conversation.summarise(record)


async def _hang_up_on_interrupt(line: MicrophoneLine) -> None:
    with open_signal_receiver(signal.SIGINT) as interrupts:
        async for _ in interrupts:
            line.hang_up()
            return  # a second one stops the program


def list_devices(card: PortAudio, console: Console) -> None:
    """Print the sound devices of this machine."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("", "number", "in", "out", "rate", "name"):
        table.add_column(title, justify="left" if title == "name" else "right")
    for device in card.devices():
        numbers = (device.number, device.inputs, device.outputs, device.rate_hz)
        table.add_row("*" if device.default else "", *map(str, numbers), device.name)
    console.print(table if table.rows else "no sound device at all: connect one")
