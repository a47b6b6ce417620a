"""Painters that fill a hole from what is round it, without a prompt and without weights."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

import cv2
import numpy as np

from inpainting.errors import BadRequest, NothingSelected
from inpainting.ports import Painter
from inpainting.types import Mask, ModelInfo, Painted, PaintSettings, Progress, Rgb
from models.catalog import filler_row, painter_info
from models.patch_fill import fill
from models.patch_start import smooth
from models.patches import level_of

TOO_LITTLE = "Too little is kept round the hole to take pieces from, so it was filled smoothly."

FLAGS = {"telea": cv2.INPAINT_TELEA, "navier-stokes": cv2.INPAINT_NS}

REACH = 5
"""How far opencv looks round each pixel that it fills, in pixels."""

PREVIEW_SIDE = 256


class PatchMatchPainter:
    """Fills a hole with patches of what is kept; any number of jobs at once, in any threads."""

    def __init__(self, info: ModelInfo) -> None:
        self._info = info

    @property
    def info(self) -> ModelInfo:
        """What this is, with `defaults` and `schedulers` set."""
        return self._info

    def paint(
        self, rgb: Rgb, hole: Mask, settings: PaintSettings
    ) -> Generator[Progress | Painted, None, None]:
        """Fill where `hole`, HxW bool, is True in `rgb`, HxWx3 uint8 of any size; see `Painter`.

        Of `settings` only the seed counts. Kept pixels stay as they are, what the hole holds is not
        looked at, and the same arguments give the same bytes. Raises BadRequest, NothingSelected.
        """
        require_fillable(rgb, hole)
        result: Rgb | None = None
        for step in fill(rgb, hole, settings.seed):
            result = step.rgb
            yield Progress(step.number, step.total, small(result))
        if result is not None:
            yield Painted(result)
        else:
            yield Painted(smoothed(rgb, hole), (TOO_LITTLE,))


class OpencvPainter:
    """Fills a hole by opencv: the method of `FLAGS` that the key of its row names."""

    def __init__(self, info: ModelInfo) -> None:
        self._info = replace(info, source="opencv", revision=cv2.__version__)
        self._flag = FLAGS[info.key]

    @property
    def info(self) -> ModelInfo:
        """What this is, with `defaults` and `schedulers` set."""
        return self._info

    def paint(
        self, rgb: Rgb, hole: Mask, settings: PaintSettings
    ) -> Generator[Progress | Painted, None, None]:
        """Fill where `hole`, HxW bool, is True in `rgb`, HxWx3 uint8 of any size; see `Painter`.

        No setting counts. Kept pixels stay as they are, and what the hole holds is not looked at.
        Raises BadRequest, NothingSelected. Sources: Telea (2004); Bertalmio et al. (2001).
        """
        del settings
        require_fillable(rgb, hole)
        # opencv's Telea looks at what the hole holds
        filling = cv2.inpaint(smoothed(rgb, hole), hole.astype(np.uint8), REACH, self._flag)
        result = np.where(hole[..., None], filling, rgb).astype(np.uint8)
        yield Progress(1, 1, small(result))
        yield Painted(result)


def embedded_fillers() -> dict[str, Painter]:
    """Return the fillers that need no download by the keys of their rows, the default first."""
    quick = {key: OpencvPainter(painter_info(filler_row(key))) for key in FLAGS}
    return {"patchmatch": PatchMatchPainter(painter_info(filler_row("patchmatch"))), **quick}


def require_fillable(rgb: Rgb, hole: Mask) -> None:
    """Raise BadRequest or NothingSelected for a picture and a hole that cannot be worked with."""
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8:
        raise BadRequest("The picture must be HxWx3 of 8-bit numbers.")
    if hole.shape != rgb.shape[:2] or hole.dtype != np.bool_:
        raise BadRequest("The hole must be true and false, of the picture's height and width.")
    if not hole.any():
        raise NothingSelected("There is nothing to remove: the hole is empty.")
    if hole.all():
        raise BadRequest(
            "Nothing is left to fill the hole from; leave a part of the photo outside the hole."
        )


def smoothed(rgb: Rgb, hole: Mask) -> Rgb:
    """Return `rgb`, HxWx3, with its hole, HxW, filled by a weighted mean of what is kept."""
    guess = np.rint(smooth(level_of(rgb.astype(np.float32), hole, 1)))
    return np.where(hole[..., None], np.clip(guess, 0, 255), rgb).astype(np.uint8)


def emptied_of(rgb: Rgb, hole: Mask) -> Rgb:
    """Return a copy of `rgb`, HxWx3, that is black in the hole, HxW."""
    return np.where(hole[..., None], np.uint8(0), rgb)


def small(rgb: Rgb) -> Rgb:
    """Return a picture, HxWx3, at a size for previews: its longer side at most PREVIEW_SIDE."""
    scale = PREVIEW_SIDE / max(rgb.shape[:2])
    if scale >= 1:
        return rgb
    size = max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
