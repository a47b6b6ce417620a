"""The command line run in this process, on fakes."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from inpainting.cli import main
from inpainting.console import StudioMaker
from inpainting.settings import Settings
from inpainting.studio import Studio
from inpainting.types import Mask, PaintDefaults, Tool
from tests.support.fakes import FakePainter, FakeSegmenter


class Run:
    """What a command gave: exit code, lines of stdout and of stderr."""

    def __init__(self, *arguments: object, maker: StudioMaker | None = None) -> None:
        out, err = StringIO(), StringIO()
        words = [str(argument) for argument in arguments]
        self.code = main(words, maker or fake_studio, {}, out, err)
        self.out, self.err = out.getvalue().splitlines(), err.getvalue().splitlines()


class FakeFiller(FakePainter):
    """Fills the hole with one colour, in a step."""

    def __init__(self, key: str) -> None:
        super().__init__()
        plain = PaintDefaults(1, 0.0, 1.0, "as it is")
        self.info = replace(
            self.info, key=key, schedulers=("as it is",), defaults=plain, tools=(Tool.REMOVE,)
        )


def fake_studio(settings: Settings, _say: Any, /, **_needs: bool) -> Studio:
    """Return a Studio of fakes that serves every tool."""
    painter = FakePainter()
    key = settings.painter or "fake-painter"
    painter.info = replace(painter.info, soft=True, lora_base="fake", shortcuts=True, key=key)
    fillers = {key: FakeFiller(key) for key in ("patchmatch", "lama")}
    return Studio(FakeSegmenter(), painter, settings, fillers=fillers)


def failing(error: BaseException) -> StudioMaker:
    """Return a maker that raises."""

    def make(_settings: Settings, _say: Any, /, **_needs: bool) -> Studio:
        raise error

    return make


UNUSED = failing(AssertionError("models were loaded for nothing"))
"""For commands that must end before that."""


def mask_in(path: Path) -> Mask:
    """Return the mask in a file."""
    with Image.open(path) as image:
        return np.asarray(image) > 127


def noise_file(folder: Path) -> Path:
    """Write a photo of 64 x 48 pixels of noise."""
    path = folder / "photo.png"
    noise = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
    Image.fromarray(noise).save(path)
    return path
