from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from inpainting.recipe import Recipe
from inpainting.types import LoraUse, Tool
from inpainting.web.lorafiles import with_loras_here
from tests.support.fakes import FakePainter
from tests.support.recipes import RECIPE

ABLE = replace(FakePainter().info, lora_base="fake")
INK, OIL = LoraUse("ink", 0.5), LoraUse("oil")


def recipe_with(*loras: LoraUse, **digests: str) -> Recipe:
    return replace(RECIPE, settings=replace(RECIPE.settings, loras=loras), lora_digests=digests)


@pytest.fixture
def folder(tmp_path: Path) -> str:
    """A folder with the file of ink alone."""
    (tmp_path / "ink.safetensors").write_bytes(b"ink")
    (tmp_path / "notes.txt").write_bytes(b"oil")
    return str(tmp_path)


def test_the_files_that_were_used_are_not_told_of(folder: str) -> None:
    recipe = recipe_with(INK, ink=sha256(b"ink").hexdigest())
    assert with_loras_here(recipe, ABLE, folder) == (recipe, ())
    unknown = recipe_with(INK)
    assert with_loras_here(unknown, ABLE, folder) == (unknown, ())


def test_a_file_of_the_same_name_with_other_content_is_told_of(folder: str) -> None:
    recipe = recipe_with(INK, ink="a" * 64)
    told = "The LoRA file 'ink' is not the one that was used; the picture may differ."
    assert with_loras_here(recipe, ABLE, folder) == (recipe, (told,))


def test_a_file_that_is_gone_is_left_out_and_told_of(folder: str) -> None:
    kept, told = with_loras_here(recipe_with(OIL, INK, oil="b" * 64), ABLE, folder)
    assert kept.settings.loras == (INK,)
    assert told == ("The LoRA file 'oil' is not here, so it was left out.",)


@pytest.mark.parametrize("nowhere", ["", "no such folder"])
def test_without_a_folder_all_are_gone(nowhere: str) -> None:
    kept, told = with_loras_here(recipe_with(INK, OIL), ABLE, nowhere)
    assert kept.settings.loras == ()
    assert len(told) == 2


def test_a_name_is_never_a_path(folder: str) -> None:
    (Path(folder) / "inner").mkdir()
    evil = recipe_with(LoraUse("inner/../ink"), **{"inner/../ink": "a" * 64})
    kept, (told,) = with_loras_here(evil, ABLE, folder + "/inner/..")
    assert kept.settings.loras == ()
    assert "not here" in told


def test_a_painter_without_lora_files_says_so(folder: str) -> None:
    kept, (told,) = with_loras_here(recipe_with(INK), FakePainter().info, folder)
    assert kept.settings.loras == ()
    assert told == "One colour takes no LoRA files, so those of the recipe were left out."


def test_what_uses_none_is_left_alone(folder: str) -> None:
    removed = replace(recipe_with(INK), tool=Tool.REMOVE)
    assert with_loras_here(removed, FakePainter().info, folder) == (removed, ())
    assert with_loras_here(recipe_with(), FakePainter().info, folder) == (recipe_with(), ())
