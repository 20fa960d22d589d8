"""The way from Chinese examples to answers, on a character encoder with random weights."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from models.fetch import pull
from models.registry import model_path
from nlu import DataError
from nlu.course import TrainOptions
from nlu.engine import NluOptions, load_nlu
from nlu.evaluate import figures, judge, load_examples
from nlu.files import read_trained
from nlu.pretrain import PretrainOptions, character_tokenizer, pretrain
from nlu.sentences import load_encoder
from nlu.tokens import tokenize
from nlu.train import train
from nlu.understand import Context

SHOP = Path(__file__).parent / "shop_zh" / "intents.yaml"
LINES = SHOP.read_text(encoding="utf-8").splitlines()
TODAY = date(2025, 3, 12)
TINY = PretrainOptions(layers=1, hidden=32, feed_forward=64, heads=2, steps=3, batch=16)
QUICK = TrainOptions(epochs=2, batch=64, rank=4, threads=1)

MANIFEST = """\
[[models]]
name = "characters"
kind = "nlu"
language = "zh"
licence = "none"
origin = "a test"
[[models.sources]]
kind = "folder"
path = "{}"
files = ["config.json", "model.safetensors", "tokenizer.json"]
"""


def test_each_han_character_is_a_word() -> None:
    tokens = tokenize(character_tokenizer(LINES, least=1), "订单15213，wifi明天到？")
    text = "订单15213，wifi明天到？"
    words = [text[start:end] for start, end in tokens.spans]
    assert words == ["订", "单", "15213", "，", "wifi", "明", "天", "到", "？"]
    assert len(tokens.ids) == 2 + 2 + 5 + 1 + 4 + 3 + 1


@pytest.fixture(scope="module")
def characters(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("characters")
    pretrain(LINES, folder, TINY)
    return folder


@pytest.fixture
def shop(characters: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shop's folder, and a models' cache that has the encoder it names."""
    own = tmp_path / "own.toml"
    own.write_text(MANIFEST.format(characters), encoding="utf-8")
    monkeypatch.setenv("OFFHOOK_MANIFEST", str(own))
    monkeypatch.setenv("OFFHOOK_MODELS", str(tmp_path / "models"))
    pull(["characters"])
    folder = tmp_path / "shop"
    folder.mkdir()
    text = SHOP.read_text(encoding="utf-8").replace(
        "language: zh\n", "language: zh\nencoder: characters\n"
    )
    (folder / "intents.yaml").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.slow
def test_a_chinese_assistant_trains_without_english_sentiment(shop: Path) -> None:
    report = train(shop, QUICK)
    assert report.development["sentiment"]["accuracy"] is None
    card = (shop / "nlu" / "card.md").read_text(encoding="utf-8")
    assert "Language: zh" in card
    assert "Encoder: characters" in card
    assert "Sentiment was not taught" in card
    trained = read_trained(shop)
    assert (trained.encoder, trained.labels.language) == ("characters", "zh")
    assert trained.standardise
    nlu = load_nlu(shop, NluOptions(today=lambda: TODAY))
    found = nlu.understand("明天吧", Context(waiting_for="date"))
    assert [(slot.name, slot.value) for slot in found.slots] == [("date", "2025-03-13")]
    assert (found.sentiment.label, found.sentiment.score) == ("neutral", 0.0)
    told = figures(judge(nlu, load_examples(SHOP)), trained.labels, TODAY)
    assert told["sentences"] == len(load_examples(SHOP))


@pytest.mark.slow
def test_the_same_seed_pretrains_the_same_weights(characters: Path, tmp_path: Path) -> None:
    for name, seed in (("same", TINY.seed), ("other", 1)):
        pretrain(LINES, tmp_path / name, replace(TINY, seed=seed))
    weights = (characters / "model.safetensors").read_bytes()
    assert (tmp_path / "same" / "model.safetensors").read_bytes() == weights
    assert (tmp_path / "other" / "model.safetensors").read_bytes() != weights


@pytest.mark.slow
@pytest.mark.usefixtures("shop")
def test_another_encoder_gives_the_vectors_of_sentences() -> None:
    vectors = load_encoder("characters")(["我要退货", "你们几点开门"])
    assert vectors.shape == (2, TINY.hidden)
    assert (vectors**2).sum(1) == pytest.approx([1.0, 1.0], abs=1e-4)


@pytest.mark.slow
def test_an_encoder_that_is_no_bert_is_told_with_its_line(shop: Path) -> None:
    config = model_path("characters") / "config.json"
    whole = config.read_text(encoding="utf-8")
    config.write_text(whole.replace('"bert"', '"roberta"'), encoding="utf-8")
    try:
        pull(["characters"])
        with pytest.raises(DataError, match=r"intents\.yaml:3: encoder characters: .*'roberta'"):
            train(shop, QUICK)
    finally:
        config.write_text(whole, encoding="utf-8")


def test_text_without_a_sentence_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no line of the text has four characters"):
        pretrain(["好", ""], tmp_path, TINY)
