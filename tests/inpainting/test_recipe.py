"""Recipes: noted from a job; what they hold makes the same picture again."""

from __future__ import annotations

import re
import zlib
from base64 import b64encode
from dataclasses import dataclass, replace
from pathlib import Path

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
    FrameUsed,
    ModelUsed,
    PackedMask,
    PartUsed,
    Recipe,
    SelectionUsed,
    differences,
    other_loras,
    pack_mask,
    recipe_from_json,
    recipe_of,
    recipe_to_json,
    request_of,
    unpack_mask,
)
from inpainting.sets import variant
from inpainting.types import (
    Box,
    Combine,
    Edges,
    LoraUse,
    ModelInfo,
    PaintRequest,
    PaintResult,
    PaintSettings,
    Photo,
    Prompts,
    Region,
    Sides,
    Size,
    Stroke,
    Tool,
)
from tests.support.pictures import file_of, picture
from tests.support.recipes import PROMPTS, RECIPE, STROKE

ROOT = Path(__file__).resolve().parents[2]
INFO = ModelInfo("row", "Row", "some/where", "b" * 40, "MIT", "cuda:0", "float16")
MASK = np.eye(16, 20, dtype=np.bool_)


@dataclass(frozen=True)
class Window:
    """A frame as far as a recipe looks at it."""

    window: Box
    size: Size


@dataclass(frozen=True)
class Place:
    """A piece as far as a recipe looks at it."""

    frame: Window
    feather: int = 3


PLACE = Place(Window(Box(0, 0, 16, 16), (512, 512)))
OTHER = Place(Window(Box(8, 0, 20, 16), (512, 256)))


def photo_of(size: Size = (20, 16), name: str = "photo") -> Photo:
    return open_photo(file_of(Image.new("RGB", size, "teal")), name)


def made_from(request: PaintRequest, *places: Place, used: PaintSettings | None = None) -> Recipe:
    segmenter = replace(INFO, device="cpu")
    return recipe_of(
        request, used or RECIPE.settings, segmenter, INFO, places or (PLACE,), "blur", True
    )


def test_a_recipe_notes_all_that_made_a_result() -> None:
    photo = photo_of()
    chosen = SelectionUsed((PartUsed(Combine.ADD, PROMPTS, (STROKE,), None),), Edges(2))
    request = PaintRequest(
        photo, MASK, prompts=PROMPTS, context=0.5, separate=True, selection=chosen
    )
    recipe = made_from(request, PLACE, OTHER)
    assert (recipe.photo_digest, recipe.photo_size) == (photo.digest, (20, 16))
    assert recipe.painter == ModelUsed("row", "some/where", "b" * 40, "float16", "cuda:0")
    assert recipe.segmenter.device == "cpu"
    assert recipe.mask is not None
    assert np.array_equal(unpack_mask(recipe.mask, photo.size), MASK)
    assert (recipe.prompts, recipe.selection) == (PROMPTS, chosen)
    assert recipe.frames == (
        FrameUsed(Box(0, 0, 16, 16), (512, 512)),
        FrameUsed(Box(8, 0, 20, 16), (512, 256)),
    )
    assert (recipe.window, recipe.frame_size) == (Box(0, 0, 16, 16), (512, 512))
    assert (recipe.feather, recipe.context, recipe.separate) == (3, 0.5, True)
    assert (recipe.prefill, recipe.match_colour) == ("blur", True)
    assert recipe.settings == RECIPE.settings
    assert {"numpy", "pillow"} <= set(recipe.libraries)
    assert recipe_from_json(recipe_to_json(recipe)) == recipe


def test_feathers_that_differ_are_left_to_the_frames() -> None:
    request = PaintRequest(photo_of(), MASK, separate=True)
    assert made_from(request, PLACE, replace(OTHER, feather=4)).feather is None


def test_what_a_tool_does_not_look_at_is_left_out() -> None:
    photo, sides = photo_of(), Sides(1, 2, 3, 4)
    chosen = SelectionUsed((), Edges())
    request = PaintRequest(
        photo, MASK, prompts=PROMPTS, sides=sides, size=(64, 80), selection=chosen
    )
    extended = made_from(replace(request, tool=Tool.EXTEND))
    assert (extended.mask, extended.selection, extended.prompts) == (None, None, Prompts())
    assert (extended.sides, extended.size, extended.photo_digest) == (sides, None, photo.digest)
    created = made_from(replace(request, tool=Tool.CREATE))
    assert (created.photo_digest, created.photo_size, created.size) == ("", (64, 80), (64, 80))
    assert (created.sides, created.mask, created.is_whole) == (Sides(), None, True)
    removed = made_from(replace(request, tool=Tool.REMOVE))
    assert (removed.method, removed.sides, removed.is_whole) == ("row", Sides(), False)
    restyled = made_from(replace(request, tool=Tool.RESTYLE))
    assert (restyled.method, restyled.is_whole, restyled.mask is None) == (None, False, False)
    assert made_from(replace(request, tool=Tool.RESTYLE, mask=None)).is_whole


def test_how_a_mask_was_made_is_left_out_where_it_is_very_long_to_tell() -> None:
    line = tuple((float(n) / 3, float(n) / 7) for n in range(5000))
    strokes = (Stroke(line, 3.0),) * 25
    chosen = SelectionUsed((PartUsed(Combine.ADD, Prompts(), strokes, None),), Edges())
    recipe = made_from(PaintRequest(photo_of(), MASK, selection=chosen))
    assert recipe.selection is None
    assert recipe.mask is not None
    few = replace(chosen, parts=(replace(chosen.parts[0], strokes=strokes[:2]),))
    assert made_from(PaintRequest(photo_of(), MASK, selection=few)).selection == few


def test_the_longest_recipe_can_be_read_again() -> None:
    noise = PackedMask((10_000, 5_000), "A" * 8_400_000)
    part = PartUsed(Combine.ADD, Prompts(), (), PackedMask((10_000, 5_000), "A" * 3_900_000))
    recipe = replace(RECIPE, mask=noise, selection=SelectionUsed((part,), Edges()))
    text = recipe_to_json(recipe)
    assert len(text) > 12_000_000
    assert recipe_from_json(text) == recipe


@pytest.mark.parametrize("tool", list(Tool))
@pytest.mark.parametrize("whole", [False, True])
def test_a_recipe_gives_the_request_that_makes_it_again(tool: Tool, whole: bool) -> None:
    used = PaintSettings("a {sea|\\", "no | no", 9, 5, 2.5, 0.75, "Euler", 6, (LoraUse("a", 0.5),))
    used = replace(used, guidance_until=0.5, reuse=2)
    mask = None if whole else MASK
    request = PaintRequest(
        photo_of(),
        mask,
        Region.SUBJECT,
        "{a {b|c}|d}",
        prompts=PROMPTS,
        tool=tool,
        sides=Sides(4, 0, 0, 1),
        size=(64, 80),
        context=1.5,
        separate=True,
    )
    recipe = made_from(request, used=used)
    again = request_of(recipe, request.photo)
    assert (variant(again.prompt, 0), variant(again.negative_prompt, 0)) == (
        used.prompt,
        used.negative_prompt,
    )
    assert (again.seed, again.steps, again.guidance, again.strength) == (9, 5, 2.5, 0.75)
    assert (again.scheduler, again.softness, again.loras) == ("Euler", 6, used.loras)
    assert (again.guidance_until, again.reuse) == (0.5, 2)
    assert (again.feather, again.context, again.separate) == (3, 1.5, True)
    assert (again.prefill, again.match_colour, again.variations) == ("blur", True, 1)
    assert again.method == ("row" if tool is Tool.REMOVE else None)
    repeated = made_from(again, used=replace(used))
    assert repeated == recipe


def test_another_photo_is_refused_by_both_their_names() -> None:
    recipe = made_from(PaintRequest(photo_of(), MASK))
    other = photo_of((24, 16), "holiday")
    with pytest.raises(BadRequest, match=r"20 x 16.*'holiday' has 24 x 16") as caught:
        request_of(recipe, other)
    assert other.digest[:12] in str(caught.value)
    assert recipe.photo_digest[:12] in str(caught.value)


def test_a_mask_of_another_size_is_refused_also_for_the_right_photo() -> None:
    photo = photo_of((21, 16))
    with pytest.raises(BadRequest, match="mask of the recipe is for a photo of 20 x 16"):
        request_of(replace(RECIPE, photo_digest=photo.digest), photo)


def test_what_may_give_another_picture_is_told() -> None:
    recipe = made_from(PaintRequest(photo_of(), MASK))
    assert differences(recipe, INFO) == ()
    told = differences(
        replace(recipe, libraries={"numpy": "1.0", "gone": "3"}),
        replace(INFO, revision="c" * 40, device="cpu"),
    )
    assert len(told) == 3
    assert "revision was 'bbb" in told[0]
    assert "'cuda:0' and is 'cpu'" in told[1]
    assert "numpy 1.0" in told[2]


@settings(max_examples=50)
@given(hnp.arrays(np.bool_, st.tuples(st.integers(1, 40), st.integers(1, 40))))
def test_a_mask_survives_packing(mask: NDArray[np.bool_]) -> None:
    packed = pack_mask(mask)
    unpacked = unpack_mask(packed, (mask.shape[1], mask.shape[0]))
    assert unpacked.dtype == np.bool_
    assert np.array_equal(unpacked, mask)


def test_a_mask_for_another_photo_is_refused_with_both_sizes() -> None:
    with pytest.raises(BadRequest, match=r"20 x 16 pixels; this one is 21 x 16"):
        unpack_mask(pack_mask(MASK), (21, 16))


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
        pack_mask(MASK).data[:20],
    ],
)
def test_a_damaged_mask_or_a_bomb_is_refused(data: str) -> None:
    with pytest.raises(BadRequest, match="damaged"):
        unpack_mask(PackedMask((20, 16), data), (20, 16))


def test_a_result_carries_its_recipe_and_can_do_without(tmp_path: Path) -> None:
    photo = photo_of()
    result = PaintResult(photo, 7, 0.5, made_from(PaintRequest(photo, MASK)))
    path = tmp_path / "out.png"
    path.write_bytes(encode_result(result))
    assert read_recipe(path) == result.recipe
    assert open_photo(path).digest == photo.digest
    bare = encode_result(result, with_recipe=False)
    assert read_recipe(bare) is None
    assert b"a sea" not in bare
    assert "AI-edited" in read_png_text(bare)["Software"]


def test_a_picture_of_the_previous_release_is_for_the_photo_it_was_made_from() -> None:
    recipe = read_recipe(ROOT / "tests" / "data" / "recipe-1.png")
    assert recipe is not None
    photo = open_photo(file_of(Image.fromarray(picture(64, 48))))
    request = request_of(recipe, photo)
    assert variant(request.prompt, 0) == "a red {sea"
    assert request.mask is not None
    assert request.mask[20, 30]


def test_the_version_is_that_of_the_project() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf8")
    found = re.search(r'^version = "(.*)"$', project, re.MULTILINE)
    assert found is not None
    assert found[1] == APP_VERSION


def test_another_lora_file_of_the_same_name_is_told_of() -> None:
    was, now = ({"ink": digit * 64, "oil": "b" * 64} for digit in "ac")
    sentence = "The LoRA file 'ink' is not the one that was used; the picture may differ."
    old, new = (replace(RECIPE, lora_digests=digests) for digests in (was, now))
    assert other_loras(old, new) == (sentence,)
    assert other_loras(old, old) == other_loras(replace(old, lora_digests={}), new) == ()
