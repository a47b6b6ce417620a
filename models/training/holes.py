"""Random holes: what of a photo is to be repainted in a training example."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Hole = npt.NDArray[np.bool_]


def random_hole(size: tuple[int, int], rng: np.random.Generator) -> Hole:
    """A hole for a picture of `size` (width, height): bool HxW, True = repaint.

    Shares: 53 % the background round a subject, 25 % the subject, 12 % everything,
    10 % one side of a line.
    """
    width, height = size
    chance = rng.random()
    if chance < 0.53:
        return ~_subject(height, width, rng)
    if chance < 0.78:
        return _subject(height, width, rng)
    if chance < 0.90:
        return np.ones((height, width), np.bool_)
    return _half_plane(height, width, rng)


def _subject(height: int, width: int, rng: np.random.Generator) -> Hole:
    canvas = np.zeros((height, width), np.uint8)
    draw = (_person, _blob, _polygon)[int(rng.choice(3, p=(0.4, 0.35, 0.25)))]
    draw(canvas, rng)
    return canvas > 0


def _person(canvas: npt.NDArray[np.uint8], rng: np.random.Generator) -> None:
    height, width = canvas.shape
    span = min(height, width)
    column = width * rng.uniform(0.25, 0.75)
    head = span * rng.uniform(0.08, 0.18)
    top = height * rng.uniform(0.05, 0.4)
    _ellipse(canvas, (column, top + head), (head * rng.uniform(0.75, 1.0), head), 0)
    shoulders = head * rng.uniform(1.6, 2.6)
    body = (height - top - head) * rng.uniform(0.7, 1.1)
    _ellipse(canvas, (column, top + 1.8 * head + body), (shoulders, body), 0)


def _blob(canvas: npt.NDArray[np.uint8], rng: np.random.Generator) -> None:
    height, width = canvas.shape
    centre = rng.uniform(0.3, 0.7, 2)
    for _ in range(int(rng.integers(1, 5))):
        at = np.clip(centre + rng.normal(0, 0.12, 2), 0.05, 0.95)
        radii = (width * rng.uniform(0.08, 0.28), height * rng.uniform(0.08, 0.28))
        _ellipse(canvas, (width * at[0], height * at[1]), radii, rng.uniform(0, 180))


def _polygon(canvas: npt.NDArray[np.uint8], rng: np.random.Generator) -> None:
    height, width = canvas.shape
    corners = int(rng.integers(4, 10))
    angles = np.sort(rng.uniform(0, 2 * np.pi, corners))
    reach = rng.uniform(0.12, 0.45, corners)
    centre = rng.uniform(0.35, 0.65, 2)
    points = np.stack(
        [
            width * (centre[0] + reach * np.cos(angles)),
            height * (centre[1] + reach * np.sin(angles)),
        ],
        axis=1,
    )
    cv2.fillPoly(canvas, [points.round().astype(np.int32)], (1,))


def _half_plane(height: int, width: int, rng: np.random.Generator) -> Hole:
    rows, columns = np.mgrid[0:height, 0:width]
    angle = rng.uniform(0, 2 * np.pi)
    across = (columns / width - 0.5) * np.cos(angle) + (rows / height - 0.5) * np.sin(angle)
    return np.asarray(across < rng.uniform(-0.25, 0.3), np.bool_)


def _ellipse(
    canvas: npt.NDArray[np.uint8],
    centre: tuple[float, float],
    radii: tuple[float, float],
    angle: float,
) -> None:
    middle = (round(centre[0]), round(centre[1]))
    axes = (max(1, round(radii[0])), max(1, round(radii[1])))
    cv2.ellipse(canvas, middle, axes, angle, 0, 360, (1,), thickness=-1)
