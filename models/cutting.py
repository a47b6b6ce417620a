"""opencv's GrabCut, the same on every run (Rother et al. 2004, "GrabCut")."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from inpainting.types import Mask, Rgb, Size

Trimap = NDArray[np.uint8]
"""HxW of opencv's GC_BGD, GC_FGD, GC_PR_BGD and GC_PR_FGD: certain and likely sides."""

Model = NDArray[np.float64]
"""1x65: GrabCut's five clusters of colours."""

_UNSURE = 10
_ENOUGH = 16
_SAMPLES = 2000
_FINE = 6000


def follow(rgb: Rgb, half: Rgb, mask: Mask, subject: Mask, background: Mask) -> Mask:
    """Return a mask HxW with its outline moved, by ten pixels at most, to where GrabCut finds it.

    `half` is the picture `rgb`, HxWx3 uint8, at half its size; `subject` and `background` HxW are
    certain. A mask with too few certain pixels on a side is returned as it is. A long outline is
    found on the half picture, at a sixth of the cost: thin things alone need the whole one.
    """
    trimap = _with_certain(band(mask), subject, background)
    if not certain_of_both(trimap):
        return mask
    if np.count_nonzero(_open(trimap)) <= _FINE:
        return _cut_once(rgb, trimap)
    size = half.shape[1], half.shape[0]
    coarse = _with_certain(
        band(_reduced(mask, size, 0.5), _UNSURE // 2),
        _reduced(subject, size, 0.2),
        _reduced(background, size, 0.5),
    )
    moved = _cut_once(half, coarse).astype(np.float32)
    return np.asarray(cv2.resize(moved, (mask.shape[1], mask.shape[0])) > 0.5)


def _with_certain(trimap: Trimap, subject: Mask, background: Mask) -> Trimap:
    trimap[background] = cv2.GC_BGD
    trimap[subject] = cv2.GC_FGD
    return trimap


def _reduced(mask: Mask, size: Size, share: float) -> Mask:
    """Return where at least about a `share` of a mask's pixels are True, at `size`."""
    values = cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    return np.asarray(values > share)


def band(mask: Mask, reach: int = _UNSURE) -> Trimap:
    """Return a trimap that leaves open what lies at most `reach` pixels from the outline."""
    grey = mask.astype(np.uint8)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    trimap = np.where(mask, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    trimap[cv2.erode(grey, disc) > 0] = cv2.GC_FGD
    trimap[cv2.dilate(grey, disc) == 0] = cv2.GC_BGD
    return trimap


def certain_of_both(trimap: Trimap) -> bool:
    """Whether both sides have enough certain pixels to learn their colours from."""
    sides = np.count_nonzero(trimap == cv2.GC_BGD), np.count_nonzero(trimap == cv2.GC_FGD)
    return bool(min(sides) >= _ENOUGH)


def cut(rgb: Rgb, trimap: Trimap, rounds: int = 1) -> Mask:
    """Return the subject that GrabCut finds in HxWx3 uint8; the trimap's own where it is tiny."""
    work = trimap.copy()
    if min(_sides(work)) < _ENOUGH:
        return subject_of(work)
    # The generator is this thread's own; GrabCut draws its first clusters from it.
    cv2.setRNGSeed(0)
    theirs, ours = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(rgb, work, (0, 0, 1, 1), theirs, ours, rounds, cv2.GC_INIT_WITH_MASK)
    return subject_of(work)


def _cut_once(rgb: Rgb, trimap: Trimap) -> Mask:
    """Return what `cut` would, near enough: colours are learnt from samples, and once."""
    work = trimap.copy()
    if not _open(work).any() or min(_sides(work)) < _ENOUGH:
        return subject_of(work)
    theirs, ours = _learnt(rgb, work)
    cv2.grabCut(rgb, work, (0, 0, 1, 1), theirs, ours, 1, cv2.GC_EVAL_FREEZE_MODEL)
    return subject_of(work)


def _learnt(rgb: Rgb, trimap: Trimap) -> tuple[Model, Model]:
    """Return the colours of background and subject, learnt from evenly spread pixels of each."""
    subject = np.ravel(subject_of(trimap))
    sides = [np.flatnonzero(side) for side in (subject, ~subject)]
    at = np.concatenate([side[:: -(-len(side) // _SAMPLES)] for side in sides])
    theirs, ours = np.zeros((1, 65)), np.zeros((1, 65))
    # A picture of one row: learning does not ask where a pixel is, and its own cut costs nothing.
    row, sure = rgb.reshape(1, -1, 3)[:, at], trimap.reshape(1, -1)[:, at]
    cv2.setRNGSeed(0)
    cv2.grabCut(row, sure, (0, 0, 1, 1), theirs, ours, 1, cv2.GC_INIT_WITH_MASK)
    return theirs, ours


def _open(trimap: Trimap) -> Mask:
    return np.asarray((trimap == cv2.GC_PR_FGD) | (trimap == cv2.GC_PR_BGD))


def _sides(trimap: Trimap) -> tuple[int, int]:
    ours = int(np.count_nonzero(subject_of(trimap)))
    return ours, trimap.size - ours


def subject_of(trimap: Trimap) -> Mask:
    """Return what is certainly or likely subject."""
    return np.asarray((trimap == cv2.GC_FGD) | (trimap == cv2.GC_PR_FGD))
