"""opencv's GrabCut, the same on every run (Rother et al. 2004, "GrabCut")."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from inpainting.types import Mask, Rgb

Trimap = NDArray[np.uint8]
"""HxW of opencv's GC_BGD, GC_FGD, GC_PR_BGD and GC_PR_FGD: certain and likely sides."""

_UNSURE = 10
_ENOUGH = 16


def band(mask: Mask) -> Trimap:
    """Return a trimap that leaves open what lies at most ten pixels from the outline."""
    grey = mask.astype(np.uint8)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * _UNSURE + 1, 2 * _UNSURE + 1))
    trimap = np.where(mask, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    trimap[cv2.erode(grey, disc) > 0] = cv2.GC_FGD
    trimap[cv2.dilate(grey, disc) == 0] = cv2.GC_BGD
    return trimap


def certain_of_both(trimap: Trimap) -> bool:
    """Whether both sides have enough certain pixels to learn their colours from."""
    sides = (trimap == cv2.GC_BGD).sum(), (trimap == cv2.GC_FGD).sum()
    return bool(min(sides) >= _ENOUGH)


def cut(rgb: Rgb, trimap: Trimap, rounds: int = 1) -> Mask:
    """Return the subject that GrabCut finds in HxWx3 uint8; the trimap's own where it is tiny."""
    work = trimap.copy()
    if min(subject_of(work).sum(), (~subject_of(work)).sum()) < _ENOUGH:
        return subject_of(work)
    # The generator is this thread's own; GrabCut draws its first clusters from it.
    cv2.setRNGSeed(0)
    theirs, ours = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(rgb, work, (0, 0, 1, 1), theirs, ours, rounds, cv2.GC_INIT_WITH_MASK)
    return subject_of(work)


def subject_of(trimap: Trimap) -> Mask:
    """Return what is certainly or likely subject."""
    return np.asarray((trimap == cv2.GC_FGD) | (trimap == cv2.GC_PR_FGD))
