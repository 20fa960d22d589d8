"""Teach a small encoder a language from plain text: `python -m nlu.pretrain TEXT… --out DIR`.

A BERT over characters, taught by guessing masked ones (Devlin et al. 2019, arXiv:1810.04805). Each
Han character is a word; what is written in letters and digits is cut into them. The folder that it
writes can be named in a manifest as an assistant's encoder. Meant for languages of which no
pretrained encoder is at hand; it is as good as the text is much.
"""

import argparse
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from nlu import DataError, NluError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
PAD, UNKNOWN, BEGIN, END, MASK = range(len(SPECIAL))
MASKED = 0.15  # of the pieces; of these, as in BERT, 8 of 10 are masked, 1 is another piece
IGNORE = -100
WARM_UP = 0.06
LEAST_LENGTH = 4  # characters of a line that teaches something
LONGEST = 62  # pieces of a line; what is longer is cut into several

Batch = tuple[Tensor, Tensor, Tensor]  # ids, mask, labels; each (batch, pieces)


@dataclass(frozen=True, slots=True)
class PretrainOptions:
    """Size and course. The defaults give 3.9 M parameters, of which 1.3 M are characters'."""

    layers: int = 4
    hidden: int = 256
    feed_forward: int = 768
    heads: int = 4
    least: int = 2  # times that a character must stand in the text to be known
    steps: int = 4000  # 0 leaves the weights as they were drawn
    batch: int = 64  # lines
    rate: float = 1e-3  # peak learning rate
    seed: int = 7
    threads: int = 1


def pretrain(
    lines: Sequence[str],
    folder: Path,
    options: PretrainOptions | None = None,
    progress: Callable[[int, float], None] = lambda step, loss: None,
) -> None:
    """Train on lines of text and write config.json, tokenizer.json and model.safetensors."""
    options = options or PretrainOptions()
    lines = [line for line in lines if len(line) >= LEAST_LENGTH]
    if not lines:
        raise DataError("no line of the text has four characters: give files of sentences")
    tokenizer = character_tokenizer(lines, options.least)
    threads = torch.get_num_threads()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(options.seed)
        torch.set_num_threads(options.threads)
        try:
            model = _fresh(tokenizer.get_vocab_size(), options)
            _teach(model, list(_pieces(tokenizer, lines)), options, progress)
        finally:
            torch.set_num_threads(threads)
    _write(model, tokenizer, folder)


def character_tokenizer(lines: Iterable[str], least: int) -> "Tokenizer":
    """Make a tokenizer of characters: the common Han ones, ASCII, and what the text often has."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.BertNormalizer()])
    counts: Counter[str] = Counter()
    for line in lines:
        counts.update(normalizer.normalize_str(line))
    often = {character for character, count in counts.items() if count >= least}
    known = sorted((often | set(_common()) | set(map(chr, range(33, 127)))) - {" "})
    known = [one for one in known if one == one.lower() and len(one.strip()) == 1]
    inside = [f"##{one}" for one in known if one.isalnum() and not _is_han(one)]
    vocabulary = {piece: i for i, piece in enumerate((*SPECIAL, *known, *inside))}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token=SPECIAL[UNKNOWN]))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(
        (SPECIAL[END], END), (SPECIAL[BEGIN], BEGIN)
    )
    return tokenizer


def _common() -> Iterator[str]:
    """Yield the 3755 characters of GB 2312's first level, the common ones."""
    for high in range(0xB0, 0xD8):
        for low in range(0xA1, 0xFF):
            if (high, low) < (0xD7, 0xFA):
                yield bytes((high, low)).decode("gb2312")


def _is_han(character: str) -> bool:
    return "\u3400" <= character <= "\u9fff"


def _fresh(vocabulary: int, options: PretrainOptions) -> Any:
    from transformers import BertConfig, BertForMaskedLM

    config = BertConfig(
        vocab_size=vocabulary, hidden_size=options.hidden, num_hidden_layers=options.layers,
        num_attention_heads=options.heads, intermediate_size=options.feed_forward,
        max_position_embeddings=128, attn_implementation="sdpa",
    )  # fmt: skip
    return BertForMaskedLM(config)


def _pieces(tokenizer: "Tokenizer", lines: Iterable[str]) -> Iterator[list[int]]:
    """Cut lines into pieces, long ones into several, without what marks begin and end."""
    for line in lines:
        ids = tokenizer.encode(line, add_special_tokens=False).ids
        for first in range(0, len(ids), LONGEST):
            yield ids[first : first + LONGEST]


def _teach(
    model: Any,
    rows: Sequence[list[int]],
    options: PretrainOptions,
    progress: Callable[[int, float], None],
) -> None:
    optimizer = torch.optim.AdamW(model.parameters(), lr=options.rate, weight_decay=0.01)
    warm = max(1, round(WARM_UP * options.steps))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer,
        lambda step: min((step + 1) / warm, (options.steps - step) / max(1, options.steps - warm)),
    )
    draw = random.Random(options.seed)  # noqa: S311 - reproducible, not secret
    batches = _batches(rows, options.batch, draw)
    model.train()
    for step in range(1, options.steps + 1):
        loss = _loss(model, _masked(next(batches), model.config.vocab_size))
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it unannotated
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        schedule.step()
        progress(step, loss.item())


def _loss(model: Any, batch: Batch) -> Tensor:
    """Guess the masked pieces alone: the vocabulary's matrix is half of the work."""
    ids, mask, labels = batch
    hidden = model.bert(input_ids=ids, attention_mask=mask).last_hidden_state
    asked = labels != IGNORE
    return torch.nn.functional.cross_entropy(model.cls(hidden[asked]), labels[asked])


def _batches(
    rows: Sequence[list[int]], size: int, draw: random.Random
) -> Iterator[list[list[int]]]:
    """Yield batches of like length without end, in another order each time."""
    while True:
        order = sorted(rows, key=lambda row: len(row) + draw.random() * 4)
        batches = [order[first : first + size] for first in range(0, len(order), size)]
        draw.shuffle(batches)
        yield from batches


def _masked(rows: Sequence[list[int]], vocabulary: int) -> Batch:
    """Pad and mask; at least one piece of the batch is asked for."""
    longest = max(map(len, rows)) + 2
    ids = torch.full((len(rows), longest), PAD)
    for at, row in enumerate(rows):
        ids[at, : len(row) + 2] = torch.tensor([BEGIN, *row, END])
    mask = (ids != PAD).long()
    chosen = (torch.rand(ids.shape) < MASKED) & (ids >= len(SPECIAL))
    chosen[0, 1] = True
    labels = torch.where(chosen, ids, torch.tensor(IGNORE))
    way = torch.rand(ids.shape)
    others = torch.randint(len(SPECIAL), vocabulary, ids.shape)
    ids = torch.where(chosen & (way < 0.8), torch.tensor(MASK), ids)
    ids = torch.where(chosen & (way > 0.9), others, ids)
    return ids, mask, labels


def _write(model: Any, tokenizer: "Tokenizer", folder: Path) -> None:
    """Write what `nlu.model.load_encoder` reads; 16 bits are exact enough for weights."""
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    model.config.architectures = ["BertModel"]
    model.config.save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    weights = {name: of.half().contiguous() for name, of in model.bert.state_dict().items()}
    save_file(weights, folder / "model.safetensors", {"format": "pt"})


def read_lines(paths: Iterable[Path]) -> list[str]:
    """Read the lines of several files, each line once, in their order."""
    lines: dict[str, None] = {}
    for path in paths:
        try:
            lines |= dict.fromkeys(path.read_text(encoding="utf-8").splitlines())
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(f"{path}: cannot be read ({error}): give UTF-8 text") from None
    return list(lines)


def main() -> None:
    """Run from the command line."""
    from rich.progress import Progress, TextColumn

    defaults = PretrainOptions()
    usage = argparse.ArgumentParser(
        prog="python -m nlu.pretrain", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    usage.add_argument("text", nargs="+", type=Path, help="UTF-8, a sentence a line")
    usage.add_argument("--out", type=Path, required=True, help="the encoder's folder")
    for name in PretrainOptions.__dataclass_fields__:
        value = getattr(defaults, name)
        usage.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value,
                           help=f"{value} unless given")  # fmt: skip
    arguments = vars(usage.parse_args())
    text, out = arguments.pop("text"), arguments.pop("out")
    columns = (*Progress.get_default_columns(), TextColumn("loss {task.fields[loss]:.3f}"))
    mean = 0.0
    try:
        with Progress(*columns) as bar:
            task = bar.add_task("masked characters", total=arguments["steps"], loss=0.0)

            def told(step: int, loss: float) -> None:
                nonlocal mean
                mean = loss if step == 1 else 0.99 * mean + 0.01 * loss
                bar.update(task, completed=step, loss=mean)

            pretrain(read_lines(text), out, PretrainOptions(**arguments), told)
    except NluError as error:
        raise SystemExit(str(error)) from None
    print(f"{out} written; loss {mean:.3f}")


if __name__ == "__main__":
    main()
