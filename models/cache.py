"""What is made of models on this machine, once, and kept beside them in the cache."""

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from models import ModelError
from models.registry import cache_root


def key_of(*made_of: object) -> str:
    """Name what is made of these: digests, options, the revision of what makes it."""
    return hashlib.sha256(" ".join(map(str, made_of)).encode()).hexdigest()[:32]


def kept(kind: str, key: str, make: Callable[[Path], None]) -> Path:
    """Return the folder `kind/key` of the cache; `make` fills it the first time, whole or not.

    `key` names all that the content depends on. Two processes may make it at once: one's result
    stays. Raises ModelError when the cache cannot be written.
    """
    folder = cache_root() / kind / key
    if folder.is_dir():
        return folder
    part = folder.with_name(f"{folder.name}.{os.getpid()}.part")
    try:
        part.mkdir(parents=True, exist_ok=True)
        make(part)
        try:
            part.rename(folder)
        except OSError:
            if not folder.is_dir():  # else another process was faster
                raise
    except OSError as error:
        raise ModelError(
            f"{folder}: cannot be written ({error.strerror}): set OFFHOOK_MODELS to another folder"
        ) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return folder
