"""A picture as a few hundred patches of one colour each, and the graph of who touches whom."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inpainting.types import Rgb
from models.geodesic import Field

Labels = NDArray[np.intp]

_ROUNDS = 6
_COMPACTNESS = 14.0


@dataclass(frozen=True, slots=True, eq=False)
class Patches:
    """N patches: `labels` HxW, 0 to N - 1; `colour` Nx3, mean 8-bit Lab; `place` Nx2, mean x and y
    in parts of the longer side; `area` N, in pixels; `touching` NxN bool; `rim` N bool, those that
    lie at the picture's border."""

    labels: Labels
    colour: Field
    place: Field
    area: Field
    touching: NDArray[np.bool_]
    rim: NDArray[np.bool_]


def patches_of(lab: Rgb, count: int = 250) -> Patches:
    """Cut a picture (HxWx3, 8-bit Lab) into about `count` patches, the same on every run.

    Clusters of colour and place, each pixel choosing among the nine nearest (Achanta et al. 2012,
    "SLIC superpixels"); patches need not be connected.
    """
    height, width = lab.shape[:2]
    step = max(1.0, (height * width / count) ** 0.5)
    rows, columns = max(1, round(height / step)), max(1, round(width / step))
    y, x = np.mgrid[:height, :width].astype(np.float32)
    weight = np.float32(_COMPACTNESS / step)
    features = np.dstack([lab.astype(np.float32), x * weight, y * weight]).reshape(-1, 5)
    row = (np.arange(height) * rows // height)[:, None]
    column = (np.arange(width) * columns // width)[None, :]
    nearest = _neighbours(row, column, (rows, columns))
    labels = np.ravel(row * columns + column)
    for _ in range(_ROUNDS):
        labels = _closest(features, _means(features, labels, rows * columns), nearest)
    _, labels = np.unique(labels, return_inverse=True)
    return _described(lab, labels.reshape(height, width))


def _neighbours(row: Labels, column: Labels, grid: tuple[int, int]) -> list[Labels]:
    """Return for each of nine offsets the index of that neighbour of each pixel's own cell."""
    steps = (-1, 0, 1)
    return [
        np.ravel(
            np.clip(row + down, 0, grid[0] - 1) * grid[1] + np.clip(column + across, 0, grid[1] - 1)
        )
        for down in steps
        for across in steps
    ]


def _means(features: Field, labels: Labels, count: int) -> Field:
    sizes = np.maximum(np.bincount(labels, minlength=count), 1)
    sums = [np.bincount(labels, feature, count) for feature in features.T]
    return np.asarray(np.stack(sums, axis=1) / sizes[:, None], np.float32)


def _closest(features: Field, centres: Field, nearest: list[Labels]) -> Labels:
    best = np.full(len(features), np.inf, np.float32)
    labels = np.zeros(len(features), np.intp)
    for index in nearest:
        difference = features - centres[index]
        distance = np.einsum("ij,ij->i", difference, difference)
        closer = distance < best
        best[closer], labels[closer] = distance[closer], index[closer]
    return labels


def _described(lab: Rgb, labels: Labels) -> Patches:
    count = int(labels.max()) + 1
    height, width = labels.shape
    flat = np.ravel(labels)
    y, x = np.mgrid[:height, :width].astype(np.float32) / max(height, width)
    place = _means(np.stack([np.ravel(x), np.ravel(y)], axis=1), flat, count)
    colour = _means(lab.reshape(-1, 3).astype(np.float32), flat, count)
    rim = np.zeros(count, bool)
    for side in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        rim[side] = True
    area = np.bincount(flat, minlength=count).astype(np.float32)
    return Patches(labels, colour, place, area, _touching(labels, count), rim)


def _touching(labels: Labels, count: int) -> NDArray[np.bool_]:
    touching = np.zeros((count, count), bool)
    touching[labels[:, :-1], labels[:, 1:]] = True
    touching[labels[:-1], labels[1:]] = True
    touching |= touching.T
    np.fill_diagonal(touching, False)
    return touching
