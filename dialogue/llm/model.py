"""A language model: messages in, text out, piece by piece as it comes.

Off unless the assistant's folder or the settings name one. Nothing that it says reaches a caller
unchecked: see `dialogue/grounding.py`.
"""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from dialogue import LlmError


@dataclass(frozen=True, slots=True)
class Message:
    """One side's words; `system` says how to behave."""

    role: Literal["system", "user", "assistant"]
    text: str


class Llm(Protocol):
    """Safe to use from several calls at once."""

    def stream(self, messages: Sequence[Message]) -> AsyncGenerator[str]:
        """Yield the answer in pieces of any length; close it (`aclosing`) to stop the model.

        Raises LlmError, also after some pieces: the answer is not complete then.
        """
        ...


@dataclass(frozen=True, slots=True)
class LlmLimits:
    """How long to wait, in seconds, and how much to let it say."""

    connect: float = 1.0
    first_token: float = 4.0  # from the request on
    whole: float = 15.0  # likewise, to the last token
    tokens: int = 160  # of one answer: a long one, spoken, takes a minute


@dataclass(frozen=True, slots=True)
class LlmOptions:
    """Which model answers."""

    engine: str  # a key of ENGINES
    model: str  # its name there; for transformers a folder, a GGUF file or a name of the registry
    url: str = ""  # of the endpoint, up to /v1
    key: str = field(default="", repr=False)  # of the endpoint
    device: str = "auto"
    limits: LlmLimits = LlmLimits()


def _endpoint(options: LlmOptions) -> Llm:
    from dialogue.llm.endpoint import EndpointLlm

    return EndpointLlm(options)


def _transformers(options: LlmOptions) -> Llm:
    from dialogue.llm.local import load_local

    return load_local(options)


ENGINES = {"endpoint": _endpoint, "transformers": _transformers}


def load_llm(options: LlmOptions) -> Llm:
    """Load the model, or get ready to ask for one. Blocking.

    Raises LlmError: there is no such engine, or it cannot be had. Raises ModelError: it has not
    been pulled, or the device cannot be used.
    """
    if options.engine not in ENGINES:
        known = ", ".join(ENGINES)
        raise LlmError(f"no language model engine is called {options.engine!r}: choose {known}")
    return ENGINES[options.engine](options)
