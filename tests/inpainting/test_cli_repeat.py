"""The command `repeat`: the same bytes from the photo and the recipe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from inpainting.cli import BAD_INPUT, DONE, FAILED
from inpainting.errors import ModelUnavailable
from inpainting.photo import open_photo, read_recipe
from inpainting.settings import Settings
from inpainting.studio import Studio
from tests.support.commands import UNUSED, Run, fake_studio, noise_file
from tests.support.pictures import picture

OLD_PICTURE = Path(__file__).resolve().parents[1] / "data" / "recipe-1.png"
SEA = ["--at", "30,20", "--prompt", "sea"]


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    return noise_file(tmp_path)


@pytest.mark.parametrize(
    "words",
    [
        SEA,
        [
            "--at",
            "30,20",
            "--prompt",
            r"{a \{|b\}|c}",
            "--negative",
            "{x|y}",
            "--region",
            "subject",
        ],
        [*SEA, "--separate", "--at", "3,3", "--context", "0.5", "--grow", "2", "--feather", "4"],
        [*SEA, "--prefill", "noise", "--match-colour", "--softness", "8", "--strength", "0.8"],
        [*SEA, "--guidance-until", "0.5", "--reuse", "3"],
        [*SEA, "--lora", "ink:0.5", "--scheduler", "DDIM", "--steps", "7", "--guidance", "2.5"],
        ["--tool", "remove", "--at", "30,20"],
        ["--tool", "remove", "--at", "30,20", "--method", "lama"],
        ["--tool", "extend", "--extend", "8,4,0,2", "--prompt", "sea"],
        ["--tool", "restyle", "--prompt", "ink"],
        ["--tool", "restyle", *SEA, "--region", "subject"],
    ],
)
@pytest.mark.parametrize("form", ["png", "json"])
def test_the_same_bytes_come_out(photo: Path, tmp_path: Path, words: list[str], form: str) -> None:
    out, again, recipe = (tmp_path / name for name in ("out.png", "again.png", "recipe.json"))
    run = Run("paint", photo, *words, "--variations", 2, "-o", out, "--recipe", recipe)
    assert run.code == DONE, run.err
    for number in ("", "-2"):
        source = tmp_path / (f"out{number}.png" if form == "png" else f"recipe{number}.json")
        run = Run("repeat", photo, source, "-o", again)
        assert run.code == DONE, run.err
        assert run.out[0] == str(again)
        assert run.out[1].startswith("seed ")
        assert not any("may differ" in line for line in run.err)
        assert again.read_bytes() == (tmp_path / f"out{number}.png").read_bytes()


def test_what_was_created_is_created_again_without_a_photo(photo: Path, tmp_path: Path) -> None:
    out, again = tmp_path / "out.png", tmp_path / "again.png"
    words = ["--tool", "create", "--prompt", "sea", "--size", "96x64", "-o", out]
    assert Run("paint", *words).code == DONE
    assert Run("repeat", out, "-o", again).code == DONE
    assert again.read_bytes() == out.read_bytes()
    assert Run("repeat", photo, out, "-o", again).code == DONE
    assert again.read_bytes() == out.read_bytes()


def test_a_picture_of_the_previous_release_is_made_again(tmp_path: Path) -> None:
    path, again = tmp_path / "photo.png", tmp_path / "again.png"
    Image.fromarray(picture(64, 48)).save(path)
    run = Run("repeat", path, OLD_PICTURE, "-o", again)
    assert run.code == DONE, run.err
    assert np.array_equal(open_photo(again).pixels, open_photo(OLD_PICTURE).pixels)
    recipe = read_recipe(again)
    assert recipe is not None
    assert (recipe.settings.prompt, recipe.settings.seed) == ("a red {sea", 7)


def test_the_painter_of_the_recipe_is_asked_for_unless_another_is_named(
    photo: Path, tmp_path: Path
) -> None:
    out, again = tmp_path / "out.png", tmp_path / "again.png"
    assert Run("paint", photo, *SEA, "--painter", "finest", "-o", out).code == DONE
    asked: list[str] = []

    def make(settings: Settings, say: Any, /, **_needs: bool) -> Studio:
        asked.append(settings.painter)
        return fake_studio(settings, say)

    assert Run("repeat", photo, out, "-o", again, maker=make).code == DONE
    run = Run("repeat", photo, out, "--painter", "other", "-o", again, maker=make)
    assert run.code == DONE
    assert "The painter was 'finest' and is 'other'; the picture may differ." in run.err
    assert asked == ["finest", "other"]


def test_what_cannot_be_repeated_is_told_before_any_model_is_loaded(
    photo: Path, tmp_path: Path
) -> None:
    out, other, text = (tmp_path / name for name in ("out.png", "other.png", "text.json"))
    assert Run("paint", photo, *SEA, "-o", out).code == DONE
    Image.new("RGB", (64, 48), "teal").save(other)
    text.write_bytes(b"\xff\xfe")
    (tmp_path / "v9.json").write_text('{"schema": 9}')
    for words, sentence in (
        ([other, out], "for another photo"),
        ([out], "Name the photo"),
        ([photo, other], "carries no recipe"),
        ([photo, text], "neither a PNG nor a JSON"),
        ([photo, tmp_path / "v9.json"], "version 9; this program reads 1 and 2"),
        ([photo, tmp_path / "absent.json"], "No such file"),
        ([tmp_path / "absent.png", out], "no such file"),
    ):
        run = Run("repeat", *words, "-o", tmp_path / "again.png", maker=UNUSED)
        assert (run.code, len(run.err)) == (BAD_INPUT, 1)
        assert sentence in run.err[0]
    assert not (tmp_path / "again.png").exists()


def test_a_recipe_that_is_far_too_large_is_not_read(photo: Path, tmp_path: Path) -> None:
    path = tmp_path / "large.json"
    with path.open("wb") as file:
        file.truncate(200_000_001)
    run = Run("repeat", photo, path, "-o", tmp_path / "again.png", maker=UNUSED)
    assert (run.code, run.err) == (BAD_INPUT, ["'large.json' is larger than 200 MB."])


def test_a_recipe_names_a_painter_but_does_not_download_it(photo: Path, tmp_path: Path) -> None:
    out, again = tmp_path / "out.png", tmp_path / "again.png"
    assert Run("paint", photo, *SEA, "--painter", "finest", "-o", out).code == DONE
    asked: list[int] = []

    def make(settings: Settings, say: Any, /, **_needs: bool) -> Studio:
        del say
        asked.append(settings.offline)
        raise ModelUnavailable("It is not on this disk.")

    run = Run("repeat", photo, out, "-o", again, maker=make)
    assert asked == [1]
    assert (run.code, again.exists()) == (FAILED, False)
    assert "made with 'finest'" in run.err[-1] and "--painter" in run.err[-1]
