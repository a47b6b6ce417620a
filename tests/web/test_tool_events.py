"""The page's events for tools, prompts, grids and models."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import gradio as gr
import numpy as np
import pytest

from inpainting.errors import NothingSelected
from inpainting.requests import MAX_PROMPT
from inpainting.studio import Studio
from inpainting.types import Candidates, Embedding, Region, Tool
from inpainting.web import editing, history
from inpainting.web.desk import Desk, Desks
from inpainting.web.events import Events
from inpainting.web.finished import Sheet
from inpainting.web.selecting import settle
from inpainting.web.tooling import NOTES
from tests.support.fakes import FakePainter, FakeSegmenter
from tests.support.photos import photo
from tests.support.switching import FakeSwitch

SKIP = gr.skip()


class Reader(FakeSegmenter):
    """A segmenter that finds the dog in the upper half."""

    def find(self, embedding: Embedding, text: str) -> Candidates:
        if "dog" not in text:
            raise NothingSelected(f"Nothing was found for {text}.")
        width, height = embedding.size
        mask = np.zeros((height, width), np.bool_)
        mask[: height // 2] = True
        return Candidates((mask,), (0.9,))


class Counter(FakePainter):
    """A painter that counts words."""

    def tokens(self, prompt: str) -> tuple[int, int]:
        return len(prompt.split()), 3


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "cache"))


@pytest.fixture
def events() -> Events:
    studio = Studio(Reader(), Counter())
    switch = FakeSwitch(studio, {"better": FakePainter(), "gone": None}, ("grain",))
    return Events(studio, (), Desks(), switch)


@pytest.fixture
def desk(events: Events) -> Iterator[Desk]:
    """A desk with a photo and a selection."""
    desk, made = events.desks.new(), photo(256, 200)
    desk.open(made)
    desk.change(partial(editing.load, sheet=Sheet(made.digest, made.size, made.name, "x.jpg")))
    desk.change(partial(editing.click, x=100, y=90))
    settle(events.studio, desk)
    yield desk


def test_a_tool_changes_the_button_and_what_is_tinted(events: Events, desk: Desk) -> None:
    view, given, region, _, button = events.tool(desk, "remove")
    assert (view["region"], region, button["value"].key) == ("subject", "background", "Remove")
    assert view["note"] == NOTES[Tool.REMOVE]
    assert view["mask"] is not None
    assert given is desk
    view, _, region, *_ = events.tool(desk, "restyle")
    assert (view["mask"], region) == (None, "whole")
    assert events.tool(desk, "extend")[0]["mask"] is None
    view, _, region, *_ = events.tool(desk, "repaint")
    assert (view["region"], region, view["note"]) == ("background", "background", "")
    assert view["mask"] is not None


def test_a_tool_that_is_none_is_a_sentence(events: Events, desk: Desk) -> None:
    assert "tools" in events.tool(desk, "fly")[0]["message"]
    assert desk.session.tool is Tool.REPAINT


def test_remove_widens_the_subject_by_its_edges_also_after_undo(events: Events, desk: Desk) -> None:
    events.tool(desk, "remove")
    settle(events.studio, desk)
    removed = desk.session.mask
    desk.change(partial(editing.click, x=20, y=20))
    settle(events.studio, desk)
    events.tool(desk, "repaint")
    desk.change(history.undo)
    repainted = settle(events.studio, desk).mask
    assert removed is not None
    assert repainted is not None
    # What is worked on grows: the subject for the one, the background for the other.
    assert removed.sum() > repainted.sum()


def test_the_whole_photo_is_a_side_of_the_switch_that_undo_knows(
    events: Events, desk: Desk
) -> None:
    events.tool(desk, "restyle")
    assert events.region(desk, "subject")[0]["mask"] is not None
    assert (desk.session.choice, desk.session.now.region) == ("subject", Region.SUBJECT)
    events.region(desk, "whole")
    assert desk.session.choice == "whole"
    assert desk.change(history.undo).choice == "subject"


def test_words_select_what_they_name(events: Events, desk: Desk) -> None:
    view, *_ = events.find(desk, "the dog")
    assert len(view["parts"]) == 2
    assert view["parts"][1]["given"]
    assert "Nothing was found" in events.find(desk, "the cat")[0]["message"]


def test_the_length_of_a_prompt_comes_from_the_painter(events: Events) -> None:
    assert "2 of 3" in events.tokens("sunset sea")
    assert events.tokens("") == ""
    events.studio.use(painter=FakePainter())
    assert events.tokens("sunset sea") == ""


def test_lists_that_fill_a_field_are_empty_again(events: Events) -> None:
    text, chosen = events.preset("rain", "Photo")
    assert text.startswith("rain, ")
    assert chosen is None
    assert events.add_lora("", "grain") == ("grain:1", None)


def test_a_quick_choice_fills_in_the_sides(events: Events, desk: Desk) -> None:
    assert events.extend_to(desk, "Square") == (0, 28, 0, 28)
    assert events.extend_to(events.desks.new(), "Square") == (SKIP,) * 4
    assert events.shape("16:9") == (320, 192)


def test_the_size_of_a_grid_is_told_at_once(events: Events) -> None:
    assert "2 x 1" in events.grid("steps", "5, 10", "", "")
    assert events.grid("", "5, 10", "", "") == ""


def test_each_kind_shows_the_model_in_use_first(events: Events) -> None:
    shown, card = events.kind("painter")
    assert shown["value"] == "fake-painter"
    assert ("Painter gone ↓ 7.0 GB", "gone") in shown["choices"]
    assert "It paints one colour." in card
    shown, card = events.kind("filler")
    assert (shown["choices"], shown["value"]) == ([], None)
    assert "7.0 GB" in events.model("painter", "gone")


def test_a_model_that_cannot_be_loaded_is_a_sentence(events: Events) -> None:
    said, timer = events.load("painter", "no such")
    assert "Choose a model" in said
    assert timer.active


def test_what_hangs_on_the_models_follows_them(events: Events) -> None:
    *_, methods, soft, until, reuse, lora, names, find = events.arrive()
    assert (methods["choices"], soft["visible"], lora["visible"]) == ([], False, False)
    assert (until["visible"], reuse["visible"]) == (False, False)
    assert (names["choices"], find["visible"]) == (["grain"], True)
    better = FakePainter()
    better.info = replace(better.info, soft=True, lora_base="sdxl", shortcuts=True)
    events.studio.use(segmenter=FakeSegmenter(), painter=better, fillers={"telea": FakePainter()})
    *_, methods, soft, until, reuse, lora, _, find = events.arrive()
    assert methods["choices"] == [("One colour", "telea")]
    assert (soft["visible"], lora["visible"], find["visible"]) == (True, True, False)
    assert (until["visible"], reuse["visible"]) == (True, True)


def test_a_prompt_that_would_be_refused_is_not_counted(events: Events) -> None:
    assert "tokens" in events.tokens("a dog")
    assert events.tokens("(a" * MAX_PROMPT) == ""
    assert events.tokens(None) == ""
