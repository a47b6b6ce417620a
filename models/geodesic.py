"""Distances along the cheapest path over a grid of costs, by sweeps that numpy does at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]

FAR = 1e4
"""Stands for a distance that no path has; small enough for float32 to keep the fractions."""

_CLOSE = 1e-2


def geodesic(start: Field, cost: Field, rounds: int = 6) -> Field:
    """Return the length of the cheapest 4-connected path from the start to every pixel.

    `start` HxW: the distance already run at each pixel, 0 at seeds, `FAR` elsewhere. `cost` HxW:
    the price of entering a pixel, above 0. Each round sweeps right, left, down and up; the sweeps
    end early once nothing moves. Along a row the minimum over all paths is a running minimum of
    distance minus summed cost (the raster scan of Toivanen 1996, "New geodesic distance transforms
    for gray-scale images", vectorised).
    """
    across, down = _summed(cost, 1), _summed(cost, 0)
    distance = start
    for _ in range(rounds):
        before = distance
        distance = _sweep(_sweep(distance, across, 1), down, 0)
        if float(np.abs(before - distance).max()) < _CLOSE:
            break
    return distance


def _summed(cost: Field, axis: int) -> Field:
    steps = (cost + np.roll(cost, 1, axis)) / 2
    summed = np.cumsum(steps, axis, dtype=np.float32)
    return np.asarray(summed - np.take(summed, [0], axis), np.float32)


def _sweep(distance: Field, summed: Field, axis: int) -> Field:
    forth = summed + np.minimum.accumulate(distance - summed, axis)
    back = np.flip(np.minimum.accumulate(np.flip(forth + summed, axis), axis), axis) - summed
    return np.asarray(back, np.float32)
