"""Repaints as the page has them done, on a desk with a photo and a painter that is made up."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from inpainting.photo import open_photo
from inpainting.studio import Studio
from inpainting.types import Edges, Rgb
from inpainting.web import editing
from inpainting.web.desk import Desk
from inpainting.web.finished import Sheet
from inpainting.web.form import Form
from inpainting.web.painting import Shown, paint
from inpainting.web.selecting import settle
from tests.support.fakes import FakePainter, FakeSegmenter
from tests.support.photos import photo


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of the page go where the test can see them."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "cache"))


@pytest.fixture
def painter() -> FakePainter:
    """One that fills holes with a colour."""
    return FakePainter()


@pytest.fixture
def studio(painter: FakePainter) -> Studio:
    """A studio on it."""
    return Studio(FakeSegmenter(), painter)


def opened() -> Desk:
    """A desk with a photo, and edges that leave a mask as it is."""
    desk, opened = Desk(), photo(256, 200)
    desk.open(opened)
    sheet = Sheet(opened.digest, opened.size, opened.name, "x.jpg")
    desk.change(partial(editing.load, sheet=sheet))
    desk.change(partial(editing.set_edges, edges=Edges()))
    return desk


def selected(studio: Studio) -> Desk:
    """The same with a click that is answered."""
    desk = opened()
    desk.change(partial(editing.click, x=100, y=90))
    settle(studio, desk)
    return desk


def items(shown: Shown) -> list[dict[str, Any]]:
    """The results that the page is shown."""
    assert shown.results is not None
    found: list[dict[str, Any]] = shown.results["items"]
    return found


def seeds(shown: Shown) -> list[int]:
    """Their seeds."""
    return [item["seed"] for item in items(shown)]


def pixels(desk: Desk, number: int) -> Rgb:
    """What is in the file of a result."""
    result = desk.session.result(number)
    assert result is not None
    return open_photo(Path(result.sheet.path)).pixels


def run(studio: Studio, desk: Desk, form: Form) -> list[Shown]:
    """All that the page is shown of a repaint."""
    return list(paint(studio, desk, form, desk.begin()))
