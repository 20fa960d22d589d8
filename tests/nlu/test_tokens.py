import gc
from pathlib import Path

from tokenizers import Tokenizer, models
from tokenizers.pre_tokenizers import Whitespace

from nlu.tokens import load_tokenizer, tokenize


def saved(path: Path, *words: str) -> Path:
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, words[0]))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.save(str(path))
    return path


def test_copies_of_a_tokenizer_are_one_in_memory_as_long_as_it_is_used(tmp_path: Path) -> None:
    first = saved(tmp_path / "first.json", "?", "an", "order")
    copy = saved(tmp_path / "copy.json", "?", "an", "order")
    other = saved(tmp_path / "other.json", "?", "order", "an")
    english = load_tokenizer(first)
    assert load_tokenizer(copy) is english
    assert load_tokenizer(other) is not english
    assert tokenize(english, "an order").ids == (1, 2)
    assert tokenize(load_tokenizer(other), "an order").ids == (2, 1)
    del english
    gc.collect()
    saved(first, "?", "order")
    assert tokenize(load_tokenizer(first), "an order").ids == (0, 1)
