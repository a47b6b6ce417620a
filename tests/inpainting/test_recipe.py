"""Recipes: what is written is read back; what anyone else wrote is checked field by field."""

from __future__ import annotations

import json
import re
import zlib
from base64 import b64encode
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from PIL import Image

from inpainting.errors import BadRequest
from inpainting.photo import encode_result, open_photo, read_png_text, read_recipe
from inpainting.recipe import (
    APP_VERSION,
    ModelUsed,
    PackedMask,
    Recipe,
    pack_mask,
    recipe_from_json,
    recipe_of,
    recipe_to_json,
    unpack_mask,
)
from inpainting.types import (
    Box,
    ModelInfo,
    PaintRequest,
    PaintResult,
    PaintSettings,
    Photo,
    Point,
    Prompts,
    Region,
    Size,
)

ROOT = Path(__file__).resolve().parents[2]

MODEL = ModelUsed("tiny", "some/where", "a" * 40, "float32")

RECIPE = Recipe(
    photo_digest="0" * 64,
    photo_size=(20, 16),
    segmenter=MODEL,
    painter=replace(MODEL, device="cuda:0"),
    prompts=Prompts((Point(3, 4), Point(5, 6, include=False)), Box(1, 2, 9, 9)),
    mask=pack_mask(np.eye(16, 20, dtype=np.bool_)),
    region=Region.SUBJECT,
    settings=PaintSettings("a sea", "", 7, 20, 7.5, 1.0, "euler"),
    feather=3,
    window=Box(0, 0, 20, 16),
    frame_size=(512, 512),
    libraries={"torch": "2.0"},
)

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=50)
wholes = st.integers(0, 65_535)
sizes = st.tuples(st.integers(1, 65_535), st.integers(1, 65_535))
boxes = st.builds(Box, wholes, wholes, wholes, wholes)
models = st.builds(ModelUsed, texts, texts, texts, texts, texts)
floats = st.floats(allow_nan=False, allow_infinity=False)
recipes = st.builds(
    Recipe,
    photo_digest=texts,
    photo_size=sizes,
    segmenter=models,
    painter=models,
    prompts=st.builds(
        Prompts,
        st.lists(st.builds(Point, wholes, wholes, st.booleans()), max_size=5).map(tuple),
        st.none() | boxes,
    ),
    mask=st.builds(PackedMask, sizes, texts),
    region=st.sampled_from(Region),
    settings=st.builds(
        PaintSettings,
        texts,
        texts,
        st.integers(0, 2**32 - 1),
        st.integers(1, 150),
        floats,
        floats,
        texts,
    ),
    feather=wholes,
    window=boxes,
    frame_size=sizes,
    app_version=texts.map(lambda text: text[:40]),
    libraries=st.dictionaries(texts, texts, max_size=4),
)


@settings(max_examples=80, deadline=None)
@given(recipes)
def test_a_recipe_survives_its_json_form(recipe: Recipe) -> None:
    text = recipe_to_json(recipe)
    assert text.isascii()
    assert "\n" not in text
    assert recipe_from_json(text) == recipe


def changed(path: str, value: object) -> str:
    """The JSON form of RECIPE with one field replaced; `path` is like "settings.seed"."""
    form: dict[str, Any] = json.loads(recipe_to_json(RECIPE))
    *folders, name = path.split(".")
    inner = form
    for folder in folders:
        inner = inner[folder]
    inner[name] = value
    return json.dumps(form)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("schema", True),
        ("schema", "1"),
        ("app", 1),
        ("photo", None),
        ("photo.digest", "0" * 65),
        ("photo.size", [20]),
        ("photo.size", [20, 0]),
        ("photo.size", [20, 1.5]),
        ("photo.size", {"width": 20}),
        ("photo.extra", 1),
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
        ("settings.prompt", "x" * 2001),
        ("settings.seed", 2**32),
        ("settings.seed", -1),
        ("settings.seed", 1.0),
        ("settings.steps", 10**9),
        ("settings.guidance", "7"),
        ("settings.guidance", True),
        ("settings.guidance", 10**400),
        ("settings.strength", None),
        ("settings.extra", 1),
        ("feather", 1.5),
        ("window", None),
        ("frame", [512, 512, 512]),
        ("libraries", {"torch": 2}),
        ("libraries", {"\ud800": "2"}),
        ("libraries", {str(n): "1" for n in range(101)}),
        ("extra", 1),
    ],
)
def test_a_wrong_field_is_refused_by_name(path: str, value: object) -> None:
    with pytest.raises(BadRequest) as caught:
        recipe_from_json(changed(path, value))
    assert "recipe" in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("name", sorted(json.loads(recipe_to_json(RECIPE))))
def test_a_missing_field_is_refused(name: str) -> None:
    form = json.loads(recipe_to_json(RECIPE))
    del form[name]
    with pytest.raises(BadRequest, match=f"'{name}' is missing"):
        recipe_from_json(json.dumps(form))


@pytest.mark.parametrize("version", [0, 2, 99])
def test_an_unknown_version_is_refused(version: int) -> None:
    with pytest.raises(BadRequest, match=f"version {version}; this program reads 1"):
        recipe_from_json(changed("schema", version))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_are_not_finite_are_refused(number: str) -> None:
    text = recipe_to_json(RECIPE).replace("7.5", number)
    with pytest.raises(BadRequest, match="finite"):
        recipe_from_json(text)
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
        recipe_from_json(" " * 12_000_001)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=300))
def test_any_text_gives_a_recipe_or_a_sentence(text: str) -> None:
    with pytest.raises(BadRequest):
        recipe_from_json(text)


@settings(max_examples=50, deadline=None)
@given(hnp.arrays(np.bool_, st.tuples(st.integers(1, 40), st.integers(1, 40))))
def test_a_mask_survives_packing(mask: NDArray[np.bool_]) -> None:
    packed = pack_mask(mask)
    unpacked = unpack_mask(packed, (mask.shape[1], mask.shape[0]))
    assert unpacked.dtype == np.bool_
    assert np.array_equal(unpacked, mask)


def test_a_mask_for_another_photo_is_refused_with_both_sizes() -> None:
    with pytest.raises(BadRequest, match=r"20 x 16 pixels; this one is 21 x 16"):
        unpack_mask(RECIPE.mask, (21, 16))


@pytest.mark.parametrize(
    "data",
    [
        "",
        "!!!!",
        "caf\u00e9",
        b64encode(b"no zlib").decode(),
        b64encode(zlib.compress(bytes(39))).decode(),
        b64encode(zlib.compress(bytes(41))).decode(),
        b64encode(zlib.compress(bytes(200_000_000), 9)).decode(),
        RECIPE.mask.data[:20],
    ],
)
def test_a_damaged_mask_or_a_bomb_is_refused(data: str) -> None:
    with pytest.raises(BadRequest, match="damaged"):
        unpack_mask(PackedMask((20, 16), data), (20, 16))


@dataclass(frozen=True)
class Window:
    """A frame as far as a recipe looks at it."""

    window: Box
    size: Size


def photo_of(size: Size = (20, 16)) -> Photo:
    file = BytesIO()
    Image.new("RGB", size, "teal").save(file, "PNG")
    return open_photo(file.getvalue())


def made_from(photo: Photo) -> Recipe:
    info = ModelInfo("row", "Row", "some/where", "b" * 40, "MIT", "cuda:0", "float16")
    request = PaintRequest(photo, np.eye(16, 20, dtype=np.bool_), prompts=RECIPE.prompts)
    frame = Window(Box(0, 0, 16, 16), (512, 512))
    return recipe_of(request, RECIPE.settings, replace(info, device="cpu"), info, frame, 3)


def test_a_recipe_notes_all_that_made_a_result() -> None:
    photo = photo_of()
    recipe = made_from(photo)
    assert (recipe.photo_digest, recipe.photo_size) == (photo.digest, (20, 16))
    assert recipe.painter == ModelUsed("row", "some/where", "b" * 40, "float16", "cuda:0")
    assert recipe.segmenter.device == "cpu"
    assert np.array_equal(unpack_mask(recipe.mask, photo.size), np.eye(16, 20, dtype=np.bool_))
    assert (recipe.window, recipe.frame_size) == (Box(0, 0, 16, 16), (512, 512))
    assert {"numpy", "pillow"} <= set(recipe.libraries)
    assert recipe_from_json(recipe_to_json(recipe)) == recipe


def test_a_result_carries_its_recipe_and_can_do_without(tmp_path: Path) -> None:
    photo = photo_of()
    result = PaintResult(photo, 7, 0.5, made_from(photo))
    path = tmp_path / "out.png"
    path.write_bytes(encode_result(result))
    assert read_recipe(path) == result.recipe
    assert open_photo(path).digest == photo.digest
    bare = encode_result(result, with_recipe=False)
    assert read_recipe(bare) is None
    assert b"a sea" not in bare
    assert "AI-edited" in read_png_text(bare)["Software"]


def test_the_version_is_that_of_the_project() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf8")
    found = re.search(r'^version = "(.*)"$', project, re.MULTILINE)
    assert found is not None
    assert found[1] == APP_VERSION
