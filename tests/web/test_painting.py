from __future__ import annotations

import math
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from inpainting.photo import open_photo, read_recipe
from inpainting.studio import Studio
from inpainting.types import PaintResult, Prompts, Region
from inpainting.web import session as s
from inpainting.web.desk import Desk
from inpainting.web.painting import Form, Shown, paint, request_of
from inpainting.web.results import EMPTY, file_name, finish
from inpainting.web.selecting import UNEXPECTED, settle
from tests.support.fakes import FakePainter, FakeSegmenter
from tests.support.photos import photo


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "cache"))


def selected(studio: Studio) -> Desk:
    desk = Desk()
    desk.change(partial(s.load, photo=photo(256, 200), display="x.jpg"))
    desk.change(partial(s.click, x=100, y=90))
    settle(studio, desk)
    return desk


def run(studio: Studio, desk: Desk, form: Form) -> list[Shown]:
    return list(paint(studio, desk, form, desk.begin()))


@pytest.fixture
def painter() -> FakePainter:
    return FakePainter()


@pytest.fixture
def studio(painter: FakePainter) -> Studio:
    return Studio(FakeSegmenter(), painter)


def test_a_repaint_shows_steps_then_the_result(studio: Studio) -> None:
    desk = selected(studio)
    shown = run(studio, desk, Form("sunset sea", seed="17"))
    steps = [view.progress["step"] for view in shown if view.progress.get("step")]
    assert steps == [1, 2, 3, 4]
    assert shown[0].results == EMPTY
    assert shown[1].progress["preview"].startswith("data:image/jpeg")
    assert [view.busy for view in shown] == [True] * (len(shown) - 1) + [False]
    results = shown[-1].results
    (item,) = results["items"]
    assert (item["seed"], item["width"], item["height"]) == (17, 256, 200)
    assert item["name"] == "noise-sunset-sea-17.png"


@pytest.mark.parametrize("region", list(Region))
def test_the_file_keeps_what_is_not_repainted(studio: Studio, region: Region) -> None:
    desk = selected(studio)
    desk.change(partial(s.set_region, region=region))
    results = run(studio, desk, Form("x", seed="1"))[-2].results
    path = Path(results["items"][0]["file"]["path"])
    result, mask, original = open_photo(path), desk.session.mask, desk.session.photo
    assert mask is not None
    assert original is not None
    kept = mask if region is Region.BACKGROUND else ~mask
    assert np.array_equal(result.pixels[kept], original.pixels[kept])
    assert (result.pixels[~kept] != original.pixels[~kept]).any(axis=1).mean() > 0.9
    recipe = read_recipe(path)
    assert recipe is not None
    assert (recipe.settings.seed, recipe.region) == (1, region)
    assert recipe.prompts == desk.session.now.prompts


@pytest.mark.parametrize("value", ["", None, "-1", -1, " "])
def test_an_empty_seed_draws_a_new_one(studio: Studio, painter: FakePainter, value: object) -> None:
    desk = selected(studio)
    for _ in range(2):
        run(studio, desk, Form("x", seed=value))
    assert painter.settings[0].seed != painter.settings[1].seed


def test_fields_arrive_as_they_were_set(studio: Studio, painter: FakePainter) -> None:
    form = Form("a", "b", "5", 7.5, 6.0, 0.5, "DDIM", 2.0)
    shown = run(studio, selected(studio), form)
    (first, second) = painter.settings
    assert (first.prompt, first.negative_prompt, first.seed, second.seed) == ("a", "b", 5, 6)
    assert (first.guidance, first.steps, first.strength) == (7.5, 6, 0.5)
    assert first.scheduler == "DDIM"
    results = shown[-2].results
    assert len(results["items"]) == 2


BAD = [
    ({"guidance": math.nan}, "guidance"),
    ({"guidance": math.inf}, "guidance"),
    ({"guidance": -1}, "guidance"),
    ({"guidance": 1e9}, "guidance"),
    ({"guidance": "x"}, "guidance"),
    ({"steps": 0}, "steps"),
    ({"steps": 10**6}, "steps"),
    ({"steps": 2.5}, "steps"),
    ({"steps": [4]}, "steps"),
    ({"strength": 0.0}, "strength"),
    ({"strength": 1.0001}, "strength"),
    ({"strength": 0.05, "steps": 10}, "strength"),
    ({"seed": "2" * 30}, "seed"),
    ({"seed": str(2**32)}, "seed"),
    ({"seed": "-2"}, "seed"),
    ({"seed": "1.5"}, "seed"),
    ({"seed": {"a": 1}}, "seed"),
    ({"scheduler": "Heun"}, "scheduler"),
    ({"scheduler": ["Euler"]}, "scheduler"),
    ({"variations": 9}, "variations"),
    ({"prompt": "x" * 5000}, "prompt"),
    ({"prompt": {"a": 1}}, "prompt"),
    ({"negative_prompt": "x" * 5000}, "prompt"),
]


@pytest.mark.parametrize(("fields", "named"), BAD)
def test_a_bad_field_is_a_sentence_that_names_it(
    studio: Studio, painter: FakePainter, fields: dict[str, object], named: str
) -> None:
    desk = selected(studio)
    before = desk.session
    last = run(studio, desk, Form(**fields))[-1]
    assert last.progress["state"] == "failed"
    assert named in last.progress["text"]
    assert not last.busy
    assert painter.settings == []
    assert desk.session is before


def test_odd_prompts_are_painted(studio: Studio, painter: FakePainter) -> None:
    run(studio, selected(studio), Form("<script>\0 \u202e \U0001f600 'quotes\""))
    assert painter.settings[0].prompt.startswith("<script>")


@pytest.mark.parametrize("prepared", ["empty", "photo"])
def test_nothing_runs_without_photo_and_selection(
    studio: Studio, painter: FakePainter, prepared: str
) -> None:
    desk = Desk()
    if prepared == "photo":
        desk.change(partial(s.load, photo=photo(), display="x.jpg"))
    last = run(studio, desk, Form("x"))[-1]
    assert last.progress["state"] == "failed"
    assert "first" in last.progress["text"]
    assert painter.settings == []


def test_stop_ends_within_one_step_and_the_next_run_is_unharmed(
    studio: Studio, painter: FakePainter
) -> None:
    desk = selected(studio)
    ticket = desk.begin()
    events = paint(studio, desk, Form("x"), ticket)
    for shown in events:
        if shown.progress.get("step") == 2:
            desk.stop()
    assert painter.closed == 1
    assert run(studio, desk, Form("x", seed="3"))[-1].progress["state"] == "done"
    assert desk.session.mask is not None


def test_a_closed_tab_closes_the_painter(studio: Studio, painter: FakePainter) -> None:
    desk = selected(studio)
    events = paint(studio, desk, Form("x"), desk.begin())
    for _ in range(3):
        next(events)
    events.close()
    assert painter.closed == 1


def test_a_stop_before_the_start_paints_nothing(studio: Studio, painter: FakePainter) -> None:
    desk = selected(studio)
    ticket = desk.begin()
    desk.stop()
    shown = list(paint(studio, desk, Form("x"), ticket))
    assert all(view.results == EMPTY for view in shown)
    assert painter.settings == []


def test_the_last_result_stays_until_there_is_a_new_one(studio: Studio) -> None:
    desk = selected(studio)
    first = run(studio, desk, Form("x", seed="1"))[-1].results
    assert first["items"][0]["seed"] == 1
    refused = run(studio, desk, Form("x", seed="bad"))
    assert refused[-1].progress["state"] == "failed"
    assert all(view.results == first for view in refused)
    events = paint(studio, desk, Form("x", seed="2"), desk.begin())
    for view in events:
        assert view.results == first
        if view.progress.get("step") == 2:
            desk.stop()
    last = run(studio, desk, Form("x", seed="3"))
    assert [view.results == first for view in last[:2]] == [True, True]
    assert [item["seed"] for item in last[-1].results["items"]] == [3]
    assert last[-1].results["run"] != first["run"]


def test_a_finished_picture_holds_no_pixels(studio: Studio) -> None:
    request = request_of(selected(studio).session, Form("x", seed="1"))
    result = next(event for event in studio.paint(request) if isinstance(event, PaintResult))
    kept = asdict(finish(result))
    assert {type(value) for value in kept.values()} <= {str, int, float, tuple}


def test_something_unforeseen_is_worded() -> None:
    def fail(_: int) -> None:
        raise RuntimeError("secret")

    studio = Studio(FakeSegmenter(), FakePainter(fail))
    last = run(studio, selected(studio), Form("x"))[-1]
    assert last.progress["text"] == UNEXPECTED


def test_a_file_name_has_only_plain_letters(studio: Studio) -> None:
    desk = selected(studio)
    request = request_of(desk.session, Form("Sunset / <sea> \U0001f600" + "x" * 100, seed="1"))
    assert request.prompts != Prompts()
    results = [event for event in studio.paint(request) if isinstance(event, PaintResult)]
    name = file_name(results[0])
    assert name.startswith("noise-sunset-sea-x")
    assert len(name) < 80


def test_stop_before_the_first_step_leaves_no_page_that_waits(studio: Studio) -> None:
    desk = selected(studio)
    ticket = desk.begin()
    desk.stop()
    (last,) = paint(studio, desk, Form("sunset sea"), ticket)
    assert last.progress["text"].startswith("Stopped")
    assert not last.busy


def test_stop_in_the_middle_is_the_last_that_is_shown(studio: Studio) -> None:
    desk = selected(studio)
    shown = paint(studio, desk, Form("sunset sea"), desk.begin())
    assert next(shown).busy
    assert next(shown).busy
    desk.stop()
    (last,) = shown
    assert not last.busy


def test_a_repaint_that_a_newer_one_replaced_says_nothing_more(studio: Studio) -> None:
    desk = selected(studio)
    ticket = desk.begin()
    desk.begin()
    assert list(paint(studio, desk, Form("sunset sea"), ticket)) == []
