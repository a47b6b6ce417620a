"""What stands out, without weights: superpixels, saliency, and the proposals made of them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inpainting.types import Mask, Rgb
from models.proposals import MOST, proposals
from models.saliency import middle, saliency
from models.subject_field import scene_of
from models.superpixels import patches_of

SIZE = (240, 180)

shapes = st.sampled_from(["disc", "bar", "triangle", "cross", "person"])
grounds = st.sampled_from(["plain", "gradient", "noise", "blots", "stripes", "horizon"])


def _lab(rgb: Rgb) -> Rgb:
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB), np.uint8)


def _ground(kind: str, colour: tuple[int, int, int]) -> Rgb:
    width, height = SIZE
    rng = np.random.default_rng(3)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    light = {
        "plain": np.zeros_like(x),
        "gradient": 50 * x / width,
        "noise": rng.normal(0, 15, x.shape),
        "blots": 400 * cv2.GaussianBlur(rng.normal(0, 1, x.shape).astype(np.float32), (0, 0), 9),
        "stripes": 25 * (x // 12 % 2),
        "horizon": 60 * (y > 0.6 * height) + rng.normal(0, 6, x.shape),
    }[kind]
    return np.asarray(np.clip(np.array(colour) + light[..., None], 0, 255), np.uint8)


def _shape(kind: str, centre: tuple[int, int], radius: int) -> Mask:
    x, y = centre
    grey = np.zeros(SIZE[::-1], np.uint8)
    third, bottom = radius // 3, SIZE[1]
    if kind == "disc":
        cv2.circle(grey, centre, radius, 1, -1)
    if kind in ("bar", "cross"):
        cv2.rectangle(grey, (x - third, y - radius), (x + third, y + radius), 1, -1)
    if kind == "cross":
        cv2.rectangle(grey, (x - radius, y - third), (x + radius, y + third), 1, -1)
    if kind == "triangle":
        corners = [(x, y - radius), (x - radius, y + radius), (x + radius, y + radius)]
        cv2.fillPoly(grey, [np.array(corners, np.int32)], 1)
    if kind == "person":
        cv2.circle(grey, (x, y - third), third, 1, -1)
        corners = [(x - 9, y), (x + 9, y), (x + radius, bottom), (x - radius, bottom)]
        cv2.fillPoly(grey, [np.array(corners, np.int32)], 1)
    return grey > 0


def _overlap(one: Mask, other: Mask) -> float:
    return float((one & other).sum() / (one | other).sum())


@given(shapes, grounds, st.integers(85, 155), st.integers(75, 105), st.integers(30, 52))
@settings(max_examples=12, derandomize=True)
def test_a_drawn_subject_is_proposed_first(
    shape: str, ground: str, x: int, y: int, radius: int
) -> None:
    subject = _shape(shape, (x, y), radius)
    rgb = _ground(ground, (60, 90, 110))
    rgb[subject] = (215, 120, 50)
    rgb = np.asarray(cv2.GaussianBlur(rgb, (0, 0), 0.7), np.uint8)
    first = proposals(scene_of(rgb))[0]
    assert _overlap(first.mask, subject) >= 0.85


@given(shapes, st.integers(90, 150), st.integers(80, 100))
@settings(max_examples=5, derandomize=True)
def test_what_differs_from_the_border_is_salient(shape: str, x: int, y: int) -> None:
    subject = _shape(shape, (x, y), 40)
    rgb = _ground("noise", (60, 90, 110))
    rgb[subject] = (215, 120, 50)
    salient = saliency(_lab(rgb))
    assert salient.dtype == np.float32
    assert salient.min() >= 0
    assert salient.max() == 1
    assert salient[subject].mean() > 0.6 > 0.2 > salient[~subject].mean()


def test_a_picture_of_one_colour_is_salient_in_its_middle_alone() -> None:
    salient = saliency(np.full((60, 90, 3), 120, np.uint8))
    assert np.allclose(salient, middle((60, 90)) / middle((60, 90)).max(), atol=1e-5)
    (only,) = proposals(scene_of(np.full((60, 90, 3), 120, np.uint8)))
    rows, columns = np.nonzero(only.mask)
    assert abs(rows.mean() - 30) <= 1
    assert abs(columns.mean() - 45) <= 1
    assert 0.1 < only.mask.mean() < 0.4
    assert only.score == 0


def test_proposals_are_ranked_unlike_and_the_same_on_every_run() -> None:
    rgb = _ground("blots", (80, 100, 90))
    rgb[_shape("disc", (120, 90), 60)] = (200, 180, 60)
    rgb[_shape("disc", (120, 90), 25)] = (220, 40, 40)
    first, again = proposals(scene_of(rgb)), proposals(scene_of(rgb))
    assert 1 <= len(first) <= MOST
    scores = [proposal.score for proposal in first]
    assert scores == sorted(scores, reverse=True)
    assert scores == [proposal.score for proposal in again]
    assert all(np.array_equal(a.mask, b.mask) for a, b in zip(first, again, strict=True))
    for index, one in enumerate(first):
        assert all(_overlap(one.mask, other.mask) < 0.8 for other in first[index + 1 :])


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (3, 2), (33, 20), (200, 150)])
def test_patches_cover_a_picture_and_touch_their_neighbours(size: tuple[int, int]) -> None:
    width, height = size
    lab = np.random.default_rng(2).integers(0, 256, (height, width, 3), np.uint8)
    patches = patches_of(lab, 60)
    count = len(patches.colour)
    assert patches.labels.shape == (height, width)
    assert set(np.unique(patches.labels)) == set(range(count))
    assert count <= 90
    assert patches.area.sum() == width * height
    assert np.array_equal(patches.touching, patches.touching.T)
    assert not patches.touching.diagonal().any()
    assert patches.rim[patches.labels[0]].all()
    assert patches.rim[patches.labels[:, -1]].all()


def test_patches_keep_to_edges() -> None:
    lab = np.full((60, 80, 3), 40, np.uint8)
    lab[:, 37:] = 200
    patches = patches_of(lab, 50)
    left, right = patches.labels[:, :37], patches.labels[:, 37:]
    assert not set(np.unique(left)) & set(np.unique(right))
