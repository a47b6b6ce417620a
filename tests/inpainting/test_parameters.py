"""The text for other programs, read back as those read it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from inpainting.parameters import parameters_of
from inpainting.photo import encode_result, open_photo
from inpainting.recipe import APP_VERSION
from inpainting.types import LoraUse, PaintResult, PaintSettings, Tool
from tests.support.pictures import file_of
from tests.support.recipes import RECIPE

USED = PaintSettings("a sea", "people", 1, 20, 7.0, 0.75, "DPM++ 2M Karras")


def read(text: str) -> tuple[str, str, dict[str, str]]:
    """Prompt, negative prompt and values, by the rules that the form is known to be read by.

    The last line has at least three values, each "name: value", in JSON quotes where it has to be;
    the lines before it are the prompt up to one that begins with "Negative prompt:".
    """
    *lines, last = text.strip().split("\n")
    pairs = re.findall(r'\s*(\w[\w \-/]+):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)', last)
    assert len(pairs) >= 3
    values = {k: json.loads(v) if v[:1] == v[-1:] == '"' else v for k, v in pairs}
    start = next((i for i, li in enumerate(lines) if li.startswith("Negative prompt:")), len(lines))
    negative = "\n".join(lines[start:]).replace("Negative prompt:", "", 1).strip()
    return "\n".join(lines[:start]).strip(), negative, values


def test_the_settings_are_where_other_programs_look_for_them() -> None:
    prompt, negative, values = read(parameters_of(replace(RECIPE, settings=USED)))
    assert (prompt, negative) == ("a sea", "people")
    assert values == {
        "Steps": "20",
        "Sampler": "DPM++ 2M Karras",
        "CFG scale": "7",
        "Seed": "1",
        "Size": "512x512",
        "Model": "tiny",
        "Denoising strength": "0.75",
        "Version": f"Point & Paint {APP_VERSION}",
    }


def test_the_whole_text() -> None:
    assert parameters_of(replace(RECIPE, settings=USED)) == (
        "a sea\nNegative prompt: people\nSteps: 20, Sampler: DPM++ 2M Karras, CFG scale: 7, "
        "Seed: 1, Size: 512x512, Model: tiny, Denoising strength: 0.75, "
        f"Version: Point & Paint {APP_VERSION}"
    )


def test_a_picture_from_nothing_has_no_denoising_strength() -> None:
    _, _, values = read(parameters_of(replace(RECIPE, tool=Tool.CREATE, settings=USED)))
    assert "Denoising strength" not in values


def test_remove_has_no_such_settings() -> None:
    assert parameters_of(replace(RECIPE, tool=Tool.REMOVE)) == ""


def test_lora_files_stand_in_the_prompt() -> None:
    loras = (LoraUse("ink.safetensors", 0.8), LoraUse("a<b>:c", -1.0))
    prompt, _, _ = read(parameters_of(replace(RECIPE, settings=replace(USED, loras=loras))))
    assert prompt == "a sea <lora:ink:0.8> <lora:a_b__c:-1>"


def test_without_prompts_the_values_are_there() -> None:
    bare = replace(USED, prompt="", negative_prompt="")
    assert read(parameters_of(replace(RECIPE, settings=bare)))[:2] == ("", "")
    negative = replace(USED, prompt="")
    assert read(parameters_of(replace(RECIPE, settings=negative)))[:2] == ("", "people")


words = st.text(st.characters(codec="latin-1", categories=["L", "N", "P", "Z"]), max_size=60)


@given(words, st.text(st.sampled_from('ab,:" \\+'), min_size=1, max_size=12))
def test_any_prompt_and_any_names_are_read_back(prompt: str, name: str) -> None:
    line = " ".join(prompt.split())
    used = replace(USED, prompt=line, scheduler=name.strip() or "x")
    painter = replace(RECIPE.painter, key=name.strip() or "x")
    text = parameters_of(replace(RECIPE, settings=used, painter=painter))
    if not line.startswith("Negative prompt:"):
        assert read(text)[0] == line
    values = read(text)[2]
    assert values["Sampler"] == values["Model"] == used.scheduler
    assert values["Seed"] == "1"


@pytest.mark.parametrize("prompt", ["caf\u00e9 by the sea", "\u6d77 and a \U0001f988"])
def test_a_png_has_it_where_pillow_shows_it(prompt: str) -> None:
    photo = open_photo(file_of(Image.new("RGB", (20, 16))))
    recipe = replace(RECIPE, settings=replace(USED, prompt=prompt))
    data = encode_result(PaintResult(photo, 1, 0.1, recipe))
    assert read(Image.open(BytesIO(data)).info["parameters"])[0] == prompt
    assert (b"tEXtparameters\0" in data) == prompt.startswith("caf")
    assert b"parameters" not in encode_result(PaintResult(photo, 1, 0.1, recipe), with_recipe=False)
