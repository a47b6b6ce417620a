"""Prompts on tiny real text encoders: short ones as ever, long ones in full, none of them twice."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import torch

from models.chunking import MOST_CHUNKS
from models.prompting import MOST_BYTES, Prompting
from models.stable import StablePainter
from tests.support.stable import INFO, Fault, out_of_memory, paint, same
from tests.support.tiny import tiny_lora, tiny_sd_inpaint, tiny_sdxl_inpaint

BUILDERS = [tiny_sdxl_inpaint, tiny_sd_inpaint]
EMBEDDED = ("prompt_embeds", "negative_prompt_embeds")
POOLED = ("pooled_prompt_embeds", "negative_pooled_prompt_embeds")


@pytest.fixture(scope="module", params=BUILDERS, ids=["sdxl", "sd15"])
def pipeline(request: pytest.FixtureRequest) -> Any:
    made = request.param()
    made.set_progress_bar_config(disable=True)
    return made


@pytest.fixture(params=BUILDERS, ids=["sdxl", "sd15"])
def own(request: pytest.FixtureRequest) -> Any:
    """A pipeline for a test that changes it."""
    return request.param()


@torch.no_grad()
def by_diffusers(pipeline: Any, prompt: str, negative: str) -> dict[str, torch.Tensor]:
    """What the pipeline itself makes of two short prompts."""
    options = {"device": "cpu", "num_images_per_prompt": 1, "do_classifier_free_guidance": True}
    answer = pipeline.encode_prompt(prompt=prompt, negative_prompt=negative or None, **options)
    return dict(zip((*EMBEDDED, *POOLED), answer, strict=False))


SHORT = [("red brick", ""), ("", "people"), ("", ""), ("b" * 75, "c" * 75)]


@pytest.mark.parametrize(("prompt", "negative"), SHORT)
@pytest.mark.parametrize("zeroes", [True, False])
def test_short_plain_prompts_are_what_the_pipeline_makes_of_them(
    own: Any, prompt: str, negative: str, zeroes: bool
) -> None:
    if hasattr(own, "text_encoder_2"):
        own.register_to_config(force_zeros_for_empty_prompt=zeroes)
    worded = Prompting(own).worded(prompt, negative)
    theirs = by_diffusers(own, prompt, negative)
    assert worded.notes == ()
    assert set(worded.arguments) == set(theirs)
    assert all(torch.equal(worded.arguments[name], theirs[name]) for name in theirs)


@pytest.mark.parametrize(("prompt", "negative"), SHORT[:2])
@pytest.mark.parametrize("guidance", [1.0, 5.0])
def test_a_picture_has_the_bytes_that_the_texts_themselves_give(
    pipeline: Any, prompt: str, negative: str, guidance: float
) -> None:
    def picture(**arguments: Any) -> Any:
        return pipeline(
            **arguments,
            image=torch.zeros(1, 3, 64, 64),
            mask_image=torch.ones(1, 1, 64, 64),
            height=64,
            width=64,
            guidance_scale=guidance,
            num_inference_steps=2,
            generator=torch.Generator().manual_seed(1),
            output_type="latent",
        ).images

    texts = picture(prompt=prompt, negative_prompt=negative or None)
    assert torch.equal(picture(**Prompting(pipeline).worded(prompt, negative).arguments), texts)


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


# -- found again ---------------------------------------------------------------------------


class Runs:
    """Counts the runs of all text encoders of a pipeline."""

    def __init__(self, pipeline: Any) -> None:
        self._count = 0
        for name in ("text_encoder", "text_encoder_2"):
            if getattr(pipeline, name, None) is not None:
                getattr(pipeline, name).register_forward_hook(self._hear)

    def _hear(self, *_: Any) -> None:
        self._count += 1

    def take(self) -> int:
        """Return how many there were since the last time."""
        count, self._count = self._count, 0
        return count


PAIRS = [("red brick", "people"), ("red (brick:1.2)", ""), ("brick " * 50, ""), ("b" * 1250, "")]


@pytest.mark.parametrize(("prompt", "negative"), PAIRS)
def test_the_same_prompts_again_do_not_run_the_encoders(
    pipeline: Any, prompt: str, negative: str
) -> None:
    prompting, runs = Prompting(pipeline), Runs(pipeline)
    first = prompting.worded(prompt, negative)
    assert runs.take() > 0
    again = prompting.worded(prompt, negative)
    assert runs.take() == 0
    assert again.notes == first.notes
    assert len(first.notes) == (prompt[:2] == "bb")
    assert all(
        torch.equal(again.arguments[name], first.arguments[name]) for name in first.arguments
    )


@pytest.mark.parametrize(
    ("prompt", "negative", "key"),
    [("sea", "people", ()), ("brick", "", ()), ("brick", "people", (("a", 0.5, "d1"),))],
)
def test_the_encoders_run_for_all_that_changes_their_answer(
    pipeline: Any, prompt: str, negative: str, key: tuple[object, ...]
) -> None:
    prompting, runs = Prompting(pipeline), Runs(pipeline)
    prompting.worded("brick", "people")
    runs.take()
    prompting.worded(prompt, negative, key)
    assert runs.take() > 0
    prompting.worded("brick", "people")
    assert runs.take() == 0


def test_each_weight_of_a_lora_has_its_own_answer(own: Any, tmp_path: Path) -> None:
    file = tiny_lora(own, tmp_path / "lora.safetensors")
    own.load_lora_weights(
        file.parent.as_posix(), weight_name=file.name, adapter_name="a", local_files_only=True
    )
    prompting, runs = Prompting(own), Runs(own)
    found = []
    for weight in (1.0, 0.5, 1.0):
        own.set_adapters(["a"], [weight])
        found.append(prompting.worded("brick", "", ("a", weight, "digest")))
    # Two encoders for the prompt alone with SDXL; one for both prompts with 1.5.
    assert runs.take() == 2 * 2
    assert found[2] is found[0]
    assert not torch.equal(found[0].arguments["prompt_embeds"], found[1].arguments["prompt_embeds"])


def test_what_was_used_last_is_kept_until_it_is_told_to_go(
    pipeline: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.prompting.MOST", 4)
    prompting, runs = Prompting(pipeline), Runs(pipeline)
    prompting.worded("first", "")
    for number in range(3):
        prompting.worded(str(number), "")
    runs.take()
    prompting.worded("first", "")
    assert runs.take() == 0
    prompting.worded("one more", "")
    runs.take()
    prompting.worded("first", "")
    assert runs.take() == 0
    prompting.worded("0", "")
    assert runs.take() > 0
    prompting.clear()
    prompting.worded("first", "")
    assert runs.take() > 0


def test_bytes_are_bounded_and_the_last_pair_stays(
    pipeline: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    prompting, runs = Prompting(pipeline), Runs(pipeline)
    assert prompting.worded("a", "").size < MOST_BYTES
    monkeypatch.setattr("models.prompting.MOST_BYTES", 1)
    for prompt, ran in (("b", True), ("b", False), ("a", True)):
        runs.take()
        prompting.worded(prompt, "")
        assert (runs.take() > 0) is ran


def test_an_error_is_not_remembered(own: Any) -> None:
    prompting = Prompting(own)
    fault = Fault(own.text_encoder, "forward", out_of_memory, lambda call: call == 1)
    with pytest.raises(torch.OutOfMemoryError):
        prompting.worded("brick", "")
    theirs = by_diffusers(own, "brick", "")
    ours = prompting.worded("brick", "").arguments
    assert fault.calls > 1
    assert torch.equal(ours["prompt_embeds"], theirs["prompt_embeds"])


@pytest.mark.parametrize(
    ("prompt", "chunks"),
    [("", 1), ("b" * 75, 1), ("b" * 76, 2), ("(b:1.2)", 1), ("b" * 9000, MOST_CHUNKS)],
)
def test_chunks_tell_how_long_the_embeddings_are(pipeline: Any, prompt: str, chunks: int) -> None:
    prompting, runs = Prompting(pipeline), Runs(pipeline)
    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(prompting.chunks, [prompt] * 4)) == [chunks] * 4
    assert runs.take() == 0
    for pair in ((prompt, ""), ("", prompt)):
        arguments = prompting.worded(*pair).arguments
        assert {arguments[name].shape[1] for name in EMBEDDED} == {77 * chunks}
