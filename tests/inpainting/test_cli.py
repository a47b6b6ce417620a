"""The command line: exit codes, sentences, and which models are asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from inpainting.cli import BAD_INPUT, DONE, FAILED, STOPPED
from inpainting.errors import ModelUnavailable, OutOfMemory
from inpainting.settings import Settings
from inpainting.studio import Studio
from tests.support.commands import Run, failing, fake_studio, noise_file


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    return noise_file(tmp_path)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ModelUnavailable("No weights."), FAILED),
        (OutOfMemory("Too large."), FAILED),
        (RuntimeError("inner secret"), FAILED),
        (PermissionError(13, "Permission denied"), BAD_INPUT),
        (KeyboardInterrupt(), STOPPED),
    ],
)
def test_whatever_fails_is_a_sentence_and_a_code(
    photo: Path, tmp_path: Path, error: BaseException, code: int
) -> None:
    words = ["select", photo, "--at", "1,1", "-o", tmp_path / "mask.png"]
    run = Run(*words, maker=failing(error))
    assert (run.code, len(run.err)) == (code, 1)
    assert "secret" not in run.err[0]


def test_only_the_models_that_a_command_needs_are_asked_for(photo: Path, tmp_path: Path) -> None:
    asked: list[tuple[bool, bool]] = []

    def make(settings: Settings, say: Any, /, *, segment: bool, paint: bool) -> Studio:
        asked.append((segment, paint))
        return fake_studio(settings, say)

    mask, out = tmp_path / "mask.png", tmp_path / "out.png"
    clicks, sea = ["--at", "30,20"], ["--prompt", "sea"]
    for words in (
        ["select", photo, *clicks, "-o", mask],
        ["paint", photo, "--mask", mask, *sea, "-o", out],
        ["paint", photo, *clicks, *sea, "-o", out],
        ["repeat", photo, out, "-o", tmp_path / "again.png"],
        ["paint", photo, *clicks, "--tool", "remove", "-o", out],
        ["repeat", photo, out, "-o", tmp_path / "again.png"],
        ["paint", photo, "--tool", "restyle", *sea, "-o", out],
        ["paint", photo, "--tool", "extend", "--extend", "8,0,0,0", "-o", out],
        ["paint", "--tool", "create", "--size", "64x64", *sea, "-o", out],
    ):
        run = Run(*words, maker=make)
        assert run.code == DONE, run.err
    select, paint, neither = (True, False), (False, True), (False, False)
    both = (True, True)
    assert asked == [select, paint, both, paint, select, neither, paint, paint, paint]


def test_models_are_chosen_by_options(photo: Path, tmp_path: Path) -> None:
    seen: list[Settings] = []

    def make(settings: Settings, say: Any, /, **_needs: bool) -> Studio:
        seen.append(settings)
        return fake_studio(settings, say)

    names = ["--preset", "embedded", "--segmenter", "s", "--painter", "p", "--loras", "folder"]
    names += ["--memory", "offload", "--eight-bit", "1", "--compile", "1", "--batch", "4"]
    words = ["select", photo, "--at", "30,20", "-o", tmp_path / "mask.png", *names]
    assert Run(*words, maker=make).code == DONE
    chosen = seen[0]
    assert (chosen.preset, chosen.segmenter) == ("embedded", "s")
    assert (chosen.painter, chosen.loras) == ("p", "folder")
    assert (chosen.memory, chosen.eight_bit, chosen.compile, chosen.batch) == ("offload", 1, 1, 4)


@pytest.mark.parametrize("words", [[], ["dance"], ["repeat"], ["select"], ["paint"]])
def test_too_few_words_are_a_sentence(words: list[str]) -> None:
    run = Run(*words)
    assert (run.code, len(run.err)) == (BAD_INPUT, 1)
    assert run.err[0].endswith(".")
