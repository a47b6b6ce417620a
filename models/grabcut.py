"""A segmenter without weights: a field of nearness to the clicks, cut by opencv's GrabCut."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from inpainting.errors import BadRequest
from inpainting.types import Box, Candidates, Embedding, Mask, ModelInfo, Point, Prompts, Rgb, Size
from models.catalog import segmenter_info, segmenter_row
from models.cutting import follow
from models.edge_refine import refine
from models.extents import solid_parts, three_extents
from models.proposals import proposals
from models.subject_field import Scene, Seeds, likeness, scene_of

SIDE = 320
"""Longest side of the picture that clicks are worked out on."""

_MIDDLE_SIDE = 1024

INFO = replace(segmenter_info(segmenter_row("grabcut")), source="opencv", revision=cv2.__version__)
"""The catalogue's row, with the version of the library that does the cutting."""


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """The data of this segmenter's embeddings: the photo at three sizes.

    `rgb` HxWx3 as given, `middle` the same with its longest side at most 1024, `scene` the reduced
    picture with its edges and colours.
    """

    rgb: Rgb
    middle: Rgb
    scene: Scene

    @property
    def nbytes(self) -> int:
        """Memory held."""
        own_middle = 0 if self.middle is self.rgb else self.middle.nbytes
        return self.rgb.nbytes + own_middle + self.scene.nbytes


class GrabCutSegmenter:
    """A `Segmenter` and `Proposer` of colours and edges, the same on every run."""

    @property
    def info(self) -> ModelInfo:
        """What this is, for the page and for recipes."""
        return INFO

    def embed(self, rgb: Rgb) -> Embedding:
        """Reduce an HxWx3 uint8 sRGB photo and find its edges; `data` is a `Prepared`."""
        middle = _reduced(rgb, _MIDDLE_SIDE)
        prepared = Prepared(rgb, middle, scene_of(_reduced(middle, SIDE)))
        return Embedding((rgb.shape[1], rgb.shape[0]), prepared.nbytes, prepared)

    def candidates(
        self,
        embedding: Embedding,
        prompts: Prompts,
        hint: NDArray[np.float32] | None = None,  # noqa: ARG002  every answer starts afresh
    ) -> Candidates:
        """Return three masks of different extent, best first, with scores 0-1 and no hints.

        A score says how well the outline lies on edges. Include points are in every mask, exclude
        points in none; nothing lies off the box but include points. Every part of a mask holds an
        include point, when there is one. Raises BadRequest without an include point or a box, and
        for an embedding of another segmenter.
        """
        prepared = _prepared(embedding)
        if prompts.box is None and not any(point.include for point in prompts.points):
            raise BadRequest("There is nothing to select by; click on the subject or draw a box.")
        scene = prepared.scene
        seeds = _seeds(prompts, prepared)
        extents = three_extents(scene, seeds)
        ranked = sorted(extents, key=lambda extent: -extent.score)
        # One extent may stand in for another.
        unlike = {id(extent): extent for extent in ranked}
        masks = {
            key: _obey(_enlarged(prepared, _cut(scene, extent.mask, seeds)), prompts)
            for key, extent in unlike.items()
        }
        return Candidates(
            tuple(masks[id(extent)] for extent in ranked),
            tuple(extent.score for extent in ranked),
        )

    def propose(self, embedding: Embedding) -> Candidates:
        """Return one to three unlike masks of what stands out, best first, without hints.

        A score, 0-1, says how far a mask looks like a thing; above 0.1 it mostly is one. No mask is
        empty, or the whole photo unless that is a few pixels. Raises BadRequest for an embedding of
        another segmenter.
        """
        prepared = _prepared(embedding)
        found = proposals(prepared.scene)
        masks = tuple(_some(prepared, proposal.mask) for proposal in found)
        return Candidates(masks, tuple(proposal.score for proposal in found))


def _prepared(embedding: Embedding) -> Prepared:
    prepared = embedding.data
    if not isinstance(prepared, Prepared):
        raise BadRequest("This photo was prepared for another segmenter; open it again.")
    return prepared


def _enlarged(prepared: Prepared, mask: Mask) -> Mask:
    return refine(prepared.rgb, prepared.middle, prepared.scene.rgb, mask)


def _some(prepared: Prepared, mask: Mask) -> Mask:
    """Return a mask at full size that is neither empty nor the whole photo, if it can be."""
    full = _enlarged(prepared, mask)
    if full.any() and not full.all():
        return full
    height, width = prepared.rgb.shape[:2]
    return cv2.resize(mask.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST) > 0


def _reduced(rgb: Rgb, side: int) -> Rgb:
    height, width = rgb.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return rgb
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)


def _seeds(prompts: Prompts, prepared: Prepared) -> Seeds:
    scene = prepared.scene
    size = prepared.rgb.shape[1], prepared.rgb.shape[0]
    small = scene.rgb.shape[1], scene.rgb.shape[0]
    reach = max(small) // 160
    chosen = _select(prompts, True)
    alike = likeness(scene, [_colour_at(prepared.rgb, point) for point in chosen])
    included = _dots(chosen, size, small, 0) | (_dots(chosen, size, small, reach) & (alike > 0.3))
    inside = np.ones(small[::-1], bool) if prompts.box is None else _box(prompts.box, size, small)
    if not chosen:
        included, alike = _middle_of(inside), np.ones_like(alike)
    excluded = (_dots(_select(prompts, False), size, small, reach) | ~inside) & ~included
    return Seeds(included, excluded, _rim(inside), alike)


def _colour_at(rgb: Rgb, point: Point) -> Rgb:
    around = rgb[max(0, point.y - 1) : point.y + 2, max(0, point.x - 1) : point.x + 2]
    return np.asarray(np.median(around, axis=(0, 1)), np.uint8)


def _rim(inside: Mask) -> Mask:
    thick = max(2, max(inside.shape) // 80)
    square = np.ones((2 * thick + 1, 2 * thick + 1), np.uint8)
    core = cv2.erode(inside.astype(np.uint8), square, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return np.asarray(inside & (core == 0))


def _select(prompts: Prompts, include: bool) -> list[Point]:
    return [point for point in prompts.points if point.include == include]


def _dots(points: Iterable[Point], size: Size, small: Size, reach: int) -> Mask:
    dots = np.zeros(small[::-1], np.uint8)
    for point in points:
        x, y = point.x * small[0] // size[0], point.y * small[1] // size[1]
        cv2.circle(dots, (x, y), reach, 1, -1)
    return dots > 0


def _box(box: Box, size: Size, small: Size) -> Mask:
    mask = np.zeros(small[::-1], bool)
    x0, y0 = box.x0 * small[0] // size[0], box.y0 * small[1] // size[1]
    x1, y1 = -(-box.x1 * small[0] // size[0]), -(-box.y1 * small[1] // size[1])
    mask[y0:y1, x0:x1] = True
    return mask


def _middle_of(inside: Mask) -> Mask:
    rows, columns = np.nonzero(inside)
    height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
    centre = int(columns.min() + width // 2), int(rows.min() + height // 2)
    dots = np.zeros(inside.shape, np.uint8)
    cv2.ellipse(dots, centre, (int(width // 6), int(height // 6)), 0, 0, 360, 1, -1)
    return dots > 0


def _cut(scene: Scene, mask: Mask, seeds: Seeds) -> Mask:
    """Move the outline of an extent to where GrabCut finds it, within a band."""
    moved = follow(scene.rgb, scene.half, mask, seeds.subject, seeds.background)
    return solid_parts(moved, seeds)


def _obey(mask: Mask, prompts: Prompts) -> Mask:
    """Hold a full-size mask to the prompts exactly."""
    included, excluded = _select(prompts, True), _select(prompts, False)
    obeying = mask if prompts.box is None else mask & _within(prompts.box, mask.shape)
    grey = obeying.astype(np.uint8)
    reach = max(mask.shape) // 320
    for points, value in ((included, 1), (excluded, 0)):
        for point in points:
            cv2.circle(grey, (point.x, point.y), reach, value, -1)
    for point in included:
        grey[point.y, point.x] = 1
    return _parts_with(grey, included) if included else np.asarray(grey > 0)


def _within(box: Box, shape: tuple[int, ...]) -> Mask:
    mask = np.zeros(shape, bool)
    mask[box.y0 : box.y1, box.x0 : box.x1] = True
    return mask


def _parts_with(grey: NDArray[np.uint8], points: Iterable[Point]) -> Mask:
    for point in points:
        if grey[point.y, point.x] == 1:
            cv2.floodFill(grey, None, (point.x, point.y), 2)
    return np.asarray(grey == 2)
