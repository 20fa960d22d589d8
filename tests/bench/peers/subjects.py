"""Who is measured: Offhook, and its peers, each in a virtual environment of its own."""

import hashlib
import os
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx2

from models.registry import model_path
from tests.bench.report import REPO

HERE = Path(__file__).parent
OUT = REPO / "out" / "peers"
CORES = 2
READY_SECONDS = 120.0
STOP_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Address:
    """Where a subject is to listen, and where its language model does."""

    port: int
    llm: str

    @property
    def url(self) -> str:
        """The subject's own."""
        return f"http://127.0.0.1:{self.port}"


@dataclass(frozen=True, slots=True)
class Subject:
    """A server for Twilio's voice. `about` says how it is set; a `bot` is a script of a peer."""

    about: str
    peer: str = ""  # the name of its environment; empty: Offhook itself
    bot: str = ""
    whisper: str = "whisper-base"
    vad: str = ""  # empty: the peer brings its own
    options: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    voice_path: str = "/voice"
    status_path: str = ""
    ready_path: str = "/ready"

    @property
    def calls(self) -> Path:
        """Where Offhook writes the records of its calls."""
        return Path(dict(self.environment)["OFFHOOK_CALLS"])

    def command(self, at: Address) -> list[str]:
        """Return what starts it."""
        if not self.peer:
            serve = ["-m", "telephony", "serve", "--insecure-local", "--port", str(at.port)]
            return [sys.executable, *serve]
        weights = ["--whisper", str(model_path(self.whisper)), "--voice", str(_piper_voice())]
        if self.vad:
            weights += ["--vad", str(model_path(self.vad) / "silero_vad.onnx")]
        listens = ["--port", str(at.port), "--llm", at.llm]
        return [str(_python(self.peer)), str(HERE / self.bot), *listens, *weights, *self.options]


def _offhook(folder: Path, about: str, **settings: str) -> Subject:
    """Offhook with these settings; its database and its records go into the folder."""
    ours = settings | {"database": str(folder / "offhook.sqlite"), "calls": str(folder / "calls")}
    return Subject(
        about,
        voice_path="/twilio/voice",
        status_path="/twilio/status",
        ready_path="/readyz",
        environment=tuple((f"OFFHOOK_{name.upper()}", value) for name, value in ours.items()),
    )


SUBJECTS = {
    "offhook": _offhook(
        OUT / "offhook",
        "`offhook serve` as it ships: the retail assistant, no language model, Whisper base",
    ),
    "offhook-quick": _offhook(
        OUT / "offhook-quick",
        "the same at its quickest: `OFFHOOK_ASR_MODEL=tiny.en OFFHOOK_TTS_ENGINE=hibari"
        " OFFHOOK_EAGERNESS=high`",
        asr_model="tiny.en",
        tts_engine="hibari",
        eagerness="high",
    ),
    "pipecat": Subject(
        about="Pipecat 1.14 as its template sets it: Silero, smart-turn v3.2, Whisper base int8,"
        " Piper",
        peer="pipecat",
        bot="pipecat_bot.py",
    ),
    "pipecat-tuned": Subject(
        about="the same with tiny.en, smart-turn overruled after 1 s instead of 3, one voice and"
        " one Whisper for all calls, threads that do not spin",
        peer="pipecat",
        bot="pipecat_bot.py",
        whisper="whisper-tiny.en",
        options=("--tuned",),
        environment=(("OMP_WAIT_POLICY", "PASSIVE"),),
    ),
    "fastrtc": Subject(
        about="FastRTC 0.0.34, `ReplyOnPause` as it comes, Silero, Whisper base int8, Piper",
        peer="fastrtc",
        bot="fastrtc_bot.py",
        vad="silero-vad",
    ),
    "livekit": Subject(
        about="LiveKit Agents 1.8 core and a bridge of ours: its Silero and local end-of-turn"
        " model, Whisper base int8, Piper",
        peer="livekit",
        bot="livekit_bot.py",
    ),
}


def prepare(peer: str) -> None:
    """Make the peer's environment anew where its requirements have changed."""
    requirements = HERE / "requirements" / f"{peer}.txt"
    stamp = OUT / peer / "installed"
    wanted = hashlib.sha256(requirements.read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return
    print(f"setting up {peer}: some minutes")
    venv.create(OUT / peer, clear=True, with_pip=True)
    install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([_python(peer), *install, "--no-deps", "-r", requirements], check=True)
    subprocess.run([_python(peer), "-m", "pip", "check"], check=True)
    stamp.write_text(wanted, encoding="utf-8")


@contextmanager
def running(subject: Subject, name: str, at: Address) -> Iterator[subprocess.Popen[bytes]]:
    """Run the subject on the first two cores, from when it is ready; its log lies in `OUT`."""
    log = OUT / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(
            subject.command(at),
            cwd=REPO,
            env=_environment(subject),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        os.sched_setaffinity(process.pid, sorted(os.sched_getaffinity(0))[:CORES])
        try:
            _wait_until_ready(process, at.url + subject.ready_path, log)
            yield process
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with suppress(httpx2.HTTPError):
            if httpx2.get(url, trust_env=False).is_success:
                return
        time.sleep(0.2)
    raise SystemExit(f"{url} does not answer; see {log}")


def _environment(subject: Subject) -> dict[str, str]:
    """Threads as each subject sets them by itself, whatever we were started with; no network."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("OMP_")}
    return {**ours, "PYTHONPATH": str(REPO), "HF_HUB_OFFLINE": "1", **dict(subject.environment)}


def _python(peer: str) -> Path:
    return OUT / peer / "bin" / "python"


def _piper_voice() -> Path:
    return next(model_path("piper-joe").glob("*.onnx"))
