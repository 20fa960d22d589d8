"""A small encoder with random weights in place of MiniLM, and an assistant to train on it."""

from pathlib import Path

import pytest

from models.fetch import pull

INTENTS = """\
slots:
  order_number: {type: digits, length: 5}
  date: {type: date}
intents:
  order_status:
    examples: |
      where is my order
      where is order [15213](order_number)
      has my order [20418](order_number) shipped
      [15213](order_number)
      my parcel is not here
      track my parcel
      the order from [Monday](date) is not here
  opening_hours:
    examples: |
      when do you open
      are you open [Friday](date)
      what time do you close [tomorrow](date)
      when do you close
      opening hours please
      how late are you open
out_of_scope:
  examples: |
    sing me a song
    tell me a joke
    what is the weather like
    play some music
    who won the match
"""


@pytest.fixture(scope="session")
def small_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of one layer, 32 wide, whose word pieces are the words of the examples."""
    import torch
    from safetensors.torch import save_file
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertModel

    folder = tmp_path_factory.mktemp("encoder")
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    splitter = pre_tokenizers.BertPreTokenizer()
    words = sorted({word for word, _ in splitter.pre_tokenize_str(INTENTS.lower())})
    vocabulary = {word: i for i, word in enumerate([*special, *words])}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))  # noqa: S106 - no secret
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = splitter
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer.save(str(folder / "tokenizer.json"))
    config = BertConfig(
        vocab_size=len(vocabulary), hidden_size=32, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=64,
    )  # fmt: skip
    config.save_pretrained(folder)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        encoder = BertModel(config, add_pooling_layer=False)
    save_file(encoder.state_dict(), folder / "model.safetensors")
    return folder


@pytest.fixture
def small_cache(small_encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A models' cache of its own, in which "minilm" is the small encoder."""
    own = tmp_path / "own.toml"
    own.write_text(
        '[[models]]\nname = "minilm"\nkind = "nlu"\nlanguage = "en"\nlicence = "none"\n'
        'origin = "random weights"\n[[models.sources]]\nkind = "folder"\n'
        f'path = "{small_encoder}"\n'
        'files = ["config.json", "model.safetensors", "tokenizer.json"]\n',
        encoding="utf-8",
    )
    monkeypatch.setenv("OFFHOOK_MANIFEST", str(own))
    monkeypatch.setenv("OFFHOOK_MODELS", str(tmp_path / "models"))
    pull(["minilm"])
    return tmp_path / "models"


@pytest.fixture
def assistant(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "intents.yaml").write_text(INTENTS, encoding="utf-8")
    return folder
