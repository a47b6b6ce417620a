"""Files on disk: written whole or not at all."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def save_atomically(path: Path, data: bytes) -> None:
    """Write `data` so that `path` holds either all of it or what it held before.

    Raises OSError, and leaves nothing behind then.
    """
    part = path.parent / f".{secrets.token_hex(8)}.part"
    try:
        with part.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
