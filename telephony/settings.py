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
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from telephony import SettingsError

PREFIX = "OFFHOOK_"
OF_MODELS = {
    "OFFHOOK_MODELS": "the folder where fetched models are kept",
    "OFFHOOK_MANIFEST": "a manifest of your own models, merged over the shipped one",
    "OFFHOOK_THREADS": "CPU threads of one inference; 1 where many calls run side by side",
}


class Settings(BaseSettings):
    """Each field is the variable of its name in capitals: `asr_model` is `OFFHOOK_ASR_MODEL`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, env_ignore_empty=True)

    device: Literal["auto", "cpu", "cuda"] = Field(
        default="auto",
        description="where the models run: cpu, cuda, or auto: CUDA where there is one",
    )
    vad: str = Field(default="silero", description="what tells speech: silero, silero-8k or webrtc")
    asr_engine: str = Field(
        default="faster-whisper", description="speech to text: faster-whisper or openai-whisper"
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
    assistant: Path | None = Field(
        default=None, description="the folder of the assistant that answers; empty: the shipped one"
    )
    database: Path = Field(
        default=Path(platformdirs.user_data_dir("offhook")) / "offhook.sqlite",
        description="where the assistant's orders and calls are stored; replay has one in memory",
    )
    public: bool = Field(
        default=False,
        description="strangers can call: doctor then insists on models fit for that",
    )


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
