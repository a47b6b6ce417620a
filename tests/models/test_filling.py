"""Painters for Remove that need no weights, through their Protocol and through the Studio."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from inpainting.errors import BadRequest, NothingSelected
from inpainting.photo import make_photo
from inpainting.ports import Painter
from inpainting.studio import Studio
from inpainting.types import (
    Mask,
    Painted,
    PaintRequest,
    PaintResult,
    PaintSettings,
    Progress,
    Rgb,
    Tool,
)
from models.catalog import filler_row
from models.filling import TOO_LITTLE, embedded_fillers, small
from models.grabcut import GrabCutSegmenter
from models.loading import load_painter
from models.rows.fillers import FILLERS

ROOT = Path(__file__).parents[2]
PAINTERS = embedded_fillers()
KEYS = tuple(PAINTERS)

every = pytest.mark.parametrize("key", KEYS)


def _settings(seed: int = 0) -> PaintSettings:
    return PaintSettings("", "", seed, 1, 0.0, 1.0, "as it is")


def _events(key: str, rgb: Rgb, hole: Mask, seed: int = 0) -> list[Progress | Painted]:
    return list(PAINTERS[key].paint(rgb, hole, _settings(seed)))


def _painted(key: str, rgb: Rgb, hole: Mask, seed: int = 0) -> Painted:
    last = _events(key, rgb, hole, seed)[-1]
    assert isinstance(last, Painted)
    return last


def _noise(height: int, width: int, seed: int = 0) -> Rgb:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def _square(height: int, width: int, top: int, left: int, side: int) -> Mask:
    hole = np.zeros((height, width), bool)
    hole[top : top + side, left : left + side] = True
    return hole


@st.composite
def jobs(draw: st.DrawFn) -> tuple[Rgb, Mask]:
    """Draw a small picture and a hole in it that is neither empty nor all."""
    height, width = draw(st.integers(2, 60)), draw(st.integers(2, 60))
    seed = draw(st.integers(0, 999))
    rgb = _noise(height, width, seed)
    if draw(st.booleans()):
        rgb = np.full_like(rgb, seed % 256)
    top, left = draw(st.integers(0, height - 1)), draw(st.integers(0, width - 1))
    hole = _square(height, width, top, left, draw(st.integers(1, 60)))
    if hole.all():
        hole[-1, -1] = False
    return rgb, hole ^ draw(st.booleans()) if not hole.all() and hole.any() else hole


def test_the_rows_describe_them_and_patches_come_first() -> None:
    assert KEYS == ("patchmatch", "telea", "navier-stokes")
    assert [row.key for row in FILLERS] == [*KEYS, "lama"]
    for row in FILLERS:
        assert row.tools == (Tool.REMOVE,)
        assert row.schedulers == (row.defaults.scheduler,)
    for key, painter in PAINTERS.items():
        assert painter.info.key == key
        assert painter.info.tools == (Tool.REMOVE,)
        assert painter.info.defaults is not None
        assert painter.info.revision


@every
def test_a_row_is_loaded_as_what_it_says(key: str) -> None:
    painter = load_painter(filler_row(key), torch.device("cpu"), torch.float32, offline=True)
    assert painter.info == PAINTERS[key].info


def test_they_are_there_without_torch() -> None:
    script = (
        "import sys; from models.filling import embedded_fillers; embedded_fillers();"
        "sys.exit('torch' in sys.modules or 'diffusers' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False).returncode == 0


@every
@settings(max_examples=15)
@given(job=jobs(), seed=st.integers(0, 2**32 - 1))
def test_what_is_kept_stays_and_what_the_hole_held_is_never_seen(
    key: str, job: tuple[Rgb, Mask], seed: int
) -> None:
    rgb, hole = job
    before = rgb.copy()
    painted = _painted(key, rgb, hole, seed)
    assert painted.rgb.shape == rgb.shape
    assert painted.rgb.dtype == np.uint8
    assert np.array_equal(painted.rgb[~hole], rgb[~hole])
    assert np.array_equal(rgb, before), "the caller's picture is not written to"
    other = rgb.copy()
    other[hole] = 255 - rgb[hole]
    assert np.array_equal(_painted(key, other, hole, seed).rgb, painted.rgb)


@every
def test_a_flat_picture_stays_flat(key: str) -> None:
    rgb = np.full((50, 70, 3), (10, 120, 250), np.uint8)
    emptied = rgb.copy()
    hole = _square(50, 70, 10, 20, 25)
    emptied[hole] = 0
    assert np.abs(_painted(key, emptied, hole).rgb.astype(int) - rgb).max() <= 3


@every
@pytest.mark.parametrize(
    "hole",
    [
        _square(64, 96, 0, 0, 20),
        _square(64, 96, 44, 76, 20),
        _square(64, 96, 0, 30, 64),
        _square(64, 96, 30, 40, 1),
        ~_square(64, 96, 20, 30, 30),
        ~_square(64, 96, 20, 30, 1),
        np.indices((64, 96)).sum(axis=0) % 9 == 0,
    ],
    ids=["corner", "far corner", "across", "one pixel", "nearly all", "all but one", "stripes"],
)
def test_any_hole_is_filled(key: str, hole: Mask) -> None:
    rgb = _noise(64, 96) // 4 + 100
    filled = _painted(key, rgb, hole).rgb[hole]
    assert filled.min() >= 70
    assert filled.max() <= 195


@every
@pytest.mark.parametrize("shape", [(8, 8), (1, 9), (9, 1), (3, 200), (2, 2)])
def test_tiny_and_thin_pictures_are_filled(key: str, shape: tuple[int, int]) -> None:
    rgb = np.full((*shape, 3), 77, np.uint8)
    hole = np.zeros(shape, bool)
    hole[shape[0] // 2, shape[1] // 2 :] = True
    assert np.abs(_painted(key, rgb, hole).rgb.astype(int) - rgb).max() <= 5


def test_where_no_patch_is_left_it_is_filled_smoothly_and_said_so() -> None:
    hole = np.ones((40, 40), bool)
    hole[:, 0] = False
    painted = _painted("patchmatch", np.full((40, 40, 3), 60, np.uint8), hole)
    assert painted.notes == (TOO_LITTLE,)
    assert np.abs(painted.rgb.astype(int) - 60).max() <= 1


@every
def test_what_cannot_be_filled_is_refused_in_words(key: str) -> None:
    rgb, hole = _noise(20, 30), _square(20, 30, 5, 5, 5)
    with pytest.raises(BadRequest, match="Nothing is left to fill"):
        _events(key, rgb, np.ones((20, 30), bool))
    with pytest.raises(NothingSelected, match="hole is empty"):
        _events(key, rgb, np.zeros((20, 30), bool))
    with pytest.raises(BadRequest, match="height and width"):
        _events(key, rgb, hole.T)
    with pytest.raises(BadRequest, match="true and false"):
        _events(key, rgb, hole.astype(np.uint8))
    with pytest.raises(BadRequest, match="8-bit"):
        _events(key, rgb[..., 0], hole)


@every
def test_steps_count_up_with_small_previews(key: str) -> None:
    *steps, painted = _events(key, _noise(120, 300), _square(120, 300, 50, 100, 30))
    assert isinstance(painted, Painted)
    assert [step.step for step in steps if isinstance(step, Progress)] == [
        *range(1, len(steps) + 1)
    ]
    for step in steps:
        assert isinstance(step, Progress)
        assert step.total == len(steps)
        assert step.preview is not None
        assert max(step.preview.shape[:2]) <= 256


def test_the_seed_decides_patches() -> None:
    rgb, hole = _noise(110, 110), _square(110, 110, 30, 30, 50)
    first = _painted("patchmatch", rgb, hole, 1).rgb
    assert np.array_equal(_painted("patchmatch", rgb, hole, 1).rgb, first)
    assert not np.array_equal(_painted("patchmatch", rgb, hole, 2).rgb, first)


@every
def test_a_stopped_job_leaves_the_next_unharmed(key: str) -> None:
    rgb, hole = _noise(90, 90), _square(90, 90, 30, 30, 30)
    wanted = _painted(key, rgb, hole).rgb
    with closing(PAINTERS[key].paint(rgb, hole, _settings())) as events:
        assert isinstance(next(events), Progress)
    with pytest.raises(StopIteration):
        next(events)
    assert np.array_equal(_painted(key, rgb, hole).rgb, wanted)


@every
def test_two_jobs_at_once_do_not_meet(key: str) -> None:
    pictures = [_noise(80, 90, seed) for seed in (1, 2)]
    hole = _square(80, 90, 30, 30, 30)
    alone = [_painted(key, rgb, hole).rgb for rgb in pictures]
    with ThreadPoolExecutor(2) as threads:
        together = list(threads.map(lambda rgb: _painted(key, rgb, hole).rgb, pictures))
    assert all(np.array_equal(a, b) for a, b in zip(alone, together, strict=True))


@every
def test_the_studio_removes_with_each(key: str) -> None:
    photo = make_photo(_noise(120, 700) // 4 + 90, None, None, "photo")
    mask = _square(120, 700, 20, 20, 24)
    painter: Painter = PAINTERS[key]
    studio = Studio(GrabCutSegmenter(), painter, fillers=PAINTERS)
    request = PaintRequest(photo, mask, tool=Tool.REMOVE, method=key, seed=5)
    *_, first = studio.paint(request)
    *_, second = studio.paint(request)
    assert isinstance(first, PaintResult)
    assert isinstance(second, PaintResult)
    assert first.photo.size == photo.size
    assert first.recipe.painter.key == key
    assert np.array_equal(first.photo.pixels, second.photo.pixels)
    changed = (first.photo.pixels != photo.pixels).any(axis=2)
    assert changed[mask].any()
    assert not changed[:, 80:].any()


def test_previews_are_small_and_keep_their_proportions() -> None:
    assert small(_noise(100, 50)).shape == (100, 50, 3)
    assert small(_noise(1024, 512)).shape == (256, 128, 3)
    assert small(_noise(1, 2000)).shape == (1, 256, 3)
