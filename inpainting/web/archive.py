"""All results of a session in one file."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile

from inpainting.errors import BadRequest
from inpainting.web.finished import Finished
from inpainting.web.kept import kept_folder

NAME = "point-and-paint.zip"

NONE = "There are no results yet; repaint first."
GONE = "The pictures are not on the server any more; repaint them."


def zip_results(results: Sequence[Finished]) -> Path:
    """Write the PNG files of results into one ZIP file that gradio serves; return its path.

    They are stored as they are, for a PNG does not get smaller, and one after the other, for
    together they may have gigabytes. The same results give the same file. Raises BadRequest where
    there are none, and where their files have been cleared.
    """
    files = {name: Path(item.sheet.path) for name, item in _named(results)}
    if not files:
        raise BadRequest(NONE)
    digest = hashlib.sha256(repr(files).encode()).hexdigest()
    path = kept_folder(digest) / NAME
    if not path.exists():
        _write(path, files)
    return path


def _named(results: Sequence[Finished]) -> list[tuple[str, Finished]]:
    """Give each its own name: there may be several of the same prompt and seed."""
    counts: dict[str, int] = {}
    named = []
    for item in results:
        stem = item.file_name.removesuffix(".png")
        counts[stem] = counts.get(stem, 0) + 1
        again = f" ({counts[stem]})" if counts[stem] > 1 else ""  # no other name has brackets
        named.append((f"{stem}{again}.png", item))
    return named


def _write(path: Path, files: Mapping[str, Path]) -> None:
    """Put the file in place whole: another request may find it as soon as it has its name."""
    part = path.parent / f".{secrets.token_hex(8)}.part"
    try:
        with ZipFile(part, "w", ZIP_STORED) as archive:
            for name, file in files.items():
                archive.write(file, name)
        part.replace(path)
    except FileNotFoundError as error:
        raise BadRequest(GONE) from error
    finally:
        part.unlink(missing_ok=True)
