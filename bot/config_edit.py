"""What hello30 writes into config.yaml: where people are found. All else in the file stays as it is, to the letter.

The new file takes the place of the old one at once, and only after it was read and found to be without a fault, and to
say nothing else than the old one. Otherwise the admin is shown what to write.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

from bot import config, strict_yaml
from bot.errors import Hello30Error
from bot.yaml_edit import NotEditable, Way, with_values

_WRITABLE: Final = 0o222


class NotWritten(Hello30Error):
    """The file stays as it was; the message says why, and what to write there by hand."""


def put_addresses(path: Path, before: bytes, platform: str, ids: Mapping[str, str]) -> None:
    """Write where people are found on a platform, by their ids; `before` is what stood in the file when it was read.

    Raises `NotWritten`, and nothing has changed then.
    """
    try:
        _write(path, before, _with_addresses(path, before, platform, ids))
    except NotWritten as fault:
        lines = "".join(f"\n  under {person}, addresses:  {platform}: {each}" for person, each in ids.items())
        sentence = f"{path} {fault}, so it stays as it is. Please write this there yourself, and start hello30 again:"
        raise NotWritten(f"{sentence}{lines}") from None


def _with_addresses(path: Path, before: bytes, platform: str, ids: Mapping[str, str]) -> bytes:
    values: dict[Way, str] = {("people", person, "addresses", platform): each for person, each in ids.items()}
    old = strict_yaml.parse(before, str(path))
    try:
        after = b"" if old.faults else with_values(before.decode("utf-8"), values).encode("utf-8")
    except NotEditable:
        after = b""
    new = strict_yaml.parse(after, str(path))
    if new.faults or new.data != _changed(old.data, values) or config.check(path, after):
        raise NotWritten("is written in a way that hello30 does not change by itself")
    return after


def _changed(data: Any, values: Mapping[Way, str]) -> Any:
    data = deepcopy(data)
    for way, value in values.items():
        *above, key = way
        inside = data
        for name in above:
            inside = inside[name]
        inside[key] = value
    return data


def _write(path: Path, before: bytes, after: bytes) -> None:
    """Put a whole new file in the place of the old one, with the same owner and mode; a link to it stays a link."""
    real = path.resolve()
    if not real.stat().st_mode & _WRITABLE or not os.access(real, os.W_OK):  # root may always, and should not
        raise NotWritten("is read-only")
    try:
        handle, name = tempfile.mkstemp(prefix=f".{real.name}.", dir=real.parent)
    except OSError as error:
        raise NotWritten(f"cannot be changed where it is ({error.strerror})") from None
    beside = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            _let_it_be_like(real, beside)
            file.write(after)
            file.flush()
            os.fsync(handle)
        if real.read_bytes() != before:
            raise NotWritten("was changed by somebody else meanwhile")
        beside.replace(real)
        _is_kept(real.parent)
    except OSError as error:
        raise NotWritten(f"cannot be changed where it is ({error.strerror})") from None
    finally:
        with suppress(FileNotFoundError):  # it has become the file
            beside.unlink()


def _is_kept(folder: Path) -> None:
    """Return once a folder's new entries would outlive a power cut; some platforms open no folder."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _let_it_be_like(real: Path, beside: Path) -> None:
    """Give a file the owner and mode of another: whoever could read that one must be able to read this one."""
    wanted, made = real.stat(), beside.stat()
    if (wanted.st_uid, wanted.st_gid) != (made.st_uid, made.st_gid):
        try:
            os.chown(beside, wanted.st_uid, wanted.st_gid)
        except PermissionError:
            raise NotWritten("belongs to somebody else") from None
    shutil.copystat(real, beside)
