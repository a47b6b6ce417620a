from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from inpainting.types import Mask
from models.parts import large_parts, tidy

masks = arrays(np.bool_, st.tuples(st.integers(1, 12), st.integers(1, 12)))


def _drawn(*rows: str) -> Mask:
    return np.array([[letter == "#" for letter in row] for row in rows])


def test_crumbs_go_pinholes_close_and_bays_stay() -> None:
    mask = _drawn("####..#", "#.##...", "####..#", "##.#..#", "##.#..#")
    assert np.array_equal(
        tidy(mask, 0.15, 0.2), _drawn("####...", "####...", "####..#", "##.#..#", "##.#..#")
    )


def test_parts_are_kept_by_their_share_of_the_largest() -> None:
    mask = _drawn("##.#.", "##...", "....#", "...#.")
    assert np.array_equal(large_parts(mask, 0.5), _drawn("##...", "##...", "....#", "...#."))
    assert np.array_equal(large_parts(mask, 0.25), mask)


@given(masks, st.floats(0, 1), st.floats(0, 1))
def test_something_of_a_mask_is_always_left(mask: Mask, part: float, gap: float) -> None:
    large = large_parts(mask, part)
    assert large.any() == mask.any()
    assert not (large & ~mask).any()
    tidied = tidy(mask, part, gap)
    assert not (large & ~tidied).any()
    assert np.array_equal(tidy(mask, 0, 0), mask)
