"""The figures of benchmarks/seams.py say what their names say."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from benchmarks.faults import IdealPainter, tinted
from benchmarks.real_photos import ASSETS, blob, samples
from benchmarks.seam_metrics import bands, drift, fringe, ghost, step, visibility
from inpainting.masks import feather
from inpainting.types import Mask, Painted, PaintSettings, Rgb


def grain(seed: int = 0) -> Rgb:
    """A picture of soft noise, 160x200, that looks the same everywhere."""
    rough = np.random.default_rng(seed).normal(0, 18, (160, 200, 3)).astype(np.float32)
    return np.asarray(np.clip(cv2.GaussianBlur(rough, (0, 0), 1.5) * 2 + 128, 0, 255), np.uint8)


def hole() -> Mask:
    return blob((200, 160), 1)


def pasted(levels: int, weight: np.ndarray) -> Rgb:
    """The picture, made brighter where the weight is above 0."""
    brighter = grain() + levels * weight[..., None]
    return np.asarray(np.clip(brighter, 0, 255), np.uint8)


def test_where_nothing_was_done_no_seam_is_seen() -> None:
    assert visibility(grain(), hole()) == pytest.approx(1, abs=0.15)
    assert step(grain(), hole()) < 3


def test_the_harder_the_cut_the_more_it_is_seen() -> None:
    cuts = [pasted(levels, hole()) for levels in (0, 15, 30, 60)]
    seams, steps = [visibility(cut, hole()) for cut in cuts], [step(cut, hole()) for cut in cuts]
    assert seams == sorted(seams)
    assert seams[-1] > 2
    assert steps == sorted(steps)
    assert 20 < steps[-1] < 30


def test_a_feather_hides_a_cut_but_not_altogether() -> None:
    hard, soft = pasted(40, hole()), pasted(40, feather(hole(), 4))
    assert visibility(grain(), hole()) < visibility(soft, hole()) < visibility(hard, hole())


def test_without_a_border_there_is_no_figure() -> None:
    for empty in (np.zeros((160, 200), np.bool_), np.ones((160, 200), np.bool_)):
        assert math.isnan(visibility(grain(), empty))
        assert math.isnan(step(grain(), empty))


def test_drift_is_a_distance_of_colours_and_fine_detail_does_not_count() -> None:
    inner = bands(hole())[0]
    assert drift(grain(), grain(), inner) == 0
    assert drift(grain(1), grain(2), inner) < 4
    assert drift(np.full_like(grain(), 128), np.full_like(grain(), 153), inner) > 8


def test_a_fringe_is_what_the_rim_has_of_the_other_side() -> None:
    clean = np.where(hole()[..., None], np.uint8(200), np.uint8(50)).repeat(3, axis=2)
    soft = (50 + 150 * feather(hole(), 12))[..., None].repeat(3, axis=2).astype(np.uint8)
    inverse = np.where(bands(hole())[0][..., None], np.uint8(50), clean)
    assert abs(fringe(clean, hole())) < 0.05
    assert 0.3 < fringe(soft, hole()) < 1
    assert fringe(inverse, hole()) > 0.9


def test_a_ghost_is_what_is_left_of_the_old_shapes() -> None:
    assert ghost(grain(), grain(), hole()) == pytest.approx(1)
    assert abs(ghost(grain(1), grain(2), hole())) < 0.1
    half = ((grain(1).astype(int) + grain(2)) // 2).astype(np.uint8)
    assert ghost(half, grain(2), hole()) == pytest.approx(0.7, abs=0.1)
    assert ghost(np.full_like(grain(), 9), grain(), hole()) == 0


def test_bands_lie_on_their_sides_of_the_border() -> None:
    inner, outer = bands(hole())
    assert not (inner & ~hole()).any()
    assert not (outer & hole()).any()


def test_the_ideal_painter_keeps_all_but_the_colours() -> None:
    settings = PaintSettings("", "", 5, 1, 1.0, 1.0, "")
    for cast in (False, True):
        (painted,) = IdealPainter(cast=cast).paint(grain(), hole(), settings)
        assert isinstance(painted, Painted)
        assert np.array_equal(painted.rgb, tinted(grain(), 5) if cast else grain())
    assert 1 < drift(tinted(grain(), 5), grain(), hole()) < 15


def test_photos_are_found_once_with_a_subject_of_moderate_size() -> None:
    found = samples([ASSETS])
    assert {"astronaut", "chelsea", "coffee", "rocket"} <= {sample.name for sample in found}
    assert len({sample.name for sample in found}) == len(found)
    for sample in found:
        assert sample.subject.shape == sample.rgb.shape[:2]
        assert 0.1 < sample.subject.mean() < 0.4
