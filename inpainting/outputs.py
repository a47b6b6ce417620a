"""What a command writes: one file a picture, and what belongs to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from inpainting.photo import encode_png, encode_result, make_photo, source_of
from inpainting.recipe import recipe_to_json
from inpainting.tiles import filmstrip
from inpainting.types import PaintResult, Rgb


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """A result, and the number of steps that were really run for it."""

    result: PaintResult
    steps: int


def numbered(path: Path, number: int) -> Path:
    """Return the path of the picture of that number, from 1: OUT.png, OUT-2.png, OUT-3.png ..."""
    return path if number == 1 else path.with_name(f"{path.stem}-{number}{path.suffix}")


def picture_files(path: Path, made: Sequence[Made]) -> dict[Path, bytes]:
    """Return the pictures as PNG files, recipes inside."""
    return {numbered(path, n): encode_result(m.result) for n, m in enumerate(made, 1)}


def recipe_files(path: Path, made: Sequence[Made]) -> dict[Path, bytes]:
    """Return the recipe of each picture as a JSON file."""
    return {
        numbered(path, n): recipe_to_json(m.result.recipe).encode("ascii") + b"\n"
        for n, m in enumerate(made, 1)
    }


def film_files(path: Path, made: Sequence[Made]) -> dict[Path, bytes]:
    """Return the steps of each picture as a filmstrip; raises BadRequest where none were shown."""
    return {
        numbered(path, n): sheet_file(filmstrip(m.result.film, m.steps), m)
        for n, m in enumerate(made, 1)
    }


def sheet_file(sheet: Rgb, made: Made) -> bytes:
    """Return a sheet of pictures as a PNG file, marked as they are."""
    source = source_of(made.result)
    return encode_png(make_photo(sheet, None, None, "sheet"), edited=True, source=source)
