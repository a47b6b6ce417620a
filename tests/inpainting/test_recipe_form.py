"""The JSON form of recipes: written is read back; what anyone else wrote is checked by field."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inpainting.errors import BadRequest
from inpainting.photo import read_recipe
from inpainting.recipe import recipe_from_json, recipe_to_json
from inpainting.records import Recipe
from inpainting.types import Box, Point, Prompts, Region, Sides, Tool
from tests.support.recipes import RECIPE, recipes

OLD_PICTURE = Path(__file__).resolve().parents[1] / "data" / "recipe-1.png"


@settings(max_examples=80)
@given(recipes)
def test_a_recipe_survives_its_json_form(recipe: Recipe) -> None:
    text = recipe_to_json(recipe)
    assert text.isascii()
    assert "\n" not in text
    assert recipe_from_json(text) == recipe


def test_the_digests_of_lora_files_survive() -> None:
    assert recipe_from_json(recipe_to_json(RECIPE)) == RECIPE
    assert "e" * 64 in recipe_to_json(RECIPE)


def form_of(recipe: Recipe = RECIPE) -> dict[str, Any]:
    form: dict[str, Any] = json.loads(recipe_to_json(recipe))
    return form


def changed(path: str, value: object) -> str:
    """The JSON form of RECIPE with one field replaced; `path` is like "settings.loras.0.name"."""
    form = form_of()
    *folders, name = path.split(".")
    inner: Any = form
    for folder in folders:
        inner = inner[int(folder) if folder.isdigit() else folder]
    inner[name] = value
    return json.dumps(form)


MASK, STROKE = "selection.parts.0.mask", "selection.parts.0.strokes.0"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("schema", True),
        ("schema", "2"),
        ("app", 1),
        ("photo", None),
        ("photo.digest", "0" * 65),
        ("photo.size", [20]),
        ("photo.size", [20, 0]),
        ("photo.size", [20, 1.5]),
        ("photo.size", {"width": 20}),
        ("photo.extra", 1),
        ("tool", "sky"),
        ("tool", ["repaint"]),
        ("segmenter", []),
        ("segmenter.key", "a\0b"),
        ("segmenter.key", "\ud800"),
        ("painter.revision", None),
        ("painter.extra", "x"),
        ("points", "x"),
        ("points", [1]),
        ("points", [{"x": 1, "y": 1}]),
        ("points", [{"x": 1, "y": -1, "include": True}]),
        ("points", [{"x": 1, "y": 1, "include": 1}]),
        ("points", [{"x": 1, "y": 1, "include": True}] * 10_001),
        ("points", [{"x": 1, "y": 1, "include": True, "z": 1}]),
        ("box", [1, 2, 3, 4]),
        ("box", {"x0": 1}),
        ("mask.size", [10**9, 10**9]),
        ("mask.data", 5),
        ("mask.extra", 5),
        ("region", "sky"),
        ("region", 1),
        ("selection", []),
        ("selection.extra", 1),
        ("selection.parts", {}),
        ("selection.parts", [{}] * 201),
        ("selection.parts.0.op", "xor"),
        ("selection.parts.0.box", {"x0": 1}),
        ("selection.parts.0.strokes", [{}] * 10_001),
        (f"{STROKE}.line", []),
        (f"{STROKE}.line", [[1, 2, 3]]),
        (f"{STROKE}.line", [[1, "2"]]),
        (f"{STROKE}.line", [[1, 10**400]]),
        (f"{STROKE}.line", [[1, 2]] * 5001),
        (f"{STROKE}.line", [[1, 200_000]]),
        (f"{STROKE}.size", 0),
        (f"{STROKE}.size", 2001),
        (f"{STROKE}.erase", 1),
        (f"{STROKE}.colour", 1),
        (f"{MASK}.size", None),
        ("selection.parts.0.extra", 1),
        ("selection.edges.grow", 1.5),
        ("selection.edges.fill", -1),
        ("selection.edges.feather", "x"),
        ("selection.edges.extra", 1),
        ("sides", None),
        ("sides.left", -1),
        ("sides.top", 4097),
        ("sides.extra", 1),
        ("size", [0, 1]),
        ("settings.prompt", "x" * 2001),
        ("settings.seed", 2**32),
        ("settings.seed", -1),
        ("settings.seed", 1.0),
        ("settings.steps", 10**9),
        ("settings.guidance", "7"),
        ("settings.guidance", True),
        ("settings.guidance", 10**400),
        ("settings.strength", None),
        ("settings.softness", -1),
        ("settings.guidance_until", "1"),
        ("settings.guidance_until", None),
        ("settings.reuse", 0),
        ("settings.reuse", 1.5),
        ("settings.loras", [{"name": "a", "weight": 1, "digest": ""}] * 9),
        ("settings.loras.0.weight", "1"),
        ("settings.loras.0.digest", "e" * 65),
        ("settings.loras.0.path", "/etc"),
        ("settings.extra", 1),
        ("context", "0.3"),
        ("separate", 0),
        ("prefill", "auto"),
        ("prefill", 1),
        ("match_colour", None),
        ("feather", 1.5),
        ("frames", []),
        ("frames", None),
        ("frames.0.window", None),
        ("frames.0.size", [512, 512, 512]),
        ("frames.0.extra", 1),
        ("libraries", {"torch": 2}),
        ("libraries", {"\ud800": "2"}),
        ("libraries", {str(n): "1" for n in range(101)}),
        ("extra", 1),
    ],
)
def test_a_wrong_field_is_refused_in_a_sentence(path: str, value: object) -> None:
    with pytest.raises(BadRequest) as caught:
        recipe_from_json(changed(path, value))
    assert len(str(caught.value)) < 300
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize("name", sorted(form_of()))
def test_a_missing_field_is_refused(name: str) -> None:
    form = form_of()
    del form[name]
    with pytest.raises(BadRequest, match=f"'{name}' is missing"):
        recipe_from_json(json.dumps(form))


@pytest.mark.parametrize("version", [0, 3, 99])
def test_an_unknown_version_is_refused(version: int) -> None:
    with pytest.raises(BadRequest, match=f"version {version}; this program reads 1 and 2"):
        recipe_from_json(changed("schema", version))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_are_not_finite_are_refused(number: str) -> None:
    text = recipe_to_json(RECIPE)
    with pytest.raises(BadRequest, match="finite"):
        recipe_from_json(text.replace("7.5", number))
    with pytest.raises(BadRequest, match="finite"):
        recipe_from_json(text.replace("-30.25", number))
    broken = replace(RECIPE, settings=replace(RECIPE.settings, guidance=float("nan")))
    with pytest.raises(ValueError, match="JSON compliant"):
        recipe_to_json(broken)


@pytest.mark.parametrize(
    "text",
    ["", "x", "null", "[]", "7", "{", "[" * 100_000, "1" * 5000, "__import__('os')", "{}"],
)
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        recipe_from_json(text)


def test_text_that_is_too_long_is_refused_unread() -> None:
    with pytest.raises(BadRequest, match="characters; at most"):
        recipe_from_json(" " * 14_000_001)


@settings(max_examples=100)
@given(st.text(max_size=300))
def test_any_text_gives_a_recipe_or_a_sentence(text: str) -> None:
    with pytest.raises(BadRequest):
        recipe_from_json(text)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)


def places(form: object) -> list[tuple[Any, Any]]:
    """Every field of every object and list in a form, as the holder and its key."""
    pairs = list(form.items()) if isinstance(form, dict) else []
    pairs += list(enumerate(form)) if isinstance(form, list) else []
    return [(form, key) for key, _ in pairs] + [p for _, value in pairs for p in places(value)]


@settings(max_examples=300)
@given(st.data())
def test_any_value_in_any_place_gives_a_recipe_or_a_sentence(data: st.DataObject) -> None:
    form = form_of(data.draw(st.sampled_from([RECIPE, created()])))
    for _ in range(data.draw(st.integers(1, 3))):
        holder, key = data.draw(st.sampled_from(places(form)))
        if data.draw(st.booleans()):
            holder[key] = data.draw(json_values)
        else:
            holder.pop(key)
    try:
        recipe = recipe_from_json(json.dumps(form))
    except BadRequest as error:
        assert str(error)
    else:
        assert recipe_from_json(recipe_to_json(recipe)) == recipe


def created() -> Recipe:
    """A recipe with as little as there can be."""
    return replace(
        RECIPE,
        tool=Tool.CREATE,
        size=(64, 64),
        mask=None,
        selection=None,
        feather=None,
        context=None,
        prompts=Prompts(),
        sides=Sides(),
    )


def test_a_picture_of_the_previous_release_opens_with_what_that_release_did() -> None:
    recipe = read_recipe(OLD_PICTURE)
    assert recipe is not None
    used = recipe.settings
    assert (used.prompt, used.negative_prompt) == ("a red {sea", "people")
    assert (used.seed, used.steps, used.guidance, used.strength) == (7, 5, 4.5, 0.8)
    assert used.scheduler == "DDIM"
    assert recipe.prompts == Prompts((Point(30, 20), Point(5, 6, False)), Box(10, 8, 40, 36))
    assert (recipe.region, recipe.feather, recipe.photo_size) == (Region.SUBJECT, 2, (64, 48))
    assert (recipe.tool, recipe.selection) == (Tool.REPAINT, None)
    assert (recipe.prefill, recipe.match_colour, recipe.separate) == ("original", False, False)
    assert recipe.window == Box(0, 0, 64, 48)


def test_shortcuts_are_written_only_where_they_are_taken() -> None:
    """Without them a recipe has the bytes that it had before there were any."""
    assert not {"guidance_until", "reuse"} & set(form_of()["settings"])
    used = replace(RECIPE.settings, guidance_until=0.5, reuse=3)
    quick = replace(RECIPE, settings=used)
    form = form_of(quick)["settings"]
    assert (form["guidance_until"], form["reuse"]) == (0.5, 3)
    assert recipe_from_json(recipe_to_json(quick)) == quick
    written_out = changed("settings.reuse", 1)
    assert recipe_to_json(recipe_from_json(written_out)) == recipe_to_json(RECIPE)


def test_a_recipe_of_today_has_the_bytes_that_the_last_release_gave_it() -> None:
    names = ["prompt", "negative_prompt", "seed", "steps", "guidance", "strength", "scheduler"]
    assert list(form_of()["settings"]) == [*names, "softness", "loras"]


def test_version_1_painted_anew_on_a_blur() -> None:
    form = form_of()
    for name in ("tool", "selection", "sides", "size", "context", "separate", "prefill"):
        del form[name]
    frame = form.pop("frames")[0]
    del form["match_colour"], form["settings"]["softness"], form["settings"]["loras"]
    form |= {"schema": 1, "window": frame["window"], "frame": frame["size"]}
    assert recipe_from_json(json.dumps(form)).prefill == "blur"
    form["settings"]["strength"] = 0.89
    assert recipe_from_json(json.dumps(form)).prefill == "original"
    form["tool"] = "create"
    with pytest.raises(BadRequest, match="'tool' is unknown"):
        recipe_from_json(json.dumps(form))
