"""How the public sets are read and scored, on sets of a few lines."""

import json
from pathlib import Path

import numpy as np
import pytest

from nlu import DataError
from nlu.course import Outputs, Row
from nlu.tokens import Tokens
from tests.bench.nlu_data import few, load, mixed, nlupp, sequences, whole
from tests.bench.nlu_scope import choose, of_outputs


def write_sequences(folder: Path, lines: list[tuple[str, str, str]]) -> Path:
    for part in ("train", "dev", "test"):
        (folder / part).mkdir(parents=True)
        for name, column in zip(("seq.in", "seq.out", "label"), zip(*lines, strict=True),
                                strict=True):  # fmt: skip
            (folder / part / name).write_text("\n".join(column) + "\n", encoding="utf-8")
    return folder


def test_bio_columns_become_marks(tmp_path: Path) -> None:
    folder = write_sequences(
        tmp_path / "atis", [("from new york to boston", "O B-from I-from O B-to", "flight")]
    )
    (example,) = sequences(folder).train
    assert [(m.name, example.text[m.start : m.end]) for m in example.marks] == [
        ("from", "new york"), ("to", "boston"),
    ]  # fmt: skip
    assert example.intents == ("flight",)


def test_mixed_training_is_made_of_what_the_mixed_test_does_not_hold(tmp_path: Path) -> None:
    alone = write_sequences(tmp_path / "snips", [
        ("play jazz", "O B-genre", "PlayMusic"), ("rain tomorrow", "O B-time", "GetWeather"),
        ("book a table", "O O O", "BookRestaurant#PlayMusic"), ("rate it five", "O O B-n", "Rate"),
    ])  # fmt: skip
    folder = tmp_path / "MixSNIPS_clean"
    folder.mkdir()
    block = "rain O\ntomorrow B-time\nand O\nsing O\nGetWeather#PlayMusic\n\n"
    for part in ("dev", "test"):
        (folder / f"{part}.txt").write_text(block, encoding="utf-8")
    corpus = mixed(folder, alone)
    assert corpus.test[0].intents == ("GetWeather", "PlayMusic")
    assert all("rain tomorrow" not in example.text for example in corpus.train)
    assert not any("#" in intent for example in corpus.train for intent in example.intents)
    for example in corpus.train:
        assert len(set(example.intents)) == len(example.intents)


def test_nlupp_folds_never_train_on_what_they_test(tmp_path: Path) -> None:
    for i in range(20):
        slots = {"date": {"text": f"day {i}", "span": [7, 11 + len(str(i))]}}
        entry = {"text": f"pay on day {i}", "intents": ["pay", "when"], "slots": slots}
        (tmp_path / f"fold{i}.json").write_text(json.dumps([entry]), encoding="utf-8")
    folds = list(nlupp(tmp_path))
    assert len(folds) == 10
    for fold in folds:
        assert not {e.text for e in fold.train} & {e.text for e in fold.test}
        assert len(fold.train) == 18
    mark = folds[0].test[0].marks[0]
    assert folds[0].test[0].text[mark.start : mark.end] == "day 0"


def test_few_and_whole_hold_back_from_the_training_part(tmp_path: Path) -> None:
    lines = [(f"word {i}", "O O", "a" if i % 2 else "b") for i in range(20)]
    corpus = sequences(write_sequences(tmp_path / "s", lines))
    drawn = few(corpus, 3, seed=1)
    assert len(drawn.train) == 6
    bare = type(corpus)(corpus.train, (), corpus.test)
    cut = whole(bare, seed=1, share=0.2)
    assert len(cut.development) == 4
    assert not {e.text for e in cut.development} & {e.text for e in cut.train}


def test_the_scope_threshold_spends_little_of_the_accuracy() -> None:
    # columns: two intents and out of scope; the last two rows are out of scope
    logits = np.log(np.array([
        [0.9, 0.05, 0.05], [0.1, 0.8, 0.1], [0.5, 0.3, 0.2], [0.2, 0.2, 0.6], [0.35, 0.3, 0.35],
    ]))  # fmt: skip
    rows = [Row(Tokens((), (), ()), True, (truth,), (), -100) for truth in (0, 1, 0, 2, 2)]
    nothing = np.zeros((0, 0))
    held = Outputs(rows, logits, logits, [nothing] * 5, np.zeros((5, 3)), (nothing,) * 3)
    scored = of_outputs(held, oos=2)
    threshold = choose(scored)
    assert scored.at(threshold) == (1.0, 1.0)
    assert scored.at(-2.0)[0] < 1.0


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        ("O B-genre O", "seq.out:2: 3 labels of 2 words"),
        ("O X-genre", "seq.out:2: 'X-genre' after 'O' is no BIO label"),
        ("O I-genre", "seq.out:2: 'I-genre' after 'O' is no BIO label"),
        ("B-time I-genre", "seq.out:2: 'I-genre' after 'B-time' is no BIO label"),
        ("O B-", "seq.out:2: 'B-' after 'O' is no BIO label"),
    ],
)
def test_broken_labels_are_told_with_their_line(tmp_path: Path, labels: str, says: str) -> None:
    folder = write_sequences(
        tmp_path / "s", [("rain tomorrow", "O B-time", "w"), ("play jazz", labels, "p")]
    )
    with pytest.raises(DataError) as error:
        load("snips", tmp_path, folder)
    assert says in str(error.value)


def test_a_missing_or_cut_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"seq\.in: no such file: give the folder of snips"):
        load("snips", tmp_path, tmp_path / "nowhere")
    folder = write_sequences(tmp_path / "s", [("a b", "O O", "x"), ("c d", "O O", "y")])
    (folder / "train" / "label").write_text("x\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"unlike numbers of lines \(seq.in 2, seq.out 2, label 1"):
        load("snips", tmp_path, folder)


def test_a_broken_column_is_told_with_its_line(tmp_path: Path) -> None:
    alone = write_sequences(tmp_path / "snips-atis" / "snips", [("a b", "O O", "x")] * 2)
    folder = tmp_path / "mixed"
    folder.mkdir()
    whole = "rain O\nGetWeather\n\n"
    for part, text in (("dev", whole), ("test", whole + "sing B-song loud\nPlayMusic\n")):
        (folder / f"{part}.txt").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=r"test\.txt:4: a line here is not one word"):
        load("mixsnips", alone.parents[1], folder)
