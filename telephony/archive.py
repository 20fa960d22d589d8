"""The phone calls' records on disk: one JSON file a call, named by its CallSid."""

import json
import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from anyio import CapacityLimiter, to_thread

T = TypeVar("T")

HAPPENINGS = 200  # of one call
CALL_SID = re.compile(r"[A-Za-z0-9_-]{1,64}")  # Twilio's are CA and 32 hexadecimal digits


class Archive:
    """Writes whole files: who reads one never sees half a record."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._one_at_a_time = CapacityLimiter(1)  # `add` reads, changes and writes

    async def has(self, call_sid: str) -> bool:
        """Say whether this call is on record, so is over."""
        return is_call_sid(call_sid) and await to_thread.run_sync(self._path(call_sid).exists)

    async def write(self, call_sid: str, record: Mapping[str, Any]) -> None:
        """Store a call's record. Raises OSError."""
        await self._alone(partial(_write, self._path(call_sid), record))

    async def add(self, call_sid: str, happening: Mapping[str, str]) -> bool:
        """Add what came in after the call was over; False when it is not on record.

        What is on record already, or comes when HAPPENINGS are, is not added.

        Raises OSError, or ValueError for a file that is no record.
        """
        if not is_call_sid(call_sid):
            return False
        return await self._alone(partial(_add, self._path(call_sid), happening))

    def _path(self, call_sid: str) -> Path:
        if not is_call_sid(call_sid):
            raise ValueError(f"{call_sid!r} is no CallSid")
        return self.folder / f"{call_sid}.json"

    async def _alone(self, work: Callable[[], T]) -> T:
        return await to_thread.run_sync(work, limiter=self._one_at_a_time)


def is_call_sid(text: str) -> bool:
    """Say whether this can be a CallSid, and so a file's name."""
    return CALL_SID.fullmatch(text) is not None


def _write(path: Path, record: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    part.replace(path)


def _add(path: Path, happening: Mapping[str, str]) -> bool:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return False
    if not isinstance(record, dict) or not isinstance(record.get("phone"), dict):
        raise ValueError(f"{path} is no phone call's record")
    happenings = record["phone"].setdefault("happenings", [])
    told = {**happening, "at": ""}
    if len(happenings) < HAPPENINGS and all({**each, "at": ""} != told for each in happenings):
        happenings.append(dict(happening))
        _write(path, record)
    return True
