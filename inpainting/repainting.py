"""One repaint round its painter: what the painter is given, and how its picture goes back. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from inpainting.colour_match import match_colour
from inpainting.compositing import lay
from inpainting.errors import NothingSelected
from inpainting.framing import CONTEXT, Frame, crop, crop_hole, frame_for, frame_round, restore
from inpainting.prefilling import prefill
from inpainting.separating import separated
from inpainting.types import Box, Mask, ModelInfo, Region, Rgb, Size, Tool

FEATHER_SHARE = 1 / 160
"""Default feather as a share of the window's longer side: 3 pixels at 512, 25 at 4,000."""

ANEW = 0.9
"""From this strength on a subject is painted anew, and its old look must not shine through."""

REPLACED = 0.5
"""From this strength on a background is replaced. Below it no prompt was followed, whatever the
prefill, and a smear would be left where there was a photo; see benchmarks/RESULTS.md."""

NO_REFERENCE = ("embedded",)
"""Painters whose picture of the kept part is no measure of their colours; see RESULTS.md."""


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """A hole with its frame; `hole` HxW of the photo, `feather` in photo pixels."""

    hole: Mask
    frame: Frame
    feather: int


def plan(
    hole: Mask, painter: ModelInfo, feather: int | None = None, context: float | None = None
) -> Plan:
    """Choose the frame for a painter, and a feather that suits it where none is given.

    `context` as in `framing.frame_for`, None for its default. Raises NothingSelected for an empty
    hole, BadRequest for a context below 0.
    """
    share = CONTEXT if context is None else context
    frame = frame_for(hole, painter.native_side, painter.multiple, share)
    return Plan(hole, frame, _feather(frame, feather))


def default_feather(box: Box, photo: Size, painter: ModelInfo) -> int:
    """Return the feather of `plan` for a hole with these bounds in a photo of `photo`'s size."""
    return _feather(frame_round(box, photo, painter.native_side, painter.multiple), None)


def plans(
    hole: Mask,
    painter: ModelInfo,
    feather: int | None = None,
    context: float | None = None,
    separate: bool = False,
) -> tuple[Plan, ...]:
    """Return one plan, or one for each separate part of the hole in reading order, at most 8.

    Parts whose frames would overlap go together. The holes of the plans are disjoint and together
    the whole hole. Raises as `plan`.
    """
    if not separate:
        return (plan(hole, painter, feather, context),)
    if not hole.any():
        raise NothingSelected("There is nothing to repaint: select a part of the photo first.")
    photo = hole.shape[1], hole.shape[0]
    share = CONTEXT if context is None else context

    def frame_of(box: Box) -> Frame:
        return frame_round(box, photo, painter.native_side, painter.multiple, share)

    parts = separated(hole, frame_of)
    return tuple(Plan(part, frame, _feather(frame, feather)) for part, frame in parts)


def prefill_for(method: str, tool: Tool, region: Region, strength: float) -> str:
    """Return what the hole is filled with: `method`, or for "auto" what suits the job.

    "original" where RESTYLE paints over what is there, for REMOVE, whose fillers do not look at it,
    and where the strength is too low for new content: under REPLACED in a background, under ANEW in
    a subject, whose shapes are then wanted. "neutral" to CREATE from nothing, else "blur".
    """
    if method != "auto":
        return method
    if tool in (Tool.RESTYLE, Tool.REMOVE):
        return "original"
    if tool is Tool.CREATE:
        return "neutral"
    least = REPLACED if region is Region.BACKGROUND else ANEW
    return "blur" if tool is Tool.EXTEND or strength >= least else "original"


def matches_colour(wanted: bool | None, tool: Tool, painter: ModelInfo) -> bool:
    """Return whether `put_back` should match colours: as wanted, or where it was measured to help.

    It helps where the painter also paints the kept part, true but for its VAE and a cast. So it is
    off for whole pictures painted over or from nothing, and for fillers, which keep colours.
    """
    if wanted is not None:
        return wanted
    return tool in (Tool.REPAINT, Tool.EXTEND) and painter.key not in NO_REFERENCE


def prepare(rgb: Rgb, job: Plan, method: str = "blur", seed: int = 0) -> tuple[Rgb, Mask]:
    """Return the frame's picture, HxWx3 sRGB, and its hole, as the painter is to get them.

    `method` one of `PREFILLS` but "auto", `seed` for its noise. Raises BadRequest for another.
    """
    part = _leaving_some(crop_hole(job.hole, job.frame), job)
    return prefill(crop(rgb, job.frame), part, method, seed), part


def _leaving_some(part: Mask, job: Plan) -> Mask:
    """Leave the pixel with most of what is kept where rounding made all of a frame its hole.

    A painter takes a whole picture for one that starts from nothing.
    """
    window = job.frame.window
    hole = job.hole[window.y0 : window.y1, window.x0 : window.x1]
    if not part.all() or hole.all():
        return part
    kept = cv2.resize((~hole).astype(np.float32), job.frame.size, interpolation=cv2.INTER_AREA)
    some = np.ones_like(part)
    some[np.unravel_index(int(kept.argmax()), kept.shape)] = False
    return some


def put_back(
    pixels: Rgb,
    painted: Rgb,
    job: Plan,
    convert: Callable[[Rgb], Rgb] = lambda rgb: rgb,
    original: Rgb | None = None,
) -> Rgb:
    """Return the photo's `pixels` with the painted frame in the hole; kept pixels bit for bit.

    `convert` turns the painted sRGB into the colours that `pixels` are in. `original` is the
    frame's part of the photo in sRGB, at the frame's size; where it is given colours are matched to
    it. Raises BadOutput when `painted` is not a picture of the frame's size.
    """
    window = job.frame.window
    restored = restore(matched(painted, job, original), job.frame)
    hole = job.hole[window.y0 : window.y1, window.x0 : window.x1]
    return lay(pixels, convert(restored), window, hole, job.feather)


def matched(painted: Rgb, job: Plan, original: Rgb | None) -> Rgb:
    """Return `painted` with its colours matched to those of `original`, if there is one."""
    if original is None or painted.shape != original.shape or painted.dtype != np.uint8:
        return painted  # what is no picture of the frame's size is refused by `restore`
    return match_colour(painted, original, crop_hole(job.hole, job.frame))


def frame_pixels(job: Plan, pixels: int) -> int:
    """Return a distance in photo pixels as pixels of the frame; what is above 0 stays so."""
    return max(1, round(pixels * math.sqrt(math.prod(job.frame.scale)))) if pixels > 0 else 0


def _feather(frame: Frame, wanted: int | None) -> int:
    return max(1, round(max(frame.window_size) * FEATHER_SHARE)) if wanted is None else wanted
