"""Many pictures as one: a grid with labels, and the steps of one picture as a filmstrip."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from inpainting.errors import BadRequest
from inpainting.types import Rgb, Size

LONGEST = 4096
"""Most pixels on the longer side of a sheet."""

MIN_TILE = 96
"""A tile is at least that wide and high, so that its label can be read."""

GAP = 4
PAPER, INK = (255, 255, 255), (24, 24, 24)

MAX_FRAMES = 12
"""Most pictures of a filmstrip."""

STRIP = 6
"""Pictures in a row of a filmstrip."""

MAX_LABEL = 200
"""Characters of a label that are looked at."""


def contact_sheet(
    rows: Sequence[Sequence[Rgb]],
    x_labels: Sequence[str] = (),
    y_labels: Sequence[str] = (),
    longest: int = LONGEST,
) -> Rgb:
    """Return pictures HxWx3 uint8 as one, in rows, with labels above columns and left of rows.

    Pictures keep their proportions and are made smaller where the sheet, at most `longest` pixels
    on its longer side, would be larger; a label that is too long is shortened. Without labels there
    is no room left for them. Raises BadRequest where there is no picture, or more than fit.
    """
    columns = max((len(row) for row in rows), default=0)
    if not columns:
        raise BadRequest("There are no pictures to put on a sheet.")
    tile, text = _layout(rows, columns, (bool(y_labels), bool(x_labels)), longest)
    font = ImageFont.load_default(text)
    left, top = (_margin(y_labels, font, tile[0]), 2 * text if x_labels else 0)
    size = left + columns * (tile[0] + GAP) + GAP, top + len(rows) * (tile[1] + GAP) + GAP
    if max(size) > longest:
        raise BadRequest(f"{columns} x {len(rows)} pictures are too many for one sheet.")
    sheet = Image.new("RGB", size, PAPER)
    for y, row in enumerate(rows):
        for x, picture in enumerate(row):
            at = left + GAP + x * (tile[0] + GAP), top + GAP + y * (tile[1] + GAP)
            _place(sheet, picture, at, tile)
    draw = ImageDraw.Draw(sheet)
    for x, label in enumerate(x_labels[:columns]):
        middle = left + GAP + x * (tile[0] + GAP) + tile[0] / 2
        draw.text((middle, top / 2), shortened(label, font, tile[0]), INK, font, anchor="mm")
    for y, label in enumerate(y_labels[: len(rows)]):
        middle = top + GAP + y * (tile[1] + GAP) + tile[1] / 2
        room = left - 2 * GAP
        draw.text((left - GAP, middle), shortened(label, font, room), INK, font, anchor="rm")
    return np.array(sheet)


def filmstrip(film: Sequence[Rgb], total: int) -> Rgb:
    """Return up to MAX_FRAMES of the previews of a job of `total` steps, evenly chosen, as one.

    The first and the last are among them; each has the number of its step. Raises BadRequest where
    there are none.
    """
    if not film:
        raise BadRequest("There are no pictures of the steps: this painter shows none.")
    count = min(MAX_FRAMES, len(film))
    chosen = [round(n * (len(film) - 1) / max(1, count - 1)) for n in range(count)]
    frames = [captioned(film[n], _step(n, len(film), total)) for n in chosen]
    return contact_sheet([frames[n : n + STRIP] for n in range(0, count, STRIP)])


def _step(number: int, pictures: int, total: int) -> str:
    return f"{round((number + 1) * total / pictures)} / {total}"


def shortened(label: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, room: float) -> str:
    """Return a label in one line that is at most `room` pixels wide; "..." stands for the rest."""
    line = " ".join(label[:MAX_LABEL].split())
    if font.getlength(line) <= room:
        return line
    while line and font.getlength(f"{line}...") > room:
        line = line[:-1]
    return f"{line.rstrip()}..." if line else ""


def _layout(
    rows: Sequence[Sequence[Rgb]], columns: int, labelled: tuple[bool, bool], longest: int
) -> tuple[Size, int]:
    """Return the size of a tile, and the height of the text, both in pixels."""
    pictures = [picture for row in rows for picture in row]
    width = max(MIN_TILE, *(picture.shape[1] for picture in pictures))
    height = max(MIN_TILE, *(picture.shape[0] for picture in pictures))
    # A label on the left is at most as wide as a tile, one on top at most half as high.
    across, down = columns + labelled[0], len(rows) + labelled[1] / 2
    room = longest - GAP * (max(columns, len(rows)) + 1)
    scale = min(1.0, room / (width * across), room / (height * down))
    tile = max(1, int(width * scale)), max(1, int(height * scale))
    return tile, max(6, min(64, min(tile) // 8))


def _margin(
    labels: Sequence[str], font: ImageFont.FreeTypeFont | ImageFont.ImageFont, tile_width: int
) -> int:
    widths = [font.getlength(label[:MAX_LABEL]) for label in labels]
    return min(tile_width, int(max(widths)) + 3 * GAP) if widths else 0


def _place(sheet: Image.Image, picture: Rgb, at: tuple[int, int], tile: Size) -> None:
    """Paste a picture into the middle of its tile, smaller where it has to be."""
    height, width = picture.shape[:2]
    scale = min(1.0, tile[0] / width, tile[1] / height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    image = Image.fromarray(np.ascontiguousarray(picture))
    if size != image.size:
        image = image.resize(
            size, Image.Resampling.BOX if scale < 0.5 else Image.Resampling.LANCZOS
        )
    sheet.paste(image, (at[0] + (tile[0] - size[0]) // 2, at[1] + (tile[1] - size[1]) // 2))


def captioned(picture: Rgb, caption: str) -> Rgb:
    """Return a picture HxWx3 uint8 with a line of text above it, as a tile for a sheet."""
    return contact_sheet([[picture]], [caption])
