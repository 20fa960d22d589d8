"""Weight files of one revision of a Hugging Face repository, or of a mirror (HF_ENDPOINT)."""

from pathlib import Path
from typing import Any, Self

from models import FetchError, Tampered
from models.manifest import File, HubSource
from models.progress import Progress, Step
from models.registry import file_sha256


def download(name: str, source: HubSource, file: File, folder: Path, progress: Progress) -> Path:
    """One file, brought into the folder by huggingface_hub, which resumes a broken one; verified.

    What HF_ENDPOINT, HF_TOKEN and HF_HUB_OFFLINE say applies. Raises FetchError or Tampered.
    """
    from huggingface_hub import hf_hub_download

    try:
        arrived = Path(
            hf_hub_download(
                source.repo,
                file.name,
                revision=source.revision,
                local_dir=folder,
                tqdm_class=_bar(name, file, progress),
            )
        )
    except Exception as error:  # its HTTP library's own among them
        reason = str(error).strip().split("\n")[0] or type(error).__name__
        raise FetchError(f"{source} cannot deliver {file.name} ({reason})") from error
    if file_sha256(arrived) != file.sha256:
        arrived.unlink()
        raise Tampered(
            f"{name}: {file.name} of {source} does not have the manifest's SHA-256 {file.sha256}:"
            " do not use it; correct the revision or the manifest"
        )
    return arrived


def _bar(name: str, file: File, progress: Progress) -> Any:
    """A class as huggingface_hub wants its progress bars, which tells our progress."""

    class Bar:
        def __init__(self, *_: object, initial: int = 0, **__: object) -> None:
            self.done = initial

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def update(self, more: float | None = 1) -> None:
            self.done += int(more or 0)
            progress(Step(name, "download", file.name, min(self.done, file.size), file.size))

    return Bar
