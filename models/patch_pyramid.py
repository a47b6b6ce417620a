"""A picture with a hole in ever smaller sizes, and the way from one size to the next.

Source: Newson et al., Non-Local Patch-Based Image Inpainting (2017): beside its colours a pixel has
two numbers that say how busy its surroundings are, so that small sizes tell textures apart; what is
handed down are matches, not colours.
"""

from __future__ import annotations

import cv2
import numpy as np

from inpainting.types import Mask, Rgb
from models.patches import Floats, Level, Places, depth_of, level_of

RADII = (3, 2, 1)
"""Radii of patches, from the best one down; smaller ones where little of the picture is kept."""

FEW = 64
"""With fewer patches to take from a size is not worked on."""

COARSE_SIDE = 96
COARSE_DEPTH = 15.0
"""Sizes are halved until the longer side and the hole's depth are at most that, in pixels."""

TEXTURE = 1.5
"""What a difference in busyness counts, against one in colour."""

TEXTURE_WINDOW = 17


def pyramid(rgb: Rgb, hole: Mask) -> tuple[Level, ...]:
    """Return the sizes of a picture, HxWx3, with a hole, HxW, from its own one down.

    Empty where too little is kept to take patches from. What the hole holds is not looked at.
    """
    picture = _with_textures(rgb, hole)
    for radius in RADII:
        level = level_of(picture, hole, radius)
        if len(level.sources) >= FEW:
            return _sizes_from(level)
    return ()


def handed_down(coarse: Level, fine: Level, place: Places) -> Places:
    """Return places of sources for the targets of `fine` from those for the targets of `coarse`."""
    height, width = fine.size
    rows, columns = fine.targets // width, fine.targets % width
    parent = coarse.index[(rows // 2) * coarse.size[1] + columns // 2]
    found = place[parent]
    down = np.minimum(found // coarse.size[1] * 2 + rows % 2, height - 1)
    across = np.minimum(found % coarse.size[1] * 2 + columns % 2, width - 1)
    wanted = down * width + across
    following = np.searchsorted(fine.sources, wanted)
    nearest = fine.sources[np.minimum(following, len(fine.sources) - 1)]
    return np.asarray(np.where(fine.valid[wanted], wanted, nearest), np.int64)


def _sizes_from(level: Level) -> tuple[Level, ...]:
    levels = [level]
    while max(level.size) > COARSE_SIDE or depth_of(level.hole).max() > COARSE_DEPTH:
        level = level_of(*_halved(level.picture, level.hole), level.radius)
        if len(level.sources) < FEW:
            break
        levels.append(level)
    return tuple(levels)


def _halved(picture: Floats, hole: Mask) -> tuple[Floats, Mask]:
    """Return a picture, HxWxC, whose hole is zero, at half its size; what touched hole is hole."""
    size = (hole.shape[1] + 1) // 2, (hole.shape[0] + 1) // 2
    # opencv takes no more than four channels at once here
    channels = [cv2.resize(part, size, interpolation=cv2.INTER_AREA) for part in cv2.split(picture)]
    known = cv2.resize((~hole).astype(np.float32), size, interpolation=cv2.INTER_AREA)
    return np.asarray(np.stack(channels, axis=2), np.float32), np.asarray(known < 0.999)


def _with_textures(rgb: Rgb, hole: Mask) -> Floats:
    """Return HxWx5: the colours, and how much grey changes downwards and across near by."""
    grey = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.float32)
    known = (~hole).astype(np.float32)
    busy = [_busyness(grey, known), _busyness(grey.T, known.T).T]
    return np.concatenate([rgb, np.stack(busy, axis=2)], axis=2, dtype=np.float32)


def _busyness(grey: Floats, known: Floats) -> Floats:
    """Return the mean step from row to row round each pixel, between known pixels alone."""
    sure, change = np.zeros_like(known), np.zeros_like(grey)
    sure[1:] = known[1:] * known[:-1]
    change[1:] = np.where(sure[1:] > 0, np.abs(np.diff(grey, axis=0)), 0)
    window = TEXTURE_WINDOW, TEXTURE_WINDOW
    mean = cv2.blur(change, window) / np.maximum(cv2.blur(sure, window), 1e-6)
    return np.asarray(TEXTURE * mean, np.float32)
