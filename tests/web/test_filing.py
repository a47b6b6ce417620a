from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from inpainting.studio import Studio
from inpainting.types import PaintRequest, PaintResult, Region
from inpainting.web.filing import MOST_WAITING, Filing
from inpainting.web.finished import Finished, Sheet
from tests.support.fakes import FakePainter, FakeSegmenter
from tests.support.photos import photo

SHEET = Sheet("0" * 64, (64, 48), "photo", "x.jpg")


def filed(result: PaintResult) -> Finished:
    return Finished(0, SHEET, "", "", "", result.seed, 0.0)


def seeds(items: Iterator[Finished]) -> list[int]:
    return [item.seed for item in items]


@pytest.fixture(scope="module")
def results() -> list[PaintResult]:
    mask = np.zeros((48, 64), np.bool_)
    mask[8:20, 8:20] = True
    request = PaintRequest(photo(64, 48), mask, Region.SUBJECT, "sea", seed=1, variations=4)
    studio = Studio(FakeSegmenter(), FakePainter())
    return [event for event in studio.paint(request) if isinstance(event, PaintResult)]


def test_all_are_filed_in_their_order(results: list[PaintResult]) -> None:
    with Filing(filed) as filing:
        for result in results:
            filing.add(result)
        assert seeds(filing.ready(0)) == [1, 2, 3, 4]
        assert seeds(filing.ready(0)) == []


def test_nobody_waits_for_few(results: list[PaintResult]) -> None:
    go = threading.Event()

    def file(result: PaintResult) -> Finished:
        assert go.wait(60)
        return filed(result)

    with Filing(file) as filing:
        for result in results[:MOST_WAITING]:
            filing.add(result)
            assert seeds(filing.ready()) == []
        go.set()
        assert seeds(filing.ready(0)) == [1, 2]


def test_no_more_are_held_than_that(results: list[PaintResult]) -> None:
    with Filing(filed) as filing:
        for result in results:
            filing.add(result)
        assert len(seeds(filing.ready())) >= len(results) - MOST_WAITING


def test_one_that_fails_costs_none_of_the_others(results: list[PaintResult]) -> None:
    def file(result: PaintResult) -> Finished:
        if result.seed == 2:
            raise OSError("no space left")
        return filed(result)

    with Filing(file) as filing:
        for result in results:
            filing.add(result)
        assert next(filing.ready(0)).seed == 1
        with pytest.raises(OSError, match="no space"):
            next(filing.ready(0))
        assert seeds(filing.ready(0)) == [3, 4]


def test_the_rest_is_all_that_could_be_filed(
    results: list[PaintResult], caplog: pytest.LogCaptureFixture
) -> None:
    def file(result: PaintResult) -> Finished:
        if result.seed < 3:
            raise OSError("no space left")
        return filed(result)

    with Filing(file) as filing:
        for result in results:
            filing.add(result)
        assert seeds(filing.rest()) == [3, 4]
        assert seeds(filing.rest()) == []
    assert caplog.text.count("OSError: no space left") == 2


def test_the_block_ends_when_all_is_written(results: list[PaintResult]) -> None:
    done: list[int] = []

    def file(result: PaintResult) -> Finished:
        done.append(result.seed)
        return filed(result)

    with Filing(file) as filing:
        for result in results:
            filing.add(result)
    assert done == [1, 2, 3, 4]
