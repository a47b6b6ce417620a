from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from inpainting.photo import open_photo, read_recipe
from inpainting.studio import Studio
from inpainting.types import (
    Combine,
    Edges,
    Prompts,
    Region,
    Stroke,
    Tool,
)
from inpainting.web import editing, history
from inpainting.web.desk import Desk
from inpainting.web.form import Form, request_of
from inpainting.web.painting import paint
from inpainting.web.selecting import settle
from tests.support.fakes import FakePainter, FakeSegmenter
from tests.support.painting import (
    cache,
    items,
    opened,
    painter,
    pixels,
    run,
    seeds,
    selected,
    studio,
)
from tests.support.photos import photo

__all__ = ["cache", "painter", "studio"]


def test_a_repaint_shows_steps_then_the_result(studio: Studio) -> None:
    desk = selected(studio)
    shown = run(studio, desk, Form("sunset sea", seed="17"))
    steps = [view.progress["step"] for view in shown if view.progress.get("step")]
    assert steps == [1, 2, 3, 4]
    assert seeds(shown[0]) == []
    assert shown[1].progress["preview"].startswith("data:image/jpeg")
    assert [view.busy for view in shown] == [True] * (len(shown) - 1) + [False]
    (item,) = items(shown[-1])
    assert (item["seed"], item["width"], item["height"]) == (17, 256, 200)
    assert Path(item["file"]["path"]).name == "noise-sunset-sea-17.png"


def test_the_strip_is_shown_at_both_ends_and_with_each_picture_not_with_each_step(
    studio: Studio,
) -> None:
    shown = run(studio, selected(studio), Form("x", seed="1", steps=9, variations=3))
    strips = [view for view in shown if view.results is not None]
    assert [seeds(view) for view in strips] == [[], [1], [1, 2], [1, 2, 3], [1, 2, 3]]
    assert strips[0] is shown[0]
    assert strips[-1] is shown[-1]
    assert len(shown) > 3 * 9


@pytest.mark.parametrize("region", list(Region))
def test_the_file_keeps_what_is_not_repainted(studio: Studio, region: Region) -> None:
    desk = selected(studio)
    desk.change(partial(editing.set_region, region=region))
    path = Path(items(run(studio, desk, Form("x", seed="1"))[-2])[0]["file"]["path"])
    result, mask, original = open_photo(path), desk.session.mask, photo(256, 200)
    assert mask is not None
    kept = mask if region is Region.BACKGROUND else ~mask
    assert np.array_equal(result.pixels[kept], original.pixels[kept])
    assert (result.pixels[~kept] != original.pixels[~kept]).any(axis=1).mean() > 0.9
    recipe = read_recipe(path)
    assert recipe is not None
    assert (recipe.settings.seed, recipe.region) == (1, region)
    assert recipe.prompts == desk.session.now.part.prompts


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
    assert seeds(shown[-1]) == [5, 6]


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
    desk = opened() if prepared == "photo" else Desk()
    last = run(studio, desk, Form("x"))[-1]
    assert last.progress["state"] == "failed"
    assert "first" in last.progress["text"]
    assert painter.settings == []


def test_all_results_stay_listed_whatever_comes_after(studio: Studio) -> None:
    desk = selected(studio)
    assert seeds(run(studio, desk, Form("x", seed="1"))[-1]) == [1]
    refused = run(studio, desk, Form("x", seed="bad"))
    assert refused[-1].progress["state"] == "failed"
    assert all(seeds(view) == [1] for view in refused)
    for view in paint(studio, desk, Form("x", seed="2"), desk.begin()):
        assert view.results is None or seeds(view) == [1]
        if view.progress.get("step") == 2:
            desk.stop()
    last = run(studio, desk, Form("x", seed="3"))
    assert seeds(last[0]) == [1]
    assert seeds(last[-1]) == [1, 3]


def test_variations_are_on_the_desk_as_they_arrive(studio: Studio) -> None:
    desk, counts = selected(studio), list[int]()
    for _ in paint(studio, desk, Form("x", seed="1", variations=3), desk.begin()):
        counts.append(len(desk.session.results))
    assert sorted(counts) == counts
    assert set(counts) == {0, 1, 2, 3}
    assert desk.session.now.result == 3


def test_the_card_stays_with_its_picture_while_others_are_listed(studio: Studio) -> None:
    desk = selected(studio)
    shown = list(paint(studio, desk, Form("x", seed="1", variations=3), desk.begin()))
    places = [at for at, view in enumerate(shown) if view.progress.get("step")]
    assert places == list(range(places[0], places[-1] + 1))


def test_a_repaint_is_a_step_that_undo_takes_back_and_its_picture_stays(studio: Studio) -> None:
    desk = selected(studio)
    before = desk.session.now
    run(studio, desk, Form("x", seed="1"))
    assert desk.session.now.result == 1
    assert desk.change(history.undo).now.result == 0
    assert desk.session.now.parts == before.parts
    assert [item.id for item in desk.session.results] == [1]
    assert desk.change(history.redo).now.result == 1


def test_an_edit_of_an_edit_keeps_the_photo_where_neither_painted(studio: Studio) -> None:
    desk = selected(studio)
    desk.change(partial(editing.set_region, region=Region.SUBJECT))
    run(studio, desk, Form("x", seed="1"))
    first = desk.session.mask
    desk.change(partial(editing.further, number=1))
    desk.change(partial(editing.set_edges, edges=Edges()))
    desk.change(partial(editing.click, x=200, y=150))
    settle(studio, desk)
    run(studio, desk, Form("x", seed="2"))
    second, original = desk.session.mask, photo(256, 200).pixels
    assert first is not None
    assert second is not None
    kept = ~(first | second)
    assert np.array_equal(pixels(desk, 2)[kept], original[kept])
    assert np.array_equal(pixels(desk, 2)[~second], pixels(desk, 1)[~second])
    assert desk.session.results[0].before == "x.jpg"
    assert desk.session.results[1].before == desk.session.results[0].sheet.display


def test_a_selection_that_is_not_worked_out_yet_is_waited_for(studio: Studio) -> None:
    desk = opened()
    desk.change(partial(editing.click, x=100, y=90))
    assert desk.session.unsettled
    assert run(studio, desk, Form("x"))[-1].progress["state"] == "done"


def test_the_edges_feather_is_painted_with(studio: Studio) -> None:
    desk = selected(studio)
    assert request_of(desk.session, photo(256, 200), Form()).feather is None
    desk.change(partial(editing.set_edges, edges=Edges(feather=7)))
    session = settle(studio, desk)
    assert request_of(session, photo(256, 200), Form()).feather == 7


def test_clicks_go_into_the_recipe_where_they_alone_led_to_the_mask(studio: Studio) -> None:
    desk, picture = selected(studio), photo(256, 200)
    clicks = desk.session.now.part.prompts
    assert request_of(desk.session, picture, Form()).prompts == clicks
    desk.change(partial(editing.new_part, op=Combine.ADD))
    assert request_of(settle(studio, desk), picture, Form()).prompts == clicks
    desk.change(partial(editing.click, x=20, y=20))
    assert request_of(settle(studio, desk), picture, Form()).prompts == Prompts()
    drawn = selected(studio)
    drawn.change(partial(editing.stroke, drawn=Stroke(((9.0, 9.0),), 5)))
    assert request_of(settle(studio, drawn), picture, Form()).prompts == Prompts()


def test_a_tool_that_is_chosen_while_a_repaint_waits_stays(painter: FakePainter) -> None:
    studio = Studio(FakeSegmenter(), painter)
    desk = selected(studio)
    desk.change(partial(editing.set_edges, edges=Edges(grow=4)))
    settle(studio, desk)
    desk.change(partial(editing.choose_tool, tool=Tool.REMOVE))
    before = settle(studio, desk).now.composed
    shown = run(studio, desk, Form(prompt="sea", seed="1", tool="repaint"))[-1]
    assert seeds(shown) == [1]
    assert desk.session.tool is Tool.REMOVE
    assert desk.session.now.composed == before


def test_fields_that_are_hidden_for_a_painter_are_none_of_its_settings() -> None:
    painter = FakePainter()
    painter.info = replace(painter.info, soft=False, lora_base="")
    studio = Studio(FakeSegmenter(), painter)
    shown = run(studio, selected(studio), Form(prompt="sea", seed="1", softness=9, loras="ink"))
    assert seeds(shown[-1]) == [1]
