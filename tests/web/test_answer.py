from __future__ import annotations

import json

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from inpainting.types import Candidates, Mask
from inpainting.web.answer import Composed, nothing, pack, pack_one
from inpainting.web.finished import Sheet
from inpainting.web.session import Part, Session, Step
from inpainting.web.views import view


def disc(radius: int) -> Mask:
    y, x = np.ogrid[:3000, :4000]
    inside: Mask = (x - 2000) ** 2 + (y - 1500) ** 2 < radius**2
    return inside


@given(hnp.arrays(np.bool_, st.tuples(st.integers(1, 30), st.integers(1, 30))))
def test_masks_come_back_bit_for_bit(mask: Mask) -> None:
    assert np.array_equal(pack_one(mask).mask(0), mask)


def test_an_answer_keeps_hints_for_the_next_click_alone() -> None:
    mask = np.eye(8, dtype=np.bool_)
    hints = (np.full((4, 4), 5, np.float32),)
    answer = pack(Candidates((mask,), (0.5,), hints), "model")
    hint = answer.hint(0)
    assert hint is not None
    assert (hint.model, hint.logits[0, 0]) == ("model", 5)
    assert answer.hint(1) is None
    assert answer.without_hints().hint(0) is None
    assert answer.without_hints() == answer


def test_a_mask_that_was_offered_twice_is_offered_once() -> None:
    one, other = np.eye(8, dtype=np.bool_), ~np.eye(8, dtype=np.bool_)
    hints = tuple(np.full((4, 4), n, np.float32) for n in range(3))
    answer = pack(Candidates((one, one.copy(), other), (0.9, 0.8, 0.7), hints), "model")
    assert (len(answer.masks), len(answer.thumbs), answer.scores) == (2, 2, (0.9, 0.7))
    assert np.array_equal(answer.mask(1), other)
    hint = answer.hint(1)
    assert hint is not None
    assert hint.logits[0, 0] == 2


def test_nothing_is_selected_in_nothing() -> None:
    assert nothing((5, 7)).mask.size == (5, 7)
    assert nothing((5, 7)).area == 0


def test_the_answer_for_a_photo_of_twelve_megapixels_takes_less_than_thirty_kilobytes() -> None:
    answer = pack(Candidates((disc(1000), disc(700), disc(1300)), (0.9, 0.8, 0.7)))
    composed = Composed(answer.masks[0], answer.masks[0], 25, 3_000_000)
    step = Step(
        Sheet("a" * 64, (4000, 3000), "photo", "x.jpg"),
        (Part(answer=answer),),
        composed=composed,
    )
    assert len(json.dumps(view(Session(step)))) < 30_000
