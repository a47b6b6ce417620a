"""Variations of a request, and jobs of several users, on a painter that takes several at a time."""

from __future__ import annotations

import threading
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest

from inpainting.errors import BadOutput
from inpainting.photo import encode_result, make_photo
from inpainting.studio import Studio
from inpainting.types import (
    Mask,
    Painted,
    PaintRequest,
    PaintResult,
    PaintSettings,
    Photo,
    Progress,
    Region,
    Rgb,
    Tool,
    Work,
)
from tests.support.fakes import FakePainter, FakeSegmenter, colour_of

PHOTO: Photo = make_photo(
    np.random.default_rng(3).integers(0, 256, (300, 400, 3), np.uint8), None, None, "photo"
)
MASK: Mask = np.zeros((300, 400), np.bool_)
MASK[40:80, 40:80] = MASK[220:260, 320:360] = True


class FakeBatcher(FakePainter):
    """Paints up to `batch` works together, a step of each in turn; notes how many at a time."""

    def __init__(self, batch: int) -> None:
        super().__init__()
        self.info = replace(self.info, batch=batch)
        self.groups: list[int] = []

    def paint_together(
        self, works: Sequence[Work]
    ) -> Generator[tuple[int, Progress | Painted], None, None]:
        """Yield the events of all works in turn."""
        self.groups.append(len(works))
        jobs = [self.paint(work.rgb, work.hole, work.settings) for work in works]
        try:
            for events in zip(*jobs, strict=True):
                yield from enumerate(events)
        finally:
            for job in jobs:
                job.close()


def asked(variations: int, **changes: object) -> PaintRequest:
    base = PaintRequest(PHOTO, MASK, Region.SUBJECT, "sea", seed=3, variations=variations)
    return replace(base, **changes)  # type: ignore[arg-type]


def results(studio: Studio, request: PaintRequest) -> list[PaintResult]:
    return [event for event in studio.paint(request) if isinstance(event, PaintResult)]


@pytest.mark.parametrize("batch", [2, 3, 8])
@pytest.mark.parametrize("separate", [False, True])
def test_variations_painted_together_are_those_painted_one_by_one(
    batch: int, separate: bool
) -> None:
    request = asked(5, separate=separate, film=True)
    alone = results(Studio(FakeSegmenter(), FakePainter()), request)
    painter = FakeBatcher(batch)
    made = results(Studio(FakeSegmenter(), painter), request)
    assert [one.seed for one in made] == [3, 4, 5, 6, 7]
    assert [encode_result(one) for one in made] == [encode_result(one) for one in alone]
    assert [len(one.film) for one in made] == [len(one.film) for one in alone]
    whole, rest = divmod(5, batch)
    groups = [batch] * whole + [rest] * (rest > 1)
    frames = 2 if separate else 1
    assert painter.groups == [size for size in groups for _ in range(frames)]


def test_the_steps_of_a_group_are_told_once_and_shown() -> None:
    painter = FakeBatcher(3)
    events = list(Studio(FakeSegmenter(), painter).paint(asked(3)))
    steps = [event.step for event in events if isinstance(event, Progress)]
    assert steps == [1, 2, 3, 4]
    shown = [event.preview for event in events if isinstance(event, Progress)]
    assert all(preview is not None for preview in shown)
    (first,) = [e.photo for e in events if isinstance(e, PaintResult)][:1]
    assert np.array_equal(first.pixels[60, 60], colour_of(painter.settings[0]))


def test_stop_ends_the_whole_group() -> None:
    painter = FakeBatcher(3)
    studio = Studio(FakeSegmenter(), painter)
    with closing(studio.paint(asked(3, steps=50))) as events:
        next(events)
    assert painter.closed == 3
    assert len(results(studio, asked(3))) == 3


def test_as_many_jobs_as_the_painter_takes_are_under_way_at_a_time() -> None:
    inside, most = threading.Barrier(2), []
    lock, now = threading.Lock(), [0]

    def step(_: int) -> None:
        with lock:
            now[0] += 1
            most.append(now[0])
        inside.wait(20)
        with lock:
            now[0] -= 1
        inside.wait(20)

    painter = FakePainter(step)
    painter.info = replace(painter.info, batch=2)
    studio = Studio(FakeSegmenter(), painter)
    threads = [threading.Thread(target=results, args=(studio, asked(1))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert max(most) == 2


class Restarting(FakePainter):
    """Makes two steps, and begins anew, as where memory ends."""

    def paint(
        self, rgb: Rgb, hole: Mask, settings: PaintSettings
    ) -> Generator[Progress | Painted, None, None]:
        """Yield two steps of a first try, then those of a second."""
        for step in (1, 2):
            yield Progress(step, settings.steps, np.zeros_like(rgb))
        yield Progress(0, settings.steps, note="Once more.")
        yield from super().paint(rgb, hole, settings)


@pytest.mark.parametrize("separate", [False, True])
def test_a_film_shows_each_step_once_also_where_the_painter_began_anew(separate: bool) -> None:
    (made,) = results(Studio(FakeSegmenter(), Restarting()), asked(1, film=True, separate=separate))
    (plain,) = results(
        Studio(FakeSegmenter(), FakePainter()), asked(1, film=True, separate=separate)
    )
    assert len(made.film) == (8 if separate else 4)
    assert np.array_equal(np.stack(made.film), np.stack(plain.film))


class Failing(FakeBatcher):
    """Paints together all but the pictures of one seed, and then raises."""

    seed = 4

    def paint_together(
        self, works: Sequence[Work]
    ) -> Generator[tuple[int, Progress | Painted], None, None]:
        """Yield the events of the others, with their own numbers."""
        good = [number for number, work in enumerate(works) if work.settings.seed != self.seed]
        for number, event in super().paint_together([works[number] for number in good]):
            yield good[number], event
        if len(good) < len(works):
            raise BadOutput("The painter gave no picture.")


@pytest.mark.parametrize("separate", [False, True])
def test_one_that_fails_takes_none_of_those_beside_it_along(separate: bool) -> None:
    request = asked(3, separate=separate)
    plain = results(Studio(FakeSegmenter(), FakeBatcher(3)), request)
    made: list[PaintResult] = []
    with pytest.raises(BadOutput):
        for event in Studio(FakeSegmenter(), Failing(3)).paint(request):
            made.extend([event] if isinstance(event, PaintResult) else [])
    assert [one.seed for one in made] == [3, 5]
    assert [encode_result(one) for one in made] == [encode_result(plain[n]) for n in (0, 2)]


def test_fillers_go_one_by_one() -> None:
    filler = FakePainter()
    filler.info = replace(filler.info, tools=(Tool.REMOVE,))
    studio = Studio(FakeSegmenter(), FakeBatcher(3), fillers={"filler": filler})
    assert len(results(studio, asked(3, tool=Tool.REMOVE))) == 3
