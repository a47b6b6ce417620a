"""The judge and the figures that it gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionXLInpaintPipeline

from models.training.captions import Label, all_labels
from models.training.classifier import (
    HEADS,
    TAILS,
    Drawings,
    draw_pool,
    judge_input,
    large_hole,
    name_scenes,
    train_judge,
)
from models.training.evaluate import (
    Case,
    Settings,
    Verdict,
    judge_accuracy,
    judge_cases,
    make_cases,
    paint,
    summarize,
)
from models.training.photos import load_photos

_ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def pipeline() -> StableDiffusionXLInpaintPipeline:
    loaded = StableDiffusionXLInpaintPipeline.from_pretrained(
        _ROOT / "models" / "embedded",
        use_safetensors=True,
        local_files_only=True,
    )
    loaded.to(torch.float32)
    loaded.set_progress_bar_config(disable=True)
    return loaded


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return make_cases(load_photos(_ROOT / "assets" / "photos"), rounds=3, seed=1)


@pytest.fixture(scope="module")
def flat() -> Drawings:
    """Red walls and blue walls: a world that a judge learns in a few steps."""
    numbers = torch.arange(32) % 2
    pixels = torch.full((32, 3, 128, 128), -0.8, dtype=torch.float16)
    pixels[numbers == 0, 0] = 0.8
    pixels[numbers == 1, 2] = 0.8
    colours = torch.tensor([HEADS.index("red"), HEADS.index("blue")])
    return Drawings(pixels, colours[numbers], torch.full((32,), TAILS.index("wall")))


def test_there_are_over_200_cases_and_no_two_are_alike(cases: list[Case]) -> None:
    assert len(cases) == 3 * len(all_labels()) > 200
    assert len({case.seed for case in cases}) == len(cases)
    assert {case.label for case in cases} == set(all_labels())


def test_two_thirds_of_the_prompts_are_plain_and_no_prompt_leaves_a_word_open(
    cases: list[Case],
) -> None:
    plain = [case.prompt == case.label.words for case in cases]
    assert sum(plain) == 2 * len(all_labels())
    assert all(len(case.prompt.split()) >= 2 for case in cases)


def test_a_judged_hole_is_at_least_a_quarter_of_the_picture() -> None:
    areas = [large_hole((64, 64), np.random.default_rng(seed)).mean() for seed in range(30)]
    assert min(areas) >= 0.25


def test_the_judge_sees_nothing_of_the_kept_part() -> None:
    holes = torch.zeros(1, 1, 256, 256)
    holes[..., :128] = 1
    shown = judge_input(torch.ones(1, 3, 256, 256), holes)
    assert shown.shape == (1, 4, 128, 128)
    assert bool((shown[..., 64:] == 0).all())
    assert bool((shown[..., :64] == 1).all())


def test_a_judge_learns_and_is_the_same_each_time(flat: Drawings) -> None:
    judge = train_judge(flat, steps=30, seed=1)
    again = train_judge(flat, steps=30, seed=1)
    assert all(
        torch.equal(one, other)
        for one, other in zip(judge.parameters(), again.parameters(), strict=True)
    )
    heads, tails = judge_accuracy(judge, flat, seed=2)
    assert heads > 0.9
    assert tails == 1
    assert name_scenes(judge, flat.pixels[:1].float(), torch.ones(1, 1, 128, 128)) == [
        ("red", "wall")
    ]


def test_a_pool_holds_drawings_with_the_numbers_of_their_words(
    pipeline: StableDiffusionXLInpaintPipeline,
) -> None:
    pool = draw_pool(pipeline.vae, 2, seed=3)
    assert pool.pixels.shape == (2, 3, 128, 128)
    pairs = [(HEADS[h], TAILS[t]) for h, t in zip(pool.heads, pool.tails, strict=True)]
    assert set(pairs) <= {(label.head, label.tail) for label in all_labels()}


def test_painting_a_case_keeps_the_photo_outside_the_hole(
    pipeline: StableDiffusionXLInpaintPipeline, cases: list[Case], flat: Drawings
) -> None:
    case = next(case for case in cases if not case.hole.all())
    painted = paint(pipeline, case, Settings(steps=2, guidance=4.0))
    assert np.array_equal(painted[~case.hole], case.photo[~case.hole])
    assert not np.array_equal(painted[case.hole], case.photo[case.hole])
    verdict = judge_cases(train_judge(flat, steps=2, seed=1), [case], [painted])[0]
    assert verdict.head in HEADS
    assert verdict.tail in TAILS


@pytest.mark.parametrize(
    ("asked", "read", "scene_right", "head_right"),
    [
        (Label("landscape", "night", "sea"), ("night", "sea"), True, True),
        (Label("landscape", "night", "sea"), ("day", "sea"), False, False),
        (Label("landscape", "night", "sea"), ("night", "snow"), False, True),
        (Label("texture", "red", "dots"), ("red", "dots"), True, True),
        (Label("texture", "red", "dots"), ("pink", "dots"), True, False),
        (Label("texture", "red", "dots"), ("red", "brick"), False, True),
    ],
)
def test_a_landscape_needs_both_words_and_a_texture_its_kind(
    asked: Label, read: tuple[str, str], scene_right: bool, head_right: bool
) -> None:
    verdict = _verdict(asked, *read)
    assert verdict.scene_right is scene_right
    assert verdict.head_right is head_right


def test_the_summary_counts_scenes_and_colours_apart() -> None:
    sea, dots = Label("landscape", "night", "sea"), Label("texture", "red", "dots")
    verdicts = [
        _verdict(sea, "night", "sea"),
        _verdict(sea, "day", "sea"),
        _verdict(dots, "red", "dots"),
        _verdict(dots, "pink", "dots"),
    ]
    lines = summarize(verdicts)
    assert "scenes right: 75.0 % of 4" in lines
    assert "colours right: 50.0 % of 2" in lines
    assert any("read pink dots" in line for line in lines)


def _verdict(label: Label, head: str, tail: str) -> Verdict:
    nothing = np.zeros((4, 4, 3), np.uint8)
    case = Case(label, label.words, nothing, np.ones((4, 4), np.bool_), 1)
    return Verdict(case, head, tail)
