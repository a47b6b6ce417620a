"""Files on disk: written whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path


def save_atomically(files: Mapping[Path, bytes]) -> None:
    """Write each file so that its path holds either all of it or what it held before.

    No path is touched before everything is on the disk beside it. Raises OSError, and leaves
    nothing behind then.
    """
    parts = {path: path.parent / f".{secrets.token_hex(8)}.part" for path in files}
    try:
        for path, part in parts.items():
            _write(part, files[path])
        for path, part in parts.items():
            part.replace(path)
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)


def _write(part: Path, data: bytes) -> None:
    with part.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
