from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from inpainting.photo import encode_png, read_recipe
from inpainting.recipe import RECIPE_KEY, Recipe, recipe_to_json
from inpainting.studio import Studio
from inpainting.types import Combine, Edges, LoraUse, Point, Region, Stroke, Tool
from inpainting.web import editing, handlers
from inpainting.web.desk import Desk
from inpainting.web.finished import Sheet
from inpainting.web.form import Form
from inpainting.web.painting import paint
from inpainting.web.restoring import (
    CREATED,
    ELSEWHERE,
    SAME,
    SAME_SELECTED,
    SAME_SETTINGS,
    Restored,
)
from inpainting.web.selecting import settle
from tests.support.fakes import FakePainter, FakeSegmenter
from tests.support.photos import photo

FORM = Form("{red|blue} sea", seed="17", steps=3, guidance=4.5, context=0.5)


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "cache"))


@pytest.fixture
def studio() -> Studio:
    filler = FakePainter()
    filler.info = replace(filler.info, key="smooth", tools=(Tool.REMOVE,))
    return Studio(FakeSegmenter(), FakePainter(), fillers={"smooth": filler})


def desk_with(number: int = 0) -> Desk:
    desk, made = Desk(), photo(256, 200, number)
    desk.open(made)
    desk.change(partial(editing.load, sheet=Sheet(made.digest, made.size, made.name, "x.jpg")))
    return desk


def worked(studio: Studio, desk: Desk) -> None:
    """Two parts with a stroke, of which a third is hidden, and edges of its own."""
    desk.change(partial(editing.set_region, region=Region.SUBJECT))
    desk.change(partial(editing.click, x=100, y=90))
    settle(studio, desk)
    desk.change(partial(editing.choose, index=1))
    desk.change(partial(editing.new_part, op=Combine.SUBTRACT))
    desk.change(partial(editing.stroke, drawn=Stroke(((100.0, 90.0), (110.0, 95.0)), 9.0)))
    desk.change(partial(editing.new_part, op=Combine.ADD))
    desk.change(partial(editing.click, x=20, y=20))
    desk.change(partial(editing.show_part, key=desk.session.now.part.key, shown=False))
    desk.change(partial(editing.set_edges, edges=Edges(grow=3, smooth=2)))


def painted(studio: Studio, desk: Desk, form: Form) -> Path:
    """The file of the picture that the form gives."""
    shown = list(paint(studio, desk, form, desk.begin()))
    assert shown[-1].progress["state"] == "done", shown[-1].progress
    return Path(desk.session.results[-1].sheet.path)


def dropped(studio: Studio, desk: Desk, data: bytes, folder: Path, name: str) -> Restored | None:
    path = folder / name
    path.write_bytes(data)
    fields = {"path": str(path), "name": name, "desk": desk.key, "seq": 1}
    return handlers.open_upload(studio, desk, fields, folder)[1]


def form_of(restored: Restored | None) -> Form:
    assert restored is not None
    return replace(Form(), **restored.values)


def recipe_at(path: Path) -> Recipe:
    recipe = read_recipe(path)
    assert recipe is not None
    return recipe


CASES = {
    "repaint": FORM,
    "remove": replace(FORM, tool="remove", method="smooth"),
    "extend": replace(FORM, tool="extend", left=20, bottom=30),
    "restyle": replace(FORM, tool="restyle", look=0.7),
    "create": replace(FORM, tool="create", width=128, height=192),
}


@pytest.mark.parametrize("alone", [False, True])
@pytest.mark.parametrize("tool", CASES)
def test_a_recipe_on_its_photo_makes_the_same_bytes(
    studio: Studio, tmp_path: Path, tool: str, alone: bool
) -> None:
    desk = desk_with()
    worked(studio, desk)
    first = painted(studio, desk, CASES[tool])
    data, name = first.read_bytes(), "picture.png"
    if alone:
        data, name = recipe_to_json(recipe_at(first)).encode(), "recipe.json"
    other = desk_with()
    restored = dropped(studio, other, data, tmp_path, name)
    assert other.session.tool is Tool(tool)
    assert other.session.message == ""
    if tool != "create":
        assert other.session.note == SAME
    assert painted(studio, other, form_of(restored)).read_bytes() == first.read_bytes()


@pytest.mark.parametrize("tool", ["repaint", "remove", "extend", "restyle"])
def test_the_photo_that_comes_after_its_picture_makes_the_same_bytes(
    studio: Studio, tmp_path: Path, tool: str
) -> None:
    desk, other = desk_with(), Desk()
    worked(studio, desk)
    first = painted(studio, desk, CASES[tool])
    restored = dropped(studio, other, first.read_bytes(), tmp_path, "picture.png")
    assert dropped(studio, other, encode_png(photo(256, 200)), tmp_path, "noise.png") is None
    sheet, photo_of = other.session.now.sheet, desk_with().session.now.sheet
    assert sheet is not None
    assert photo_of is not None
    assert (sheet.digest, sheet.recipe) == (photo_of.digest, None)
    selected = tool in ("repaint", "remove")
    assert other.session.note == (SAME_SELECTED if selected else SAME_SETTINGS)
    assert (other.session.past, other.session.tool) == ((), Tool(tool))
    assert painted(studio, other, form_of(restored)).read_bytes() == first.read_bytes()


def test_what_was_changed_since_comes_along_to_the_photo(studio: Studio, tmp_path: Path) -> None:
    desk, other = desk_with(), Desk()
    worked(studio, desk)
    data = painted(studio, desk, FORM).read_bytes()
    dropped(studio, other, data, tmp_path, "picture.png")
    other.change(partial(editing.new_part, op=Combine.ADD))
    other.change(partial(editing.click, x=200, y=150))
    other.change(partial(editing.set_region, region=Region.BACKGROUND))
    before = settle(studio, other)
    dropped(studio, other, encode_png(photo(256, 200)), tmp_path, "noise.png")
    after = settle(studio, other)
    assert (after.now.parts, after.now.edges) == (before.now.parts, before.now.edges)
    assert after.now.region is Region.BACKGROUND
    assert after.serial > before.serial
    assert after.mask is not None
    assert before.mask is not None
    assert (after.mask == before.mask).all()


def test_another_photo_than_the_recipes_has_nothing_selected(
    studio: Studio, tmp_path: Path
) -> None:
    desk, other = desk_with(), Desk()
    worked(studio, desk)
    data = painted(studio, desk, FORM).read_bytes()
    dropped(studio, other, data, tmp_path, "picture.png")
    dropped(studio, other, encode_png(photo(256, 200, 1)), tmp_path, "other.png")
    assert (other.session.mask, other.session.note) == (None, "")
    dropped(studio, other, encode_png(photo(256, 200)), tmp_path, "noise.png")
    assert (other.session.mask, other.session.note) == (None, "")


def test_a_picture_that_another_was_made_from_is_taken_as_its_photo(
    studio: Studio, tmp_path: Path
) -> None:
    """It has a recipe of its own, which would take the place of what is selected."""
    desk = desk_with()
    worked(studio, desk)
    first = painted(studio, desk, FORM)
    desk.change(partial(editing.further, number=1))
    desk.change(partial(editing.click, x=30, y=30))
    settle(studio, desk)
    second = painted(studio, desk, FORM)
    other = Desk()
    dropped(studio, other, second.read_bytes(), tmp_path, "second.png")
    dropped(studio, other, first.read_bytes(), tmp_path, "first.png")
    assert other.session.note == SAME_SELECTED
    assert [part.prompts.points for part in other.session.now.parts] == [(Point(30, 30),)]


def test_parts_strokes_and_edges_come_back_and_hidden_parts_do_not(
    studio: Studio, tmp_path: Path
) -> None:
    desk, other = desk_with(), desk_with()
    worked(studio, desk)
    data = painted(studio, desk, FORM).read_bytes()
    dropped(studio, other, data, tmp_path, "picture.png")
    now, before = other.session.now, desk.session.now
    assert [part.op for part in now.parts] == [Combine.ADD, Combine.SUBTRACT]
    assert [part.prompts for part in now.parts] == [part.prompts for part in before.parts[:2]]
    assert now.parts[1].strokes == before.parts[1].strokes
    assert (now.edges, now.region) == (before.edges, Region.SUBJECT)
    assert other.session.results == ()


def test_the_result_on_show_gives_way_to_what_came_back(studio: Studio, tmp_path: Path) -> None:
    desk = desk_with()
    worked(studio, desk)
    data = painted(studio, desk, FORM).read_bytes()
    assert desk.session.now.result == 1
    dropped(studio, desk, data, tmp_path, "picture.png")
    assert desk.session.now.result == 0
    assert len(desk.session.results) == 1


def test_a_recipe_for_another_photo_brings_all_but_its_selection(
    studio: Studio, tmp_path: Path
) -> None:
    desk, other = desk_with(), desk_with(1)
    worked(studio, desk)
    text = recipe_to_json(recipe_at(painted(studio, desk, FORM)))
    restored = dropped(studio, other, text.encode(), tmp_path, "recipe.json")
    assert form_of(restored).prompt == "red sea"
    assert other.session.note == ELSEWHERE
    assert other.session.mask is None
    assert other.session.now.sheet == desk_with(1).session.now.sheet


def test_a_recipe_without_any_photo_is_a_sentence(studio: Studio, tmp_path: Path) -> None:
    desk = desk_with()
    worked(studio, desk)
    text = recipe_to_json(recipe_at(painted(studio, desk, FORM))).encode()
    empty = Desk()
    assert dropped(studio, empty, text, tmp_path, "recipe.json") is None
    assert "Open the photo first" in empty.session.message


def test_a_recipe_of_a_picture_from_nothing_needs_no_photo(studio: Studio, tmp_path: Path) -> None:
    desk, empty = Desk(), Desk()
    first = painted(studio, desk, CASES["create"])
    text = recipe_to_json(recipe_at(first)).encode()
    restored = dropped(studio, empty, text, tmp_path, "recipe.json")
    assert (empty.session.note, empty.session.tool) == (CREATED, Tool.CREATE)
    assert painted(studio, empty, form_of(restored)).read_bytes() == first.read_bytes()


@pytest.mark.parametrize("text", ["{", '{"schema": 99}', "{}", "[1]"])
def test_a_bad_recipe_alone_changes_nothing(studio: Studio, tmp_path: Path, text: str) -> None:
    desk = desk_with()
    before = desk.session.now
    assert dropped(studio, desk, text.encode(), tmp_path, "recipe.json") is None
    assert desk.session.message
    assert desk.session.now.sheet == before.sheet
    assert not list(tmp_path.glob("recipe.json"))


def test_another_painter_is_told(studio: Studio, tmp_path: Path) -> None:
    desk = desk_with()
    worked(studio, desk)
    data = painted(studio, desk, FORM).read_bytes()
    other = FakePainter()
    other.info = replace(other.info, revision="2")
    studio.use(painter=other)
    dropped(studio, desk, data, tmp_path, "picture.png")
    assert "revision was '1' and is '2'" in desk.session.note


def test_shortcuts_come_back_where_the_painter_takes_them(studio: Studio, tmp_path: Path) -> None:
    quick, desk = FakePainter(), desk_with()
    quick.info = replace(quick.info, shortcuts=True)
    studio.use(painter=quick)
    worked(studio, desk)
    data = painted(studio, desk, replace(FORM, guidance_until=0.5, reuse=3)).read_bytes()
    form = form_of(dropped(studio, desk_with(), data, tmp_path, "picture.png"))
    assert (form.guidance_until, form.reuse) == (0.5, 3)
    studio.use(painter=FakePainter())
    form = form_of(dropped(studio, desk_with(), data, tmp_path, "picture.png"))
    assert (form.guidance_until, form.reuse) == (1.0, 1)


def test_lora_files_that_are_gone_are_told_and_left_out(studio: Studio, tmp_path: Path) -> None:
    """With none in the folder their field is hidden, and nobody could empty it."""
    desk = desk_with()
    worked(studio, desk)
    recipe = recipe_at(painted(studio, desk, FORM))
    inked = replace(recipe, settings=replace(recipe.settings, loras=(LoraUse("ink"),)))
    able = FakePainter()
    able.info = replace(able.info, lora_base="fake")
    studio.use(painter=able)
    for data, name in (
        (recipe_to_json(inked).encode(), "recipe.json"),
        (encode_png(photo(256, 200, 1), {RECIPE_KEY: recipe_to_json(inked)}), "picture.png"),
    ):
        restored = dropped(studio, desk, data, tmp_path, name)
        assert "'ink' is not here, so it was left out" in desk.session.note
        assert form_of(restored).loras == ""


def test_a_recipe_that_fits_no_painter_leaves_a_plain_photo(studio: Studio, tmp_path: Path) -> None:
    desk = desk_with()
    worked(studio, desk)
    recipe = recipe_at(painted(studio, desk, FORM))
    odd = replace(recipe, settings=replace(recipe.settings, guidance=99.0))
    data = encode_png(photo(256, 200), {RECIPE_KEY: recipe_to_json(odd)}, edited=True)
    assert dropped(studio, desk, data, tmp_path, "picture.png") is None
    assert "guidance" in desk.session.note
    assert desk.session.mask is None
