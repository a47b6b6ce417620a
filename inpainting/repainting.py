"""One repaint round its painter: what the painter is given, and how its picture goes back. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from inpainting.compositing import paste, prefill
from inpainting.framing import Frame, crop, crop_hole, frame_for, restore
from inpainting.masks import feather
from inpainting.types import Mask, ModelInfo, Rgb

FEATHER_SHARE = 1 / 160
"""Default feather as a share of the window's longer side: 3 pixels at 512, 25 at 4,000."""

ANEW = 0.9
"""From this strength on a picture is painted anew, and the old content must not shine through."""


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """A hole with its frame; `hole` HxW of the photo, `feather` in photo pixels."""

    hole: Mask
    frame: Frame
    feather: int


def plan(hole: Mask, painter: ModelInfo, feather: int | None = None) -> Plan:
    """Choose the frame for a painter, and a feather that suits it where none is given.

    Raises NothingSelected for an empty hole.
    """
    frame = frame_for(hole, painter.native_side, painter.multiple)
    default = max(1, round(max(frame.window_size) * FEATHER_SHARE))
    return Plan(hole, frame, default if feather is None else feather)


def prepare(rgb: Rgb, job: Plan, strength: float) -> tuple[Rgb, Mask]:
    """Return the frame's picture, HxWx3 sRGB, and its hole, as the painter is to get them.

    Below a strength of `ANEW` the hole keeps the photo's content, which is then what is asked for;
    from there on it is filled from its surroundings.
    """
    part = crop_hole(job.hole, job.frame)
    return prefill(crop(rgb, job.frame), part, "blur" if strength >= ANEW else "original"), part


def put_back(
    pixels: Rgb, painted: Rgb, job: Plan, convert: Callable[[Rgb], Rgb] = lambda rgb: rgb
) -> Rgb:
    """Return the photo's `pixels` with the painted frame in the hole; kept pixels bit for bit.

    `convert` turns the painted sRGB into the colours that `pixels` are in. Raises BadOutput when
    `painted` is not a picture of the frame's size.
    """
    window = job.frame.window
    weight = feather(job.hole[window.y0 : window.y1, window.x0 : window.x1], job.feather)
    return paste(pixels, convert(restore(painted, job.frame)), window, weight)
