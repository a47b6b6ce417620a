"""`python -m inpainting` as a process of its own, on the embedded models."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inpainting.photo import open_photo, read_png_text

ROOT = Path(__file__).resolve().parent.parent
PHOTO = ROOT / "assets" / "photos" / "astronaut.jpg"
CLICKS = ["--at", "225,110", "--at", "230,330"]


def start(*words: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "inpainting", *map(str, words)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=pipe, text=True)


def test_paint_writes_picture_and_mask_and_ends_with_the_seed(tmp_path: Path) -> None:
    out, mask_out = tmp_path / "out.png", tmp_path / "mask.png"
    options = ["--region", "background", "--prompt", "sunset sea", "--seed", 5, "--steps", 3]
    files = ["--preset", "embedded", "-o", out, "--mask-out", mask_out]
    with start("paint", PHOTO, *CLICKS, *options, *files) as process:
        stdout, stderr = process.communicate(timeout=180)
    assert process.returncode == 0, stderr
    assert stdout.splitlines()[-1] == "seed 5"
    assert "step 3 of 3" in stderr
    with Image.open(mask_out) as image:
        assert image.mode == "L"
        mask = np.asarray(image) == 255
    before, after = open_photo(PHOTO).pixels, open_photo(out).pixels
    assert np.array_equal(before[mask], after[mask])
    assert (before[~mask] != after[~mask]).any(axis=1).mean() > 0.9


def done(*words: object) -> list[str]:
    """Run a command to its end and return the lines of its stdout."""
    with start(*words) as process:
        stdout, stderr = process.communicate(timeout=180)
    assert process.returncode == 0, stderr
    return stdout.splitlines()


def test_a_picture_is_repeated_to_the_byte_by_another_process(tmp_path: Path) -> None:
    out, again, recipe = (tmp_path / name for name in ("out.png", "again.png", "recipe.json"))
    options = ["--prompt", "{sunset|night} sea", "--steps", 2, "--separate", "--feather", 3]
    files = ["--preset", "embedded", "-o", out, "--recipe", recipe]
    said = done("paint", PHOTO, *CLICKS, *options, *files)
    assert done("repeat", PHOTO, recipe, "-o", again) == [str(again), said[-1]]
    assert again.read_bytes() == out.read_bytes()


def test_remove_needs_no_painter(tmp_path: Path) -> None:
    out, mask_out = tmp_path / "out.png", tmp_path / "mask.png"
    clicks = ["--box", "20,20,60,60", "--method", "telea"]
    done("paint", PHOTO, "--tool", "remove", *clicks, "-o", out, "--mask-out", mask_out)
    before, after = open_photo(PHOTO).pixels, open_photo(out).pixels
    with Image.open(mask_out) as image:
        mask = np.asarray(image) == 255
    assert (before[mask] != after[mask]).any()
    assert np.array_equal(before[300:], after[300:])
    assert "humanEdits" in read_png_text(out.read_bytes())["XML:com.adobe.xmp"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_command_ends_with_130_and_writes_nothing(
    tmp_path: Path, number: signal.Signals
) -> None:
    out = tmp_path / "out.png"
    options = ["--prompt", "night city", "--steps", 150, "--preset", "embedded", "-o", out]
    with start("paint", PHOTO, *CLICKS, *options) as process:
        assert process.stderr is not None
        said = ""
        while not said.startswith("step 1 "):
            said = process.stderr.readline()
            assert said, "the command ended early"
        process.send_signal(number)
        _, stderr = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "Traceback" not in stderr
    assert stderr.splitlines()[-1] == "Stopped; nothing was written."
    assert list(tmp_path.iterdir()) == []
