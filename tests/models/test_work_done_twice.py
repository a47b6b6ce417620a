"""What a painter computes for a job like the one before: counted, for speed varies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from inpainting.types import LoraUse, Painted, Work
from models.stable import StablePainter
from tests.support.stable import HOLE, INFO, RGB, SETTINGS, paint, same
from tests.support.tiny import tiny_lora, tiny_sd_inpaint, tiny_sdxl_inpaint

PARTS = ("text_encoder", "text_encoder_2", "vae.encoder", "unet", "vae.decoder")


@contextmanager
def counting(pipeline: Any) -> Iterator[Counter[str]]:
    """Count the runs of each model while the block runs."""
    runs = Counter[str]()

    def noting(name: str) -> Any:
        def note(*_: Any) -> None:
            runs[name] += 1

        return note

    with ExitStack() as stack:
        for name in PARTS:
            part: Any = pipeline
            for step in name.split("."):
                part = getattr(part, step, None)
            if part is not None:
                stack.enter_context(part.register_forward_pre_hook(noting(name)))
        yield runs


@pytest.fixture(params=[tiny_sdxl_inpaint, tiny_sd_inpaint], ids=["SDXL", "1.x"])
def pipeline(request: pytest.FixtureRequest) -> Any:
    return request.param()


@pytest.mark.parametrize("strength", [1.0, 0.5])
@pytest.mark.parametrize("again", [{}, {"seed": 8}, {"guidance": 2.0}, {"scheduler": "DDIM"}])
def test_the_same_prompt_picture_and_hole_run_no_encoder(
    pipeline: Any, strength: float, again: dict[str, Any]
) -> None:
    painter = StablePainter(pipeline, INFO)
    first = paint(painter, strength=strength)
    with counting(pipeline) as runs:
        second = paint(painter, strength=strength, **again)
    assert runs == {"unet": 4 * strength, "vae.decoder": 1}
    assert same(first, second) is (not again)


def test_a_picture_found_again_is_the_one_made_anew(pipeline: Any) -> None:
    painter = StablePainter(pipeline, INFO)
    paint(painter, strength=0.5)
    remembered = paint(painter, strength=0.5, seed=9)
    painter._outfit.prompting.clear()
    painter._outfit.encodings.clear()
    assert same(remembered, paint(painter, strength=0.5, seed=9))


def test_another_prompt_runs_the_text_encoders_alone(pipeline: Any) -> None:
    painter = StablePainter(pipeline, INFO)
    paint(painter)
    with counting(pipeline) as runs:
        paint(painter, prompt="snow")
    assert runs["text_encoder"] and not runs["vae.encoder"]
    with counting(pipeline) as runs:
        paint(painter)
    assert runs == {"unet": 4, "vae.decoder": 1}


def test_another_hole_in_the_same_picture_encodes_what_is_left_of_it_alone(pipeline: Any) -> None:
    painter = StablePainter(pipeline, INFO)
    paint(painter, strength=0.5)
    with counting(pipeline) as runs:
        paint(painter, HOLE[:, ::-1].copy(), strength=0.5)
    assert runs == {"vae.encoder": 1, "unet": 2, "vae.decoder": 1}


def test_variations_of_a_batch_share_all_that_they_have_in_common(pipeline: Any) -> None:
    painter = StablePainter(pipeline, replace(INFO, batch=3))
    works = [Work(RGB, HOLE, replace(SETTINGS, seed=seed, strength=0.5)) for seed in range(3)]
    with counting(pipeline) as runs:
        for _ in painter.paint_together(works):
            pass
    assert runs["vae.encoder"] == 2
    assert runs["unet"] == 2
    assert runs["text_encoder"] <= 2


def test_another_weight_of_a_lora_file_is_read_anew(tmp_path: Path) -> None:
    tiny_lora(tiny_sdxl_inpaint(), tmp_path / "style.safetensors")
    pipeline = tiny_sdxl_inpaint()
    painter = StablePainter(pipeline, INFO, tmp_path)
    paint(painter, loras=(LoraUse("style", 1.0),))
    with counting(pipeline) as runs:
        half = paint(painter, loras=(LoraUse("style", 0.5),))
    assert runs["text_encoder"] and not runs["vae.encoder"]
    with counting(pipeline) as runs:
        again = paint(painter, loras=(LoraUse("style", 0.5),))
    assert not runs["text_encoder"]
    assert same(half, again)


def test_a_stopped_job_leaves_nothing_half_made_for_the_next(pipeline: Any) -> None:
    painter = StablePainter(pipeline, INFO)
    alone = paint(painter, strength=0.5)
    painter._outfit.prompting.clear()
    painter._outfit.encodings.clear()
    events = painter.paint(RGB, HOLE, replace(SETTINGS, strength=0.5, steps=100))
    next(events)
    events.close()
    assert same(alone, paint(painter, strength=0.5))


def test_pictures_that_differ_in_one_number_are_not_mistaken(pipeline: Any) -> None:
    painter = StablePainter(pipeline, INFO)
    paint(painter, strength=0.5)
    other = RGB.copy()
    other[0, 0, 0] ^= 1
    with counting(pipeline) as runs:
        *_, last = painter.paint(other, HOLE, replace(SETTINGS, strength=0.5))
    assert runs["vae.encoder"] == 2
    assert isinstance(last, Painted) and last.rgb.shape == RGB.shape
