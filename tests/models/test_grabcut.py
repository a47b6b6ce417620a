from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from inpainting.errors import BadRequest
from inpainting.ports import Proposer
from inpainting.types import Box, Candidates, Embedding, Mask, Point, Prompts, Rgb, Size
from models.grabcut import INFO, GrabCutSegmenter

PHOTOS = Path(__file__).parents[2] / "assets" / "photos"

SEGMENTER = GrabCutSegmenter()


def _disc(width: int, height: int, centre: tuple[int, int], radius: int) -> Mask:
    rows, columns = np.mgrid[:height, :width]
    return np.asarray((columns - centre[0]) ** 2 + (rows - centre[1]) ** 2 <= radius**2)


def _gradient(width: int, height: int) -> Rgb:
    across = np.linspace(40, 150, width)[None, :] + np.linspace(0, 40, height)[:, None]
    return np.stack([across * 0.5, across * 0.8, across], axis=-1).astype(np.uint8)


def _scene(width: int = 300, height: int = 220) -> tuple[Rgb, Mask]:
    rgb = _gradient(width, height)
    subject = _disc(width, height, (width // 2, height // 2), min(width, height) // 4)
    rgb[subject] = (210, 120, 40)
    return rgb, subject


def _select(rgb: Rgb, *points: Point, box: Box | None = None) -> Candidates:
    return SEGMENTER.candidates(SEGMENTER.embed(rgb), Prompts(points, box))


def _overlap(one: Mask, other: Mask) -> float:
    return float((one & other).sum() / (one | other).sum())


def test_the_info_names_the_version_that_cuts() -> None:
    assert SEGMENTER.info is INFO
    assert INFO.revision == cv2.__version__


@pytest.mark.parametrize("size", [(300, 220), (1501, 1103), (97, 131)])
def test_a_disc_on_a_gradient_is_found(size: Size) -> None:
    rgb, subject = _scene(*size)
    answer = _select(rgb, Point(size[0] // 2, size[1] // 2))
    assert _overlap(answer.masks[0], subject) >= 0.95


def test_the_outline_is_refined_at_full_size() -> None:
    rgb, subject = _scene(1600, 1200)
    wrong = _select(rgb, Point(800, 600)).masks[0] ^ subject
    at_the_rim = _disc(1600, 1200, (800, 600), 304) & ~_disc(1600, 1200, (800, 600), 296)
    assert wrong.sum() < 0.25 * at_the_rim.sum(), "within a pixel, where the reduced one is five"
    assert not (wrong & ~at_the_rim).any()


def test_a_box_alone_finds_the_disc_in_it() -> None:
    rgb, subject = _scene()
    answer = _select(rgb, box=Box(85, 45, 215, 175))
    assert _overlap(answer.masks[0], subject) >= 0.95


def test_a_box_keeps_the_selection_inside() -> None:
    rgb, subject = _scene()
    box = Box(85, 45, 150, 175)
    outside = np.ones(subject.shape, bool)
    outside[box.y0 : box.y1, box.x0 : box.x1] = False
    for mask in _select(rgb, Point(120, 110), box=box).masks:
        assert mask[110, 120]
        assert not (mask & outside).any()


def test_only_parts_with_a_click_are_kept() -> None:
    rgb = _gradient(320, 200)
    left, right = _disc(320, 200, (80, 100), 35), _disc(320, 200, (240, 100), 35)
    rgb[left | right] = (210, 120, 40)
    one = _select(rgb, Point(80, 100))
    assert not any((mask & right).any() for mask in one.masks)
    both = _select(rgb, Point(80, 100), Point(240, 100))
    assert _overlap(both.masks[0], left | right) >= 0.95


def test_an_excluded_hole_stays_open() -> None:
    rgb, subject = _scene()
    hole = _disc(300, 220, (150, 110), 20)
    rgb[hole] = _gradient(300, 220)[hole]
    answer = _select(rgb, Point(150, 75), Point(150, 145), Point(150, 110, include=False))
    assert _overlap(answer.masks[0], subject & ~hole) >= 0.9


def test_candidates_are_three_best_first_and_of_different_extent() -> None:
    photo = np.full((200, 300, 3), (60, 90, 130), np.uint8)
    photo[_disc(300, 200, (150, 100), 80)] = (190, 160, 60)
    photo[_disc(300, 200, (150, 100), 40)] = (220, 70, 40)
    answer = _select(photo, Point(150, 100))
    assert len(answer.masks) == len(answer.scores) == 3
    assert answer.hints == ()
    assert list(answer.scores) == sorted(answer.scores, reverse=True)
    assert all(0 <= score <= 1 for score in answer.scores)
    areas = sorted(int(mask.sum()) for mask in answer.masks)
    assert areas[-1] > 1.1 * areas[0]


def test_the_same_clicks_give_the_same_masks() -> None:
    rgb = np.random.default_rng(1).integers(0, 256, (90, 120, 3), np.uint8)
    rgb = np.asarray(cv2.GaussianBlur(rgb, (0, 0), 6), np.uint8)
    first = _select(rgb, Point(60, 40), Point(10, 80, include=False))
    cv2.setRNGSeed(99)
    again = _select(rgb, Point(60, 40), Point(10, 80, include=False))
    assert first.scores == again.scores
    assert all(np.array_equal(*pair) for pair in zip(first.masks, again.masks, strict=True))


def test_what_is_worked_on_is_left_as_it_was() -> None:
    rgb, _ = _scene()
    before = rgb.copy()
    _select(rgb, Point(150, 110))
    assert np.array_equal(rgb, before)


def test_an_embedding_knows_its_size_and_its_memory() -> None:
    small, large = SEGMENTER.embed(_scene()[0]), SEGMENTER.embed(_scene(2000, 1500)[0])
    assert small.size == (300, 220)
    assert large.size == (2000, 1500)
    assert small.nbytes >= 300 * 220 * 3
    middle = 1024 * 768 * 3
    assert 2000 * 1500 * 3 + middle < large.nbytes < 2000 * 1500 * 3 + middle + 2_000_000


sizes = st.tuples(st.integers(1, 90), st.integers(1, 90))


@given(sizes, st.data())
@settings(max_examples=40, deadline=None)
def test_points_are_honoured_in_photos_of_any_size(size: Size, data: st.DataObject) -> None:
    width, height = size
    places = st.tuples(st.integers(0, width - 1), st.integers(0, height - 1))
    chosen = data.draw(st.lists(places, min_size=1, max_size=4, unique=True))
    kinds = data.draw(st.lists(st.booleans(), min_size=len(chosen), max_size=len(chosen)))
    points = [Point(x, y, kind) for (x, y), kind in zip(chosen, [True, *kinds[1:]], strict=True)]
    rgb = np.random.default_rng(5).integers(0, 256, (height, width, 3), np.uint8)
    answer = _select(rgb, *points)
    assert len(answer.masks) == 3
    for mask in answer.masks:
        assert mask.shape == (height, width)
        assert mask.dtype == np.bool_
        assert all(bool(mask[point.y, point.x]) == point.include for point in points)
        _every_part_holds_a_click(mask, points)


def _every_part_holds_a_click(mask: Mask, points: list[Point]) -> None:
    count, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=4)
    clicked = {int(labels[point.y, point.x]) for point in points if point.include}
    assert clicked == set(range(1, count))


@given(sizes, st.data())
@settings(max_examples=20, deadline=None)
def test_any_box_is_a_selection_inside_it(size: Size, data: st.DataObject) -> None:
    width, height = size
    x0, y0 = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    x1, y1 = data.draw(st.integers(x0 + 1, width)), data.draw(st.integers(y0 + 1, height))
    rgb = np.random.default_rng(5).integers(0, 256, (height, width, 3), np.uint8)
    for mask in _select(rgb, box=Box(x0, y0, x1, y1)).masks:
        assert mask.shape == (height, width)
        assert mask.sum() == mask[y0:y1, x0:x1].sum()


@pytest.mark.parametrize("prompts", [Prompts(), Prompts((Point(3, 3, include=False),))])
def test_nothing_to_go_by_is_refused(prompts: Prompts) -> None:
    with pytest.raises(BadRequest, match="click on the subject"):
        SEGMENTER.candidates(SEGMENTER.embed(_scene()[0]), prompts)


def test_an_embedding_of_another_segmenter_is_refused() -> None:
    with pytest.raises(BadRequest, match="another segmenter"):
        SEGMENTER.candidates(Embedding((4, 4), 0, "tensor"), Prompts((Point(1, 1),)))


# Drawn by hand around what a person would call the subject; x, y at the size named with them.
ASTRONAUT = (
    (512, 512),
    "155,60 190,30 235,15 285,40 300,80 295,115 270,135 258,175 290,210 305,245 345,265 362,350"
    " 300,400 278,460 285,511 25,511 22,420 30,340 50,280 112,220 115,180 180,152 172,120 155,100",
)
CAT = (
    (451, 300),
    "40,0 38,50 30,110 5,130 0,140 0,299 380,299 350,240 330,210 362,120 352,70 395,0",
)
CUP = (
    (600, 400),
    "180,72 185,50 230,22 290,18 350,28 395,65 412,66 424,78 420,108 460,160 479,220 470,280"
    " 430,335 360,372 270,387 190,370 120,320 85,250 78,200 90,140 130,95",
)
ROCKET = (
    (640, 427),
    "320,126 332,145 334,180 333,300 333,405 308,405 309,300 310,180 311,145",
)
Outline = tuple[Size, str]


def _pairs(text: str) -> list[tuple[int, int]]:
    return [(int(x), int(y)) for x, y in (pair.split(",") for pair in text.split())]


def _outlined(outline: Outline, size: Size) -> Mask:
    (width, height), text = outline
    corners = np.array(_pairs(text)) * np.array(size) / (width, height)
    mask = np.zeros(size[::-1], np.uint8)
    cv2.fillPoly(mask, [corners.astype(np.int32)], 1)
    return mask > 0


CASES = [
    ("astronaut", ASTRONAUT, "222,140 100,330", 0.72),
    ("astronaut", ASTRONAUT, "225,120 210,340", 0.72),
    ("astronaut", ASTRONAUT, "80,400 225,50 225,140", 0.8),
    ("chelsea", CAT, "230,90 260,200", 0.8),
    ("chelsea", CAT, "100,130 250,60", 0.8),
    ("chelsea", CAT, "250,210 80,200 60,60", 0.85),
    ("coffee", CUP, "290,140 130,200", 0.77),
    ("coffee", CUP, "290,140 120,240 290,350", 0.77),
    ("coffee", CUP, "270,230 150,150 440,250", 0.77),
    ("rocket", ROCKET, "322,170 321,300", 0.65),
    ("rocket", ROCKET, "320,145 322,250 321,380", 0.65),
    ("rocket", ROCKET, "322,160 322,390", 0.65),
]


@pytest.mark.parametrize(("name", "outline", "clicks", "least"), CASES)
def test_two_or_three_clicks_give_the_subject_of_a_photo(
    name: str, outline: Outline, clicks: str, least: float
) -> None:
    with Image.open(PHOTOS / f"{name}.jpg") as picture:
        rgb = np.array(picture.convert("RGB"))
    size = rgb.shape[1], rgb.shape[0]
    (width, height), _ = outline
    points = [Point(x * size[0] // width, y * size[1] // height) for x, y in _pairs(clicks)]
    mask = _select(rgb, *points).masks[0]
    assert _overlap(mask, _outlined(outline, size)) >= least


@given(sizes, st.sampled_from(["flat", "noise", "ramp"]))
@settings(max_examples=15, deadline=None)
def test_any_photo_has_a_proposal(size: Size, kind: str) -> None:
    width, height = size
    rgb = {
        "flat": np.full((height, width, 3), 90, np.uint8),
        "noise": np.random.default_rng(5).integers(0, 256, (height, width, 3), np.uint8),
        "ramp": _gradient(width, height),
    }[kind]
    answer = SEGMENTER.propose(SEGMENTER.embed(rgb))
    assert 1 <= len(answer.masks) == len(answer.scores) <= 3
    assert answer.hints == ()
    assert list(answer.scores) == sorted(answer.scores, reverse=True)
    assert all(0 <= score <= 1 for score in answer.scores)
    for mask in answer.masks:
        assert mask.shape == (height, width)
        assert mask.dtype == np.bool_
        assert mask.any()
        assert not mask.all() or width * height == 1


@pytest.mark.parametrize("size", [(300, 220), (1501, 1103)])
def test_a_disc_is_proposed_without_a_click_and_refined_at_full_size(size: Size) -> None:
    rgb, subject = _scene(*size)
    before = rgb.copy()
    embedding = SEGMENTER.embed(rgb)
    cv2.setRNGSeed(99)
    first, again = SEGMENTER.propose(embedding), SEGMENTER.propose(embedding)
    assert isinstance(SEGMENTER, Proposer)
    assert _overlap(first.masks[0], subject) >= 0.97
    assert first.scores == again.scores
    assert all(np.array_equal(*pair) for pair in zip(first.masks, again.masks, strict=True))
    assert np.array_equal(rgb, before)


@pytest.mark.parametrize(
    ("name", "outline", "least"),
    [
        ("astronaut", ASTRONAUT, 0.5),
        ("chelsea", CAT, 0.85),
        ("coffee", CUP, 0.8),
        ("rocket", ROCKET, 0.68),
    ],
)
def test_the_subject_of_a_photo_is_proposed_without_a_click(
    name: str, outline: Outline, least: float
) -> None:
    with Image.open(PHOTOS / f"{name}.jpg") as picture:
        rgb = np.array(picture.convert("RGB"))
    first = SEGMENTER.propose(SEGMENTER.embed(rgb)).masks[0]
    assert _overlap(first, _outlined(outline, (rgb.shape[1], rgb.shape[0]))) >= least


def test_a_proposal_for_an_embedding_of_another_segmenter_is_refused() -> None:
    with pytest.raises(BadRequest, match="another segmenter"):
        SEGMENTER.propose(Embedding((4, 4), 0, "tensor"))
