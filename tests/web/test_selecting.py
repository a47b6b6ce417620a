from __future__ import annotations

from functools import partial
from threading import Barrier, Event, Thread

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from inpainting.cropped import crop_mask
from inpainting.errors import BadRequest, ModelUnavailable
from inpainting.masks import to_hole
from inpainting.repainting import plan
from inpainting.selection import Layer, combine, refine
from inpainting.studio import Studio
from inpainting.types import Candidates, Combine, Edges, Embedding, Mask, Prompts, Region, Stroke
from inpainting.web import editing as e
from inpainting.web import history as h
from inpainting.web.answer import pack_one
from inpainting.web.composing import Ingredient, compose, rest_after
from inpainting.web.desk import Desk
from inpainting.web.finished import Sheet
from inpainting.web.selecting import UNEXPECTED, settle
from inpainting.web.session import NO_PARTS, Session, Step
from tests.support.fakes import FakePainter, FakeSegmenter
from tests.support.photos import fake_studio, photo

DOT = Stroke(((40.0, 40.0), (50.0, 40.0)), 7.0)


def loaded(seed: int = 0) -> Desk:
    desk, made = Desk(), photo(seed=seed)
    desk.open(made)
    desk.change(partial(e.load, sheet=Sheet(made.digest, made.size, made.name, "x.jpg")))
    return desk


def by_definition(step: Step) -> Mask:
    """The selection of a step with everything done anew."""
    layers = [
        Layer(part.answer.mask(part.chosen) if part.answer else None, part.op, part.strokes)
        for part in step.parts
        if part.shown
    ]
    return refine(combine(layers, (64, 48)), step.edges, step.region)


def mask_of(session: Session) -> Mask:
    mask = session.mask
    assert mask is not None
    return mask


def test_a_click_is_answered_with_a_mask_round_it() -> None:
    desk = loaded()
    desk.change(partial(e.click, x=20, y=24))
    mask = mask_of(settle(fake_studio(), desk))
    assert mask[24, 20]
    assert not mask[0, 63]


def test_nothing_is_asked_without_photo_or_prompts_or_twice() -> None:
    segmenter = FakeSegmenter()
    studio = Studio(segmenter, FakePainter())
    assert settle(studio, Desk()) == Session()
    desk = loaded()
    assert settle(studio, desk).mask is None
    assert not desk.session.unsettled
    assert segmenter.asked == []
    desk.change(partial(e.click, x=1, y=1))
    settle(studio, desk)
    settle(studio, desk)
    assert len(segmenter.asked) == 1


def test_exclude_alone_is_refused_with_a_sentence_and_taken_back() -> None:
    desk = loaded()
    desk.change(partial(e.exclude, x=1, y=1))
    session = settle(fake_studio(), desk)
    assert "first" in session.message
    assert session.now.parts == NO_PARTS
    assert not session.unsettled


def test_undo_and_redo_ask_nobody() -> None:
    segmenter = FakeSegmenter()
    studio, desk = Studio(segmenter, FakePainter()), loaded()
    states = []
    for x in (5, 30):
        desk.change(partial(e.click, x=x, y=20))
        states.append(settle(studio, desk).now)
    assert settle(studio, desk).now == states[1]
    desk.change(h.undo)
    assert settle(studio, desk).now == states[0]
    desk.change(h.redo)
    assert settle(studio, desk).now == states[1]
    assert len(segmenter.asked) == 2


def test_all_parts_that_wait_are_answered_hidden_or_not() -> None:
    desk = loaded()
    desk.change(partial(e.click, x=10, y=20))
    desk.change(partial(e.new_part, op=Combine.SUBTRACT))
    desk.change(partial(e.click, x=14, y=20))
    desk.change(partial(e.show_part, key=1, shown=False))
    session = settle(fake_studio(), desk)
    assert not session.now.unanswered
    assert np.array_equal(mask_of(session), by_definition(session.now))
    desk.change(partial(e.show_part, key=1, shown=True))
    less = settle(fake_studio(), desk)
    assert mask_of(less).sum() < mask_of(session).sum()
    assert not mask_of(less)[20, 14]


def test_a_hint_goes_to_the_segmenter_that_gave_it_and_to_no_other() -> None:
    first, second = FakeSegmenter("one"), FakeSegmenter("two")
    studio, desk = Studio(first, FakePainter()), loaded()
    for x in (5, 9):
        desk.change(partial(e.click, x=x, y=20))
        settle(studio, desk)
    assert [hint is None for _, hint in first.asked] == [True, False]
    desk.change(partial(e.click, x=12, y=20))
    studio.use(segmenter=second)
    settle(studio, desk)
    assert [hint is None for _, hint in second.asked] == [True]


# ---- composing


places = st.tuples(st.integers(0, 63), st.integers(0, 47))
lines = st.lists(st.tuples(st.floats(-5, 70), st.floats(-5, 50)), min_size=1, max_size=3)
dots = st.builds(Stroke, lines.map(tuple), st.floats(1, 20), st.booleans())
actions = st.one_of(
    places.map(lambda at: partial(e.click, x=at[0], y=at[1])),
    dots.map(lambda drawn: partial(e.stroke, drawn=drawn)),
    st.sampled_from(Combine).map(lambda op: partial(e.new_part, op=op)),
    st.integers(0, 2).map(lambda key: partial(e.pick_part, key=key)),
    st.tuples(st.integers(0, 2), st.booleans()).map(
        lambda it: partial(e.show_part, key=it[0], shown=it[1])
    ),
    st.integers(0, 2).map(lambda key: partial(e.delete_part, key=key)),
    st.tuples(st.integers(0, 2), st.sampled_from(Combine)).map(
        lambda it: partial(e.set_op, key=it[0], op=it[1])
    ),
    st.integers(0, 2).map(lambda n: partial(e.choose, index=n)),
    st.integers(-3, 3).map(lambda n: partial(e.set_edges, edges=Edges(grow=n, smooth=1))),
    st.sampled_from(Region).map(lambda region: partial(e.set_region, region=region)),
    st.sampled_from([h.undo, h.redo]),
)


@settings(max_examples=60)
@given(st.lists(st.tuples(actions, st.booleans()), max_size=14))
def test_whatever_was_done_the_mask_is_that_of_its_parts_strokes_and_edges(
    done: list[tuple[partial[Session], bool]],
) -> None:
    desk, studio = loaded(), fake_studio()
    for action, at_once in done:
        try:
            desk.change(action)
        except BadRequest:
            continue
        if at_once:
            settle(studio, desk)
    session = settle(studio, desk)
    wanted = by_definition(session.now)
    composed = session.now.composed
    assert composed is not None
    assert np.array_equal(composed.mask.whole(), wanted)
    assert composed.area == wanted.sum()


def test_a_stroke_goes_on_from_the_former_selection() -> None:
    """The strokes before it are not drawn again: here they would give another picture."""
    studio, desk = fake_studio(), loaded()
    desk.change(partial(e.click, x=10, y=20))
    former = settle(studio, desk)
    marked = np.zeros((48, 64), np.bool_)
    marked[3, 60] = True
    composed = former.now.composed
    assert composed is not None
    past = h.settled(
        former, former.version, type(composed)(crop_mask(marked), crop_mask(marked), 0, 1)
    )
    raw = compose(e.stroke(past, DOT), studio.painter.info).raw
    assert raw.whole()[3, 60]


def test_what_is_left_to_do() -> None:
    one, two = (Ingredient(pack_one(np.eye(8, dtype=np.bool_)).masks[0], op, ()) for op in ADDED)
    drawn = Ingredient(one.mask, one.op, (DOT,))
    assert rest_after((one,), (one,)) == ()
    assert rest_after((one,), (one, two)) == (two,)
    assert rest_after((one,), (drawn, two)) == (Ingredient(None, Combine.ADD, (DOT,)), two)
    for done, wanted in [((), (one,)), ((drawn,), (one,)), ((one, two), (one,)), ((two,), (one,))]:
        assert rest_after(done, wanted) is None


ADDED = (Combine.ADD, Combine.SUBTRACT)


@pytest.mark.parametrize("region", list(Region))
def test_the_feather_is_the_one_that_a_repaint_would_use(region: Region) -> None:
    studio, desk = fake_studio(), loaded()
    desk.change(partial(e.set_region, region=region))
    desk.change(partial(e.click, x=20, y=24))
    session = settle(studio, desk)
    composed = session.now.composed
    assert composed is not None
    hole = to_hole(mask_of(session), region)
    assert composed.feather == plan(hole, studio.painter.info).feather > 0
    desk.change(partial(e.set_edges, edges=Edges(feather=17)))
    composed = settle(studio, desk).now.composed
    assert composed is not None
    assert composed.feather == 17


def test_with_the_whole_photo_selected_there_is_no_feather() -> None:
    studio, desk = fake_studio(), loaded()
    desk.change(partial(e.give, answer=pack_one(np.ones((48, 64), np.bool_))))
    composed = settle(studio, desk).now.composed
    assert composed is not None
    assert (composed.area, composed.feather) == (64 * 48, 0)


# ---- many at once, and errors


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
    desk.change(partial(e.click, x=0, y=20))
    waiter = Thread(target=settle, args=(studio, desk))
    waiter.start()
    assert segmenter.busy.wait(30)
    for x in range(1, 40):
        desk.change(partial(e.click, x=x, y=20))
        assert settle(studio, desk).unsettled
    segmenter.go_on.set()
    waiter.join(30)
    assert not desk.session.unsettled
    assert [len(prompts.points) for prompts, _ in segmenter.asked] == [1, 40]


def test_a_refusal_is_still_told_when_older_clicks_are_answered_after_it() -> None:
    studio, desk = fake_studio(), loaded()
    desk.change(partial(e.click, x=1, y=1))
    desk.change(e.clear)
    desk.change(h.undo)
    desk.change(e.clear)
    desk.change(partial(e.exclude, x=1, y=1))
    session = settle(studio, desk)
    assert "first" in session.message
    assert not session.now.part.prompts


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
    settle(fake_studio(), desk)
    desk.change(partial(e.give, answer=pack_one(np.eye(48, 64, dtype=np.bool_))))
    before = settle(fake_studio(), desk)
    desk.change(partial(e.click, x=1, y=1))
    session = settle(Studio(Broken(error), FakePainter()), desk)
    assert session.message == sentence
    assert session.now == before.now
    assert not desk.selecting.locked()


def test_a_photo_that_has_gone_is_a_sentence() -> None:
    desk = Desk()
    desk.change(partial(e.load, sheet=Sheet("a" * 64, (64, 48), "gone", "x.jpg")))
    desk.change(partial(e.click, x=1, y=1))
    session = settle(fake_studio(), desk)
    assert "open the photo again" in session.message
    assert session.now.parts == NO_PARTS


def test_two_desks_and_many_threads_never_mix() -> None:
    studio = fake_studio()
    desks = [loaded(seed) for seed in range(4)]
    start = Barrier(8)

    def work(desk: Desk, first: int, y: int) -> None:
        start.wait()
        for x in range(first, first + 10):
            desk.change(partial(e.click, x=x, y=y))
            settle(studio, desk)

    threads = [
        Thread(target=work, args=(desk, first, n))
        for n, desk in enumerate(desks)
        for first in (0, 10)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for n, desk in enumerate(desks):
        prompts = desk.session.now.part.prompts
        assert len(prompts.points) == 20
        assert {point.y for point in prompts.points} == {n}
        assert not desk.session.unsettled
