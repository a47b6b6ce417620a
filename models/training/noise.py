"""Smooth random fields from which skies, slopes and surfaces are made."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Field = npt.NDArray[np.float32]


def smooth_noise(
    height: int, width: int, cell: tuple[float, float], rng: np.random.Generator
) -> Field:
    """Smooth noise HxW float32, mean about 0, spread about 1.

    cell: typical size (vertical, horizontal) of a lump, in pixels, at least 1.
    """
    rows = max(2, round(height / max(1.0, cell[0])) + 1)
    columns = max(2, round(width / max(1.0, cell[1])) + 1)
    grid = rng.standard_normal((rows, columns), dtype=np.float32)
    return np.asarray(cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)


def cloud_noise(
    height: int, width: int, cell: tuple[float, float], rng: np.random.Generator
) -> Field:
    """Three octaves of smooth noise, HxW float32 in 0..1."""
    total = np.zeros((height, width), np.float32)
    for octave in range(3):
        size = (cell[0] / 2**octave, cell[1] / 2**octave)
        total += smooth_noise(height, width, size, rng) / 2**octave
    low, high = float(total.min()), float(total.max())
    return np.asarray((total - low) / max(high - low, 1e-6), np.float32)


def ridge_line(width: int, cell: float, rng: np.random.Generator) -> Field:
    """A hill profile: W float32, about -1..1, with lumps of about `cell` pixels and finer ones."""
    line = smooth_noise(2, width, (2.0, cell), rng)[0]
    line = line + 0.35 * smooth_noise(2, width, (2.0, cell / 3), rng)[0]
    return np.asarray(line / max(float(np.abs(line).max()), 1e-6), np.float32)


def jagged_line(width: int, cell: float, rng: np.random.Generator) -> Field:
    """A mountain profile: W float32 in 0..1 (1 is a peak), straight slopes between knots."""
    count = max(3, round(width / cell) + 1)
    knots = np.where(np.arange(count) % 2 == int(rng.integers(2)), 1.0, 0.0)
    knots = knots * rng.uniform(0.55, 1.0, count) + (1 - knots) * rng.uniform(0.0, 0.35, count)
    at = np.linspace(0, width, count) + rng.uniform(-0.25, 0.25, count) * cell
    line = np.interp(np.arange(width), at, knots)
    rough = 0.05 * smooth_noise(2, width, (2.0, cell / 6), rng)[0]
    return np.asarray(np.clip(line + rough, 0, 1), np.float32)
