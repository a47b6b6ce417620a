from __future__ import annotations

from heapq import heappop, heappush

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models.geodesic import FAR, Field, geodesic, running_minimum

sides = st.integers(1, 50)
fields = arrays(np.float32, st.tuples(sides, sides), elements=st.floats(-9, 9, width=32))


@given(fields, st.booleans())
def test_a_running_minimum_is_the_least_of_all_rows_so_far(values: Field, upwards: bool) -> None:
    way = slice(None, None, -1 if upwards else 1)
    wanted = np.minimum.accumulate(values[way], axis=0)[way]
    running_minimum(values[way])
    assert np.array_equal(values, wanted)


def _shortest(cost: Field, seed: tuple[int, int]) -> Field:
    """Dijkstra's way, pixel by pixel; entering costs the mean of both pixels."""
    lengths = np.full(cost.shape, np.inf, np.float32)
    waiting = [(0.0, seed)]
    while waiting:
        length, (y, x) = heappop(waiting)
        if length >= lengths[y, x]:
            continue
        lengths[y, x] = length
        for row, column in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
            if 0 <= row < cost.shape[0] and 0 <= column < cost.shape[1]:
                step = float(cost[y, x] + cost[row, column]) / 2
                heappush(waiting, (length + step, (row, column)))
    return lengths


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (17, 33), (32, 16), (40, 21)])
def test_distances_are_those_of_the_cheapest_paths(shape: tuple[int, int]) -> None:
    cost = np.random.default_rng(3).uniform(0.01, 1, shape).astype(np.float32)
    seed = shape[0] // 2, shape[1] // 3
    start = np.full(shape, FAR, np.float32)
    start[seed] = 0
    before = start.copy()
    found = geodesic(start, cost, rounds=30)
    assert found.dtype == np.float32
    assert np.allclose(found, _shortest(cost, seed), atol=0.02)
    assert np.array_equal(start, before)


def test_a_wall_is_walked_round() -> None:
    cost = np.full((20, 30), 0.1, np.float32)
    cost[:15, 14] = 50
    start = np.full(cost.shape, FAR, np.float32)
    start[5, 5] = 0
    found = geodesic(start, cost)
    assert found[5, 13] == pytest.approx(0.8, abs=1e-3)
    assert found[5, 23] == pytest.approx(0.1 * (18 + 20), abs=1e-3)
