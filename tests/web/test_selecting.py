from __future__ import annotations

from functools import partial
from threading import Barrier, Event, Thread

import numpy as np
import pytest
from numpy.typing import NDArray

from inpainting.errors import ModelUnavailable
from inpainting.studio import Studio
from inpainting.types import Candidates, Embedding, Prompts
from inpainting.web import session as s
from inpainting.web.desk import Desk
from inpainting.web.selecting import UNEXPECTED, settle
from tests.support.fakes import FakePainter, FakeSegmenter
from tests.support.photos import fake_studio, photo


def loaded(seed: int = 0) -> Desk:
    desk = Desk()
    desk.change(partial(s.load, photo=photo(seed=seed), display="x.jpg"))
    return desk


def test_a_click_is_answered_with_a_mask_round_it() -> None:
    desk = loaded()
    desk.change(partial(s.click, x=20, y=24))
    mask = settle(fake_studio(), desk).mask
    assert mask is not None
    assert mask[24, 20]
    assert not mask[0, 63]


def test_nothing_is_asked_without_photo_or_prompts_or_twice() -> None:
    segmenter = FakeSegmenter()
    studio = Studio(segmenter, FakePainter())
    settle(studio, Desk())
    desk = loaded()
    settle(studio, desk)
    assert segmenter.asked == []
    desk.change(partial(s.click, x=1, y=1))
    settle(studio, desk)
    settle(studio, desk)
    assert len(segmenter.asked) == 1


def test_exclude_alone_is_refused_with_a_sentence_and_taken_back() -> None:
    desk = loaded()
    desk.change(partial(s.exclude, x=1, y=1))
    session = settle(fake_studio(), desk)
    assert "first" in session.message
    assert not session.now.prompts


def test_undo_asks_nobody() -> None:
    segmenter = FakeSegmenter()
    studio, desk = Studio(segmenter, FakePainter()), loaded()
    for x in (5, 30):
        desk.change(partial(s.click, x=x, y=20))
        settle(studio, desk)
    desk.change(s.undo)
    session = settle(studio, desk)
    assert len(segmenter.asked) == 2
    mask = session.mask
    assert mask is not None
    assert mask[20, 5]
    assert not mask[20, 30]


def test_a_hint_goes_to_the_segmenter_that_gave_it_and_to_no_other() -> None:
    first, second = FakeSegmenter("one"), FakeSegmenter("two")
    studio, desk = Studio(first, FakePainter()), loaded()
    for x in (5, 9):
        desk.change(partial(s.click, x=x, y=20))
        settle(studio, desk)
    assert [hint is None for _, hint in first.asked] == [True, False]
    desk.change(partial(s.click, x=12, y=20))
    studio.use(segmenter=second)
    settle(studio, desk)
    assert [hint is None for _, hint in second.asked] == [True]


class Slow(FakeSegmenter):
    """Lets its first answer wait until it is told to go on."""

    def __init__(self) -> None:
        super().__init__()
        self.busy, self.go_on = Event(), Event()

    def candidates(
        self, embedding: Embedding, prompts: Prompts, hint: NDArray[np.float32] | None = None
    ) -> Candidates:
        """Wait, then answer."""
        self.busy.set()
        assert self.go_on.wait(30)
        return super().candidates(embedding, prompts, hint)


def test_of_many_clicks_one_waits_and_answers_them_all() -> None:
    segmenter = Slow()
    studio, desk = Studio(segmenter, FakePainter()), loaded()
    desk.change(partial(s.click, x=0, y=20))
    waiter = Thread(target=settle, args=(studio, desk))
    waiter.start()
    assert segmenter.busy.wait(30)
    for x in range(1, 40):
        desk.change(partial(s.click, x=x, y=20))
        assert settle(studio, desk).unanswered
    segmenter.go_on.set()
    waiter.join(30)
    assert not desk.session.unanswered
    assert [len(prompts.points) for prompts, _ in segmenter.asked] == [1, 40]


def test_a_refusal_is_still_told_when_older_clicks_are_answered_after_it() -> None:
    studio, desk = fake_studio(), loaded()
    desk.change(partial(s.click, x=1, y=1))
    desk.change(s.clear)
    desk.change(s.undo)
    desk.change(s.clear)
    desk.change(partial(s.exclude, x=1, y=1))
    session = settle(studio, desk)
    assert "first" in session.message
    assert not session.now.prompts


class Broken(FakeSegmenter):
    """Raises what it is given."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def candidates(self, *_: object) -> Candidates:
        """Raise."""
        raise self.error


@pytest.mark.parametrize(
    ("error", "sentence"),
    [(ModelUnavailable("It is gone."), "It is gone."), (RuntimeError("secret"), UNEXPECTED)],
)
def test_a_segmenter_that_fails_loses_nothing(error: Exception, sentence: str) -> None:
    desk = loaded()
    before = desk.session
    desk.change(partial(s.click, x=1, y=1))
    session = settle(Studio(Broken(error), FakePainter()), desk)
    assert session.message == sentence
    assert session.now.prompts == before.now.prompts
    assert session.photo is before.photo


def test_two_desks_and_many_threads_never_mix() -> None:
    studio = fake_studio()
    desks = [loaded(seed) for seed in range(4)]
    start = Barrier(8)

    def work(desk: Desk, y: int) -> None:
        start.wait()
        for x in range(10):
            desk.change(partial(s.click, x=x, y=y))
            settle(studio, desk)

    threads = [Thread(target=work, args=(desk, n)) for n, desk in enumerate(desks) for _ in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for n, desk in enumerate(desks):
        session = desk.session
        assert len(session.now.prompts.points) == 20
        assert {point.y for point in session.now.prompts.points} == {n}
        assert not session.unanswered


def test_a_copied_desk_is_a_new_one() -> None:
    from copy import deepcopy

    desk = loaded()
    copy = deepcopy(desk)
    assert copy is not desk
    assert copy.session.photo is None


def test_only_the_last_ticket_is_wanted() -> None:
    desk = Desk()
    assert not desk.wants(0)
    first = desk.begin()
    assert desk.wants(first)
    second = desk.begin()
    assert desk.wants(second)
    assert not desk.wants(first)
    desk.stop()
    assert not desk.wants(second)
    assert not desk.wants(0)
