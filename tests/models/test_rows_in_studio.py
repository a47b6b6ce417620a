"""Rows of the catalogue through the Studio: size, kept pixels, seed, stop. The newer families are
in test_flow.py."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from inpainting.photo import encode_result, make_photo
from inpainting.ports import Painter
from inpainting.studio import Studio
from inpainting.types import Mask, PaintRequest, PaintResult, Photo, Progress, Region, Sides, Tool
from models.catalog import FILLERS, PainterRow
from models.filling import embedded_fillers
from models.loading import load_painter
from models.rows.stable import STABLE
from tests.models.test_stable_rows import CPU, hub, stored
from tests.support.fakes import FakePainter, FakeSegmenter

__all__ = ["hub"]

WIDTH, HEIGHT = 150, 90
MASK: Mask = np.zeros((HEIGHT, WIDTH), np.bool_)
MASK[20:60, 40:100] = True


@pytest.fixture(scope="module")
def photo() -> Photo:
    pixels = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    return make_photo(pixels, None, None, "photo")


def small_painter(row: PainterRow, hub: Path) -> Painter:
    small, loras = stored(row, hub)
    return load_painter(small, CPU, torch.float32, offline=True, lora_folder=loras)


def asked(photo: Photo, tool: Tool, row: PainterRow) -> PaintRequest:
    return PaintRequest(
        photo,
        None if tool in (Tool.CREATE, Tool.EXTEND) else MASK,
        region=Region.SUBJECT,
        prompt="red brick",
        seed=5,
        steps=min(row.defaults.steps, 4),
        tool=tool,
        sides=Sides(left=30),
        size=(96, 64),
    )


def run(studio: Studio, request: PaintRequest) -> PaintResult:
    *_, last = studio.paint(request)
    assert isinstance(last, PaintResult)
    return last


def kept(result: PaintResult, hole: Mask) -> bool:
    assert result.before is not None
    return np.array_equal(result.photo.pixels[~hole], result.before.pixels[~hole])


@pytest.mark.parametrize("row", STABLE, ids=lambda row: row.key)
def test_a_row_does_all_its_tools(row: PainterRow, hub: Path, photo: Photo) -> None:
    studio = Studio(FakeSegmenter(), small_painter(row, hub))
    sizes = {Tool.CREATE: (96, 64), Tool.EXTEND: (WIDTH + 30, HEIGHT)}
    for tool in row.tools:
        request = asked(photo, tool, row)
        one, other = run(studio, request), run(studio, request)
        assert one.photo.size == sizes.get(tool, photo.size)
        assert encode_result(one) == encode_result(other)
        assert encode_result(run(studio, replace(request, seed=6))) != encode_result(one)
        if tool in (Tool.REPAINT, Tool.RESTYLE):
            assert kept(one, MASK)
        if tool is Tool.EXTEND:
            assert np.array_equal(one.photo.pixels[:, 30:], photo.pixels)


@pytest.mark.parametrize("row", STABLE, ids=lambda row: row.key)
def test_a_row_stops_and_the_next_job_is_unharmed(row: PainterRow, hub: Path, photo: Photo) -> None:
    studio = Studio(FakeSegmenter(), small_painter(row, hub))
    request = asked(photo, row.tools[0], row)
    alone = encode_result(run(studio, request))
    with closing(studio.paint(replace(request, steps=100))) as events:
        assert isinstance(next(events), Progress)
    assert encode_result(run(studio, request)) == alone


@pytest.mark.parametrize("key", list(embedded_fillers()))
def test_a_filler_removes_and_keeps_the_rest(key: str, photo: Photo) -> None:
    studio = Studio(FakeSegmenter(), FakePainter(), fillers=embedded_fillers())
    row = next(row for row in FILLERS if row.key == key)
    request = replace(asked(photo, Tool.REMOVE, row), method=key)
    one, other = run(studio, request), run(studio, request)
    assert one.photo.size == photo.size
    assert encode_result(one) == encode_result(other)
    changed = (one.photo.pixels != photo.pixels).any(axis=2)
    assert changed[MASK].any()
    assert changed.sum() < 1.3 * MASK.sum()
    assert one.recipe.painter.key == key
