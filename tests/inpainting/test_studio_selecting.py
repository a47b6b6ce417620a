"""Selecting through the Studio: one embedding a photo, and all that rests on it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from inpainting.errors import BadRequest, NothingSelected
from inpainting.studio import Studio
from inpainting.types import (
    Candidates,
    Embedding,
    PaintRequest,
    Point,
    Prompts,
    Rgb,
)
from tests.inpainting.test_studio import photo_of, png, studio_of
from tests.support.fakes import FakePainter, FakeSegmenter


def test_the_encoder_runs_once_a_photo_however_many_clicks() -> None:
    segmenter = FakeSegmenter()
    studio = studio_of(segmenter=segmenter)
    data = png(60, 50)
    photo = studio.open(data)
    again = studio.open(data)
    for x in range(5):
        studio.select(photo, Prompts((Point(x, 3),)))
        studio.select(again, Prompts((Point(x, 3),)))
    assert segmenter.embedded == 1
    studio.select(studio.open(png(60, 50, seed=1)), Prompts((Point(1, 1),)))
    assert segmenter.embedded == 2


class CountedClicks(FakeSegmenter):
    """Counts what is decoded."""

    decoded = 0

    def candidates(self, *asked: Any) -> Candidates:
        self.decoded += 1
        return super().candidates(*asked)


def test_the_decoder_runs_once_a_click_in_however_many_tabs() -> None:
    segmenter = CountedClicks()
    studio = studio_of(segmenter=segmenter)
    tabs = [studio.open(png(60, 50)) for _ in range(3)]
    for number, photo in enumerate(tabs * 2, 1):
        studio.select(photo, Prompts((Point(number, 3),)))
        assert (segmenter.embedded, segmenter.decoded) == (1, number)


def test_a_click_gives_masks_of_the_photos_size() -> None:
    studio = studio_of()
    photo = studio.open(png(61, 47))
    found = studio.select(photo, Prompts((Point(30, 20),)))
    assert isinstance(found, Candidates)
    assert all(mask.shape == (47, 61) and mask.dtype == np.bool_ for mask in found.masks)


@pytest.mark.parametrize("prompts", [Prompts(), Prompts((Point(1, 1, include=False),))])
def test_nothing_to_select_is_a_sentence(prompts: Prompts) -> None:
    studio = studio_of()
    with pytest.raises(NothingSelected, match="Click the subject"):
        studio.select(studio.open(png(60, 50)), prompts)


def test_points_off_the_photo_are_refused() -> None:
    studio = studio_of()
    with pytest.raises(BadRequest, match="x of a point"):
        studio.select(studio.open(png(60, 50)), Prompts((Point(60, 0),)))


class PlainSegmenter:
    """What the port asks for and no more."""

    def __init__(self) -> None:
        self._discs = FakeSegmenter("plain")
        self.info = self._discs.info
        self.embed = self._discs.embed
        self.candidates = self._discs.candidates


def test_a_segmenter_that_can_proposes_and_segments_on_the_one_embedding() -> None:
    segmenter = FakeSegmenter()
    studio = studio_of(segmenter=segmenter)
    photo = studio.open(png(61, 47))
    assert (studio.can_propose, studio.can_segment) == (True, True)
    proposed, segments = studio.propose(photo), studio.segments(photo)
    assert all(mask.shape == (47, 61) and mask.any() for mask in proposed.masks)
    assert np.array_equal(sum(mask.astype(int) for mask in segments.masks), np.ones((47, 61)))
    assert segmenter.embedded == 1


def test_a_segmenter_that_cannot_is_told_of_and_can_be_replaced() -> None:
    studio = studio_of(segmenter=PlainSegmenter())
    photo = studio.open(png(60, 50))
    assert (studio.can_propose, studio.can_segment) == (False, False)
    with pytest.raises(BadRequest, match="click the subject"):
        studio.propose(photo)
    with pytest.raises(BadRequest, match="click the subject"):
        studio.segments(photo)
    studio.use(segmenter=FakeSegmenter())
    assert (studio.can_propose, studio.can_segment) == (True, True)
    assert studio.propose(photo).masks


class TimedSegmenter(FakeSegmenter):
    """Takes on a clock of its own an hour to embed, and `seconds` for a click."""

    def __init__(self, *seconds: float) -> None:
        super().__init__()
        self.now = 0.0
        self.seconds = list(seconds)

    def embed(self, rgb: Rgb) -> Embedding:
        self.now += 3600
        return super().embed(rgb)

    def candidates(self, *asked: Any) -> Candidates:
        self.now += self.seconds.pop(0)
        return super().candidates(*asked)


def test_quick_is_the_median_of_the_last_five_clicks_without_the_embedding() -> None:
    segmenter = TimedSegmenter(0.04, 0.3, 0.04, 0.07, 0.06, 0.07, 0.01, 0.01, 0.01)
    studio = Studio(segmenter, FakePainter(), clock=lambda: segmenter.now)
    photo = studio.open(png(60, 50))
    assert not studio.quick, "nothing is known yet"
    seen = []
    for _ in range(9):
        studio.select(photo, Prompts((Point(1, 1),)))
        seen.append(studio.quick)
    assert seen == [True, False, True, False, False, False, False, False, True]
    studio.use(segmenter=FakeSegmenter())
    assert not studio.quick, "the new segmenter's pace is not known"


def test_clicks_during_a_repaint_tell_nothing_of_the_segmenter() -> None:
    segmenter = TimedSegmenter(0.01, 0.3, 0.3, 0.3)
    studio = Studio(segmenter, FakePainter(), clock=lambda: segmenter.now)
    photo = studio.open(png(60, 50))
    click = Prompts((Point(1, 1),))
    mask = studio.select(photo, click).masks[0]
    events = studio.paint(PaintRequest(photo, mask, seed=1))
    next(events)
    for _ in range(2):
        studio.select(photo, click)
    assert studio.quick
    events.close()
    studio.select(photo, click)
    assert not studio.quick


class Reader(FakeSegmenter):
    """Finds dogs: a disc in the middle."""

    def find(self, embedding: Embedding, text: str) -> Candidates:
        if text != "the dog":
            raise NothingSelected(f"There is no {text} in this photo.")
        return self.propose(embedding)


def test_a_segmenter_that_reads_finds_by_name_on_the_one_embedding() -> None:
    segmenter = Reader()
    studio = studio_of(segmenter=segmenter)
    photo = studio.open(png(60, 50))
    assert studio.can_find
    assert studio.find(photo, " the dog ").masks[0].shape == (50, 60)
    assert segmenter.embedded == 1
    with pytest.raises(NothingSelected, match="no cat"):
        studio.find(photo, "cat")
    with pytest.raises(BadRequest, match="such as: the dog"):
        studio.find(photo, "")


def test_a_segmenter_that_does_not_read_says_so() -> None:
    studio = studio_of()
    assert not studio.can_find
    with pytest.raises(BadRequest, match="does not read"):
        studio.find(photo_of(20, 20), "the dog")


class Counting(FakePainter):
    """Counts words."""

    def tokens(self, prompt: str) -> tuple[int, int]:
        return len(prompt.split()), 75


def test_tokens_are_counted_by_a_painter_that_can() -> None:
    assert studio_of(Counting()).tokens("a red sea") == (3, 75)
    assert studio_of().tokens("a red sea") is None
