"""What can be set from outside: environment variables `OFFHOOK_…`, or such lines in `.env`.

The only module that reads the environment, but for what `models` needs to work without settings.
Options of the command line come before the environment.
"""

import os
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

import platformdirs
from dotenv import dotenv_values
from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from telephony import SettingsError
from voice.endpointing import Eagerness

PREFIX = "OFFHOOK_"
OF_MODELS = {
    "OFFHOOK_MODELS": "the folder where fetched models are kept",
    "OFFHOOK_MANIFEST": "a manifest of your own models, merged over the shipped one",
    "OFFHOOK_THREADS": "CPU threads of one inference; 1 where many calls run side by side",
}


class Settings(BaseSettings):
    """Each field is the variable of its name in capitals: `asr_model` is `OFFHOOK_ASR_MODEL`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, env_ignore_empty=True, populate_by_name=True
    )

    device: Literal["auto", "cpu", "cuda"] = Field(
        default="auto",
        description="where the models run: cpu, cuda, or auto: CUDA where there is one",
    )
    vad: str = Field(default="silero", description="what tells speech: silero, silero-8k or webrtc")
    asr_engine: str = Field(
        default="onnx-whisper",
        description="speech to text: onnx-whisper (openai-whisper on a GPU), faster-whisper, "
        "openai-whisper",
    )
    asr_model: str = Field(
        default="base", description="base, or tiny.en where many calls share one machine"
    )
    tts_engine: str = Field(
        default="", description="text to speech: coqui or hibari; empty: as the assistant says"
    )
    tts_voice: str = Field(
        default="", description="a TTS model of the list, or a folder; empty: as the assistant says"
    )
    tts_speaker: str = Field(
        default="", description="of a voice with several speakers: name or number"
    )
    tts_speed: float = Field(default=1.0, description="1.2 speaks 20 % faster; 0.5 to 2")
    llm_model: str = Field(
        default="", description="a language model's name; empty: as the assistant says, or none"
    )
    llm_url: str = Field(
        default="",
        description="where it is asked: http://127.0.0.1:8080/v1; empty: as the assistant says",
    )
    llm_api_key: SecretStr = Field(default=SecretStr(""), description="the secret that it wants")
    assistant: Path | None = Field(
        default=None,
        description="the assistant that answers: its folder, or retail or clinic; empty: retail",
    )
    database: Path = Field(
        default=Path(platformdirs.user_data_dir("offhook")) / "offhook.sqlite",
        description="where the assistant's orders and calls are stored; replay has one in memory",
    )
    database_url: SecretStr = Field(
        default=SecretStr(""),
        validation_alias=AliasChoices("OFFHOOK_DATABASE_URL", "DATABASE_URL"),
        description="postgresql://…, a database of its own instead of the file; DATABASE_URL too",
    )
    graph_endpoint: str = Field(
        default="",
        description="the URL of a SPARQL endpoint with the knowledge graph; empty: the files of the"
        " assistant",
    )
    public: bool = Field(
        default=False,
        description="strangers can call: doctor then insists on models fit for that",
    )
    calls: Path = Field(
        default=Path(platformdirs.user_data_dir("offhook")) / "calls",
        description="the folder of the phone calls' records, and of pictures that callers send",
    )
    host: str = Field(
        default="127.0.0.1", description="the address that `offhook serve` listens on"
    )
    port: int = Field(default=8000, ge=0, lt=65536, description="its port; 0: any free one")
    public_url: str = Field(
        default="",
        description="how Twilio reaches the server, like https://calls.example.com",
    )
    twilio_account_sid: str = Field(default="", description="AC…, from the Twilio console")
    twilio_auth_token: SecretStr = Field(
        default=SecretStr(""),
        description="its secret: signs what Twilio sends, and lets us call Twilio",
    )
    twilio_number: str = Field(
        default="", description="your Twilio number: `offhook dial` and hand-offs call from it"
    )
    twilio_region: str = Field(
        default="", description="us1, ie1 or au1; with its edge; empty: Twilio's default"
    )
    twilio_edge: str = Field(default="", description="ashburn, dublin, sydney, …; with its region")
    twilio_api: str = Field(
        default="",
        description="another REST host than Twilio's, like the emulator's; for tests and trials",
    )
    prosody: bool = Field(
        default=False,
        description="also hear from a caller's voice how upset they are: its level, rate and pitch;"
        " say so in the consent line",
    )
    smart_turn: bool = Field(
        default=True,
        description="also hear from a caller's voice whether they have finished; costs some 0.1 s"
        " of a core at every pause",
    )
    eagerness: Eagerness = Field(
        default=Eagerness.MEDIUM,
        description="how soon what is surely over is answered: high after 0.12 s of silence, and"
        " cuts nearly twice as many callers off; medium 0.2 s; low 0.3 s, and is more patient",
    )
    calls_at_once: int = Field(
        default=0, ge=0, description="answer at most so many calls; 0: as many as keep real time"
    )
    calls_per_caller: int = Field(
        default=3, ge=1, description="one caller's calls at the same time; more are declined"
    )
    record_calls: bool = Field(
        default=False, description="have Twilio record the calls; say so in the consent line"
    )
    handoff_webhook: str = Field(
        default="", description="a URL that gets each hand-off's packet as JSON, before the person"
    )
    headroom: float = Field(
        default=0.5,
        gt=0,
        description="the share of the CPU cores that calls and all other programs may take before"
        " calls are declined; more takes more calls, which wait for each other",
    )

    @field_validator("assistant")
    @classmethod
    def _by_name(cls, folder: Path | None) -> Path | None:
        from dialogue.assistant import named_assistant  # its imports are not for every command

        return named_assistant(folder) if folder else None


def adopt_dotenv(path: Path) -> None:
    """Take our variables of a .env file into the environment, where they are not set already."""
    try:
        values = dotenv_values(path)
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: is not UTF-8 text: save it as such") from error
    for name, value in values.items():
        if name.startswith(PREFIX) and value is not None:
            os.environ.setdefault(name, value)


def load_settings(**chosen: Any) -> Settings:
    """Read the settings; `chosen` (where not None) comes before them.

    Raises:
        SettingsError: a value cannot be used; names its variable, and what it may be.

    """
    try:
        return Settings(**{name: value for name, value in chosen.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        raise SettingsError(
            f"{PREFIX}{name.upper()}={first['input']}: {first['msg'].lower()}"
            f" (it sets {Settings.model_fields[name].description})"
        ) from error


def described(settings: Settings) -> list[tuple[str, str, str]]:
    """Return every variable with its value and what it sets."""
    own = [
        (name, str(getattr(settings, field) or ""), Settings.model_fields[field].description or "")
        for name, field in _variables().items()
    ]
    return own + [(name, os.environ.get(name, ""), does) for name, does in OF_MODELS.items()]


def misspelled(names: Iterable[str] = os.environ) -> list[str]:
    """Say, one line each, which of the variables look like ours and are not."""
    known = [name.removeprefix(PREFIX) for name in (*_variables(), *OF_MODELS)]
    ours = sorted(name.removeprefix(PREFIX) for name in names if name.startswith(PREFIX))
    lines = []
    for name in ours:
        if name not in known:
            close = get_close_matches(name, known, n=1)
            hint = f": did you mean {PREFIX}{close[0]}?" if close else ""
            lines.append(f"{PREFIX}{name} is no setting{hint}")
    return lines


def _variables() -> dict[str, str]:
    """Return the field that each variable sets."""
    return {PREFIX + field.upper(): field for field in Settings.model_fields}
