"""How near each pixel is to the clicks rather than to the background, on the reduced photo.

Colours are learnt from around the clicks and from the photo's border; a pixel counts as subject by
its colour or by being shut off from the border by edges. Two geodesic distances over that evidence,
to the clicks and to the border, give the field (after Bai and Sapiro 2007, "A geodesic framework
for fast interactive image and video segmentation and matting", and Wei et al. 2012, "Geodesic
saliency using background priors"). The figures are tuned for a longest side of 320 pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from inpainting.types import Mask, Rgb
from models.colours import Bins, colour_bins, subject_share
from models.geodesic import FAR, Field, geodesic

_NEAR = 0.19
_BORDER_IS_SUBJECT = 9.0
_BORDER = 0.025
_DISTANCE, _COLOUR = 0.0006, 0.13
_EDGE_TO_CLICKS, _EDGE_TO_BORDER = 0.07, 0.2
_SHUT_OFF = 0.9
_ALIKE = 18.0


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A reduced photo: `rgb` hxwx3, `half` the same at half its size, `lab` the same smoothed, in
    8-bit Lab; `edges` hxw 0-1 (squared strength), `strength` its root; `bins` hxw, its colours."""

    rgb: Rgb
    half: Rgb
    lab: Rgb
    edges: Field
    strength: Field
    bins: Bins

    @property
    def nbytes(self) -> int:
        """Memory held."""
        pictures = self.rgb, self.half, self.lab, self.edges, self.strength, self.bins
        return sum(picture.nbytes for picture in pictures)


@dataclass(frozen=True, slots=True, eq=False)
class Seeds:
    """What is certain, hxw: `subject` at include points, `background` at exclude points and off
    the box; `border` is the rim, of the photo or the box, that is likely background; `likeness`
    0-1 is how near each pixel is to the colour of a click."""

    subject: Mask
    background: Mask
    border: Mask
    likeness: Field


def scene_of(rgb: Rgb) -> Scene:
    """Prepare a reduced photo, hxwx3 uint8 sRGB."""
    smooth = cv2.medianBlur(cv2.bilateralFilter(rgb, 7, 30, 5), 3)
    lab = np.asarray(cv2.cvtColor(smooth, cv2.COLOR_RGB2LAB), np.uint8)
    edges = _edges(lab)
    size = max(1, rgb.shape[1] // 2), max(1, rgb.shape[0] // 2)
    half = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
    return Scene(rgb, half, lab, edges, np.sqrt(edges), colour_bins(lab))


def likeness(scene: Scene, colours: list[Rgb]) -> Field:
    """Return hxw float32, 1 where a pixel has one of the RGB `colours`, falling to 0."""
    alike = np.zeros(scene.edges.shape, np.float32)
    for colour in colours:
        lab = cv2.cvtColor(colour.reshape(1, 1, 3), cv2.COLOR_RGB2LAB).astype(np.float32)
        distance = ((scene.lab - lab) ** 2).sum(axis=2)
        alike = np.maximum(alike, np.exp(-distance / (2 * _ALIKE**2)), dtype=np.float32)
    return alike


def _edges(lab: Rgb) -> Field:
    weighed = lab.astype(np.float32) * np.array([0.7, 1, 1], np.float32)
    across = cv2.Sobel(weighed, -1, 1, 0, scale=1 / 8)
    down = cv2.Sobel(weighed, -1, 0, 1, scale=1 / 8)
    strength = np.sqrt((across**2 + down**2).sum(axis=2))
    # Relative to what is usual nearby, so that fur and wood grain are no walls.
    usual = cv2.blur(strength, (25, 25))
    return np.asarray((strength / (strength + 0.6 * usual + 4.7)) ** 2, np.float32)


def subject_field(scene: Scene, seeds: Seeds) -> Field:
    """Return hxw float32, 0 at the background to 1 at the clicks; a level of it is an extent."""
    start = np.where(seeds.subject, 0, FAR).astype(np.float32)
    share = _colour_evidence(scene, seeds, start)
    border = _border_start(seeds, share)
    likely = 1 - (1 - share) * (1 - _SHUT_OFF * _shut_off(scene, seeds, border))
    to_clicks = _DISTANCE + _COLOUR * (1 - likely) ** 2 + _EDGE_TO_CLICKS * scene.edges
    to_border = _DISTANCE + _COLOUR * likely**2 + _EDGE_TO_BORDER * scene.edges
    near, far = geodesic(start, to_clicks), geodesic(border, to_border)
    return np.asarray(far / (near + far + 1e-6), np.float32)


def part_field(scene: Scene, seeds: Seeds) -> Field:
    """Return hxw float32, 1 at the clicks, falling with every edge on the way from them.

    Its levels are the parts that were clicked, where the field of the subject knows the whole only.
    """
    start = np.where(seeds.subject, 0, FAR).astype(np.float32)
    return np.asarray(np.exp(-_edges_from(scene, start) / 0.8), np.float32)


def _edges_from(scene: Scene, start: Field) -> Field:
    return geodesic(start, 0.004 + 0.5 * scene.edges, rounds=4)


def _colour_evidence(scene: Scene, seeds: Seeds, start: Field) -> Field:
    near = _edges_from(scene, start)
    # A click beside an edge must not learn what is beyond it.
    subject = np.exp(-near / _NEAR) * seeds.likeness
    subject[subject < 0.05] = 0
    rim = seeds.border * (1 - np.exp(-((near / (2 * _NEAR)) ** 2)))
    certain = _certain_background(seeds)
    first = subject_share(scene.bins, subject, rim + certain)
    # Where the subject runs out of the photo the rim shows it: forget those pixels.
    rim *= np.clip((1 - first) / 0.52 - 0.5, 0, 1)
    share = subject_share(scene.bins, subject, rim + certain)
    blur = 0.3 + 0.004 * max(share.shape)
    return np.asarray(cv2.GaussianBlur(share, (0, 0), blur), np.float32)


def _certain_background(seeds: Seeds) -> Field:
    # A few excluded pixels have to weigh against a whole rim, the outside of a box must not.
    weight = min(5.0, 2 * seeds.border.sum() / max(1, seeds.background.sum()))
    return np.asarray(seeds.background * weight, np.float32)


def _border_start(seeds: Seeds, share: Field) -> Field:
    late = _BORDER + _BORDER_IS_SUBJECT * np.clip(share - 0.04, 0, 1)
    start = np.where(seeds.border, late, FAR).astype(np.float32)
    start[seeds.background] = 0
    return start


def _shut_off(scene: Scene, seeds: Seeds, border: Field) -> Field:
    distance = geodesic(border, 0.0008 + 5 * scene.edges)
    enough = 1.45 * _least_of_parts(distance, seeds.subject) + 1e-3
    return np.asarray(np.clip(distance / enough, 0, 1) ** 3, np.float32)


def _least_of_parts(values: Field, parts: Mask) -> float:
    count, labels = cv2.connectedComponents(parts.astype(np.uint8))
    medians = [float(np.median(values[labels == part])) for part in range(1, count)]
    return min(medians, default=0.0)
