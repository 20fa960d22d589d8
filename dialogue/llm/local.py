"""An instruct model on this machine, by transformers: a folder of safetensors, or a GGUF file.

A GGUF file is unpacked once, into the models' cache: transformers takes minutes over it, and some
seconds over the result. Tokens are chosen greedily, one by one, each in a worker thread, so that a
caller who interrupts stops the model at once.
"""

import logging
import threading
import warnings
from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anyio import current_time, to_thread
from jinja2 import TemplateError

from dialogue import LlmError
from dialogue.llm.model import LlmLimits, LlmOptions, Message
from models.cache import kept
from models.device import place
from models.registry import file_sha256, manifest, model_path

if TYPE_CHECKING:
    import torch

log = logging.getLogger(__name__)

REVISION = 1  # of what is made of a GGUF file; part of its name in the cache
UNFINISHED = "\N{REPLACEMENT CHARACTER}"  # a character whose bytes are not all there yet


class TransformersLlm:
    """One model for all calls, which take turns token by token."""

    def __init__(self, model: Any, tokenizer: Any, limits: LlmLimits) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._limits = limits
        self._turn = threading.Lock()

    async def stream(self, messages: Sequence[Message]) -> AsyncGenerator[str]:
        """See `Llm.stream`."""
        deadline = current_time() + self._limits.whole
        tokens = self._tokens(messages)
        ids: list[int] = []
        said = ""
        while True:
            token = await to_thread.run_sync(self._next, tokens)
            if token is None:
                return
            ids.append(token)
            text = self._tokenizer.decode(ids, skip_special_tokens=True)
            if not text.endswith(UNFINISHED):
                piece, said = text[len(said) :], text
                yield piece
            if len(ids) >= self._limits.tokens:
                raise LlmError("the model broke its answer off: allow more tokens")
            if current_time() > deadline:
                raise LlmError("the model was too slow: take a smaller one, or an endpoint")

    def _next(self, tokens: Iterator[int]) -> int | None:
        """Compute the next token; None at the end. Blocking."""
        try:
            with self._turn:
                return next(tokens, None)
        except (
            RuntimeError,
            ValueError,
            IndexError,
            TemplateError,
        ) as error:  # memory, length, role
            reason = str(error).splitlines()[0]
            raise LlmError(f"the model failed: {type(error).__name__}: {reason}") from error

    def _tokens(self, messages: Sequence[Message]) -> Iterator[int]:
        import torch

        asked = [{"role": message.role, "content": message.text} for message in messages]
        prompt = self._tokenizer.apply_chat_template(
            asked, add_generation_prompt=True, return_tensors="pt", return_dict=True
        )
        ids: torch.Tensor = prompt["input_ids"].to(self._model.device)
        ends = _ends(self._model.generation_config.eos_token_id, self._tokenizer.eos_token_id)
        past = None
        while True:
            with torch.inference_mode():
                out = self._model(input_ids=ids, past_key_values=past, use_cache=True)
            token = int(out.logits[0, -1].argmax())
            if token in ends:
                return
            yield token
            past, ids = out.past_key_values, torch.tensor([[token]], device=ids.device)


@dataclass(frozen=True, slots=True)
class Weights:
    """Where a model lies: a folder, and the GGUF file in it, if it is one."""

    folder: Path
    gguf: str = ""


def load_local(options: LlmOptions) -> TransformersLlm:
    """Load the model. Blocking, seconds; a GGUF file's first time, minutes.

    Raises LlmError: there is none, or it is no instruct model. Raises ModelError: it is not pulled,
    the device or the cache cannot be used.
    """
    import torch

    weights = find(options.model)
    if weights.gguf:
        sha256 = file_sha256(weights.folder / weights.gguf)
        log.info("unpacking %s, unless it was", weights.gguf)
        folder = kept("llm", f"{sha256[:32]}-{REVISION}", partial(_unpack, weights))
        weights = Weights(folder)
    device = place(options.device)
    number = torch.float16 if device.kind == "cuda" else torch.float32
    model, tokenizer = _load(weights, number)
    if not tokenizer.chat_template:
        raise LlmError(f"{options.model} has no chat template: take an instruct model")
    return TransformersLlm(model.to(device.kind).eval(), tokenizer, options.limits)


def find(name: str) -> Weights:
    """Return where the model of this name lies: a GGUF file, a folder, or of the registry."""
    path = Path(name).expanduser()
    if path.suffix == ".gguf" and path.is_file():
        return Weights(path.parent, path.name)
    if not path.is_dir():
        if name not in manifest().names():
            raise LlmError(
                f"there is no model {name!r}: name a folder, a GGUF file,"
                " or one that `offhook models list` shows"
            )
        path = model_path(name)
    ggufs = sorted(file.name for file in path.glob("*.gguf"))
    if (path / "config.json").is_file():
        return Weights(path)
    if len(ggufs) != 1:
        raise LlmError(f"{path} has no config.json and {len(ggufs)} GGUF files: name the file")
    return Weights(path, ggufs[0])


def _unpack(weights: Weights, folder: Path) -> None:
    import torch

    model, tokenizer = _load(weights, torch.float16)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    for file in folder.iterdir():
        file.chmod(0o644)  # safetensors writes for its own user alone


def _load(weights: Weights, number: "torch.dtype") -> tuple[Any, Any]:
    """Load model and tokenizer from files that carry no code, without the network."""
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()
    where: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    how: dict[str, Any] = {"dtype": number, "use_safetensors": True}
    if weights.gguf:
        where["gguf_file"] = weights.gguf
        how = {"dtype": number, "quantization_config": GgufConfig(dequantize=True)}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what transformers deprecates is its own business
            tokenizer = AutoTokenizer.from_pretrained(weights.folder, **where)
            model = AutoModelForCausalLM.from_pretrained(weights.folder, **how, **where)
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        reason = str(error).splitlines()[0]
        raise LlmError(f"{weights.folder} cannot be loaded: {reason}: is it whole?") from error
    return model, tokenizer


def _ends(*known: object) -> set[int]:
    """Return the tokens that end an answer: each may be one, several or unknown."""
    ends: set[int] = set()
    for each in known:
        ends |= set(each) if isinstance(each, list) else {each} if isinstance(each, int) else set()
    return ends
