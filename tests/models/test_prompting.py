"""Prompts on tiny real text encoders: short ones as ever, long and weighted ones in full."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
import torch

from models.prompting import Prompting
from models.stable import StablePainter
from tests.support.stable import INFO, paint, same
from tests.support.tiny import tiny_sd_inpaint, tiny_sdxl_inpaint

BUILDERS = [tiny_sdxl_inpaint, tiny_sd_inpaint]
EMBEDDED = ("prompt_embeds", "negative_prompt_embeds")
POOLED = ("pooled_prompt_embeds", "negative_pooled_prompt_embeds")


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(params=BUILDERS, ids=["sdxl", "sd15"])
def pipeline(request: pytest.FixtureRequest) -> Any:
    return request.param()


@torch.no_grad()
def by_diffusers(pipeline: Any, prompt: str, negative: str) -> dict[str, torch.Tensor]:
    """What the pipeline itself makes of two short prompts."""
    options = {"device": "cpu", "num_images_per_prompt": 1, "do_classifier_free_guidance": True}
    answer = pipeline.encode_prompt(prompt=prompt, negative_prompt=negative or None, **options)
    return dict(zip((*EMBEDDED, *POOLED), answer, strict=False))


@pytest.mark.parametrize(
    ("prompt", "negative"), [("red brick", ""), ("", "people"), ("b" * 75, "")]
)
def test_short_plain_prompts_go_to_the_pipeline_as_they_are(
    pipeline: Any, prompt: str, negative: str
) -> None:
    worded = Prompting(pipeline).worded(prompt, negative)
    assert worded.arguments == {"prompt": prompt, "negative_prompt": negative or None}
    assert worded.notes == ()


@pytest.mark.parametrize("negative", ["", "blue"])
def test_a_short_prompt_is_embedded_as_the_pipeline_does_it(pipeline: Any, negative: str) -> None:
    ours = Prompting(pipeline).worded(r"red brick\\", negative).arguments
    theirs = by_diffusers(pipeline, "red brick\\", negative)
    assert set(ours) == {name for name, value in theirs.items() if value is not None}
    assert all(torch.allclose(ours[name], theirs[name], atol=1e-6) for name in ours)


@pytest.mark.parametrize("negative", ["", "blue", "blue " * 100])
def test_a_long_prompt_is_read_in_full_and_both_sides_are_of_a_length(
    pipeline: Any, negative: str
) -> None:
    prompting = Prompting(pipeline)
    arguments = prompting.worded("brick " * 50, negative).arguments
    length = 77 * (6 if len(negative) > 100 else 4)
    assert {arguments[name].shape[1] for name in EMBEDDED} == {length}
    other = prompting.worded("brick " * 49 + "stone", negative).arguments
    assert not torch.equal(arguments["prompt_embeds"], other["prompt_embeds"])
    first = by_diffusers(pipeline, "brick " * 15, "")["prompt_embeds"]
    assert torch.allclose(arguments["prompt_embeds"][:, :77], first, atol=1e-6)


def test_weights_move_a_word_from_the_empty_prompt(pipeline: Any) -> None:
    prompting = Prompting(pipeline)
    empty = by_diffusers(pipeline, "", "x")["prompt_embeds"]
    plain = by_diffusers(pipeline, "ab c", "x")["prompt_embeds"]
    for weight in (0.0, 0.5, 1.5):
        found = prompting.worded(f"ab (c:{weight})", "x").arguments["prompt_embeds"]
        wanted = empty + (plain - empty) * weight
        assert torch.allclose(found[:, 3], wanted[:, 3], atol=1e-5)
        assert torch.allclose(found[:, :3], plain[:, :3], atol=1e-6)
        assert torch.allclose(found[:, 4:], plain[:, 4:], atol=1e-6)


def test_only_what_is_lost_is_told(pipeline: Any) -> None:
    prompting = Prompting(pipeline)
    assert prompting.worded("brick " * 200, "(b:1.2)").notes == ()
    prompt, negative = prompting.worded("b" * 1250, "c" * 2000).notes
    assert prompt.startswith("The prompt is longer than the 1200 tokens")
    assert "last 50" in prompt
    assert negative.startswith("The negative prompt")


@pytest.mark.parametrize(
    ("prompt", "count"), [("", 0), ("brick", 5), ("(brick:1.2)", 5), ("brick " * 100, 500)]
)
def test_tokens_are_counted_without_brackets(pipeline: Any, prompt: str, count: int) -> None:
    assert StablePainter(pipeline, INFO).tokens(prompt) == (count, 75)


@pytest.mark.parametrize(
    "prompt", ["brick " * 200, "b" * 2000, "é🙂 " * 100, "<|endoftext|> " * 90, "((brick:3) [x:2"]
)
def test_prompts_of_any_kind_paint_and_leave_no_trace_in_the_log(
    pipeline: Any, caplog: pytest.LogCaptureFixture, prompt: str
) -> None:
    painter = StablePainter(pipeline, INFO)
    with caplog.at_level(logging.DEBUG):
        painted = paint(painter, prompt=prompt, negative_prompt=prompt, steps=1)
    said = " ".join(record.getMessage() for record in caplog.records)
    assert not any(word in said for word in ("brick", "bbb", "🙂", "truncated", "longer"))
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(painted.notes) == (2 if prompt.startswith("bbb") else 0)


def test_words_weights_and_what_comes_late_tell_in_the_picture(pipeline: Any) -> None:
    painter = StablePainter(pipeline, INFO)
    prompts = ("red brick", "red (brick:1.5)", "red [brick]", "brick " * 50, "brick " * 49 + "sea")
    pictures = [paint(painter, prompt=prompt) for prompt in prompts]
    again = [paint(painter, prompt=prompt) for prompt in prompts]
    assert all(map(same, pictures, again))
    assert not any(same(one, two) for n, one in enumerate(pictures) for two in pictures[:n])
