"""The pipeline that ships: it loads without a network, is small, and heeds its options."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    LCMScheduler,
    LMSDiscreteScheduler,
    PNDMScheduler,
    StableDiffusionXLInpaintPipeline,
    UniPCMultistepScheduler,
)
from PIL import Image

_FOLDER = Path(__file__).resolve().parents[2] / "models" / "embedded"
_SIDE = 128
_SCHEDULERS = (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    LCMScheduler,
    LMSDiscreteScheduler,
    PNDMScheduler,
    UniPCMultistepScheduler,
)


@pytest.fixture(scope="module")
def pipeline() -> StableDiffusionXLInpaintPipeline:
    pipeline = StableDiffusionXLInpaintPipeline.from_pretrained(
        _FOLDER, use_safetensors=True, local_files_only=True
    )
    pipeline.to(torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def _paint(
    pipeline: StableDiffusionXLInpaintPipeline,
    prompt: str = "sunset sea",
    seed: int = 1,
    side: tuple[int, int] = (_SIDE, _SIDE),
    **options: Any,
) -> npt.NDArray[np.uint8]:
    photo = np.random.default_rng(0).integers(0, 255, (side[1], side[0], 3)).astype(np.uint8)
    hole = np.zeros((side[1], side[0]), np.uint8)
    hole[:, side[0] // 4 :] = 255
    settings = {"num_inference_steps": 3, "strength": 1.0, "guidance_scale": 4.0} | options
    picture = pipeline(
        prompt=prompt,
        image=Image.fromarray(photo),
        mask_image=Image.fromarray(hole),
        width=side[0],
        height=side[1],
        generator=torch.Generator().manual_seed(seed),
        **settings,
    ).images[0]
    return np.asarray(picture, np.uint8)


def test_the_weights_are_small_safetensors_alone() -> None:
    files = [path for path in _FOLDER.rglob("*") if path.is_file()]
    weights = [path for path in files if path.suffix == ".safetensors"]
    assert len(weights) == 4
    assert sum(path.stat().st_size for path in weights) <= 40e6
    assert {path.suffix for path in files} <= {".safetensors", ".json", ".txt", ".md"}


def test_it_is_sdxl_inpainting_with_nine_channels(
    pipeline: StableDiffusionXLInpaintPipeline,
) -> None:
    assert type(pipeline) is StableDiffusionXLInpaintPipeline
    assert pipeline.unet.config.in_channels == 9
    assert pipeline.unet.config.addition_embed_type == "text_time"
    assert pipeline.watermark is None
    assert pipeline.scheduler.config.prediction_type == "v_prediction"


@pytest.mark.parametrize("prompt", ["", "🙂 Größe 砂漠", "red brick " * 300])
def test_any_prompt_paints_a_picture(
    pipeline: StableDiffusionXLInpaintPipeline, prompt: str
) -> None:
    picture = _paint(pipeline, prompt)
    assert picture.shape == (_SIDE, _SIDE, 3)
    assert picture[:, _SIDE // 2 :].std() > 2


def test_a_seed_gives_the_same_bytes_and_another_seed_another_picture(
    pipeline: StableDiffusionXLInpaintPipeline,
) -> None:
    first = _paint(pipeline, seed=1)
    assert np.array_equal(first, _paint(pipeline, seed=1))
    assert _differs(first, _paint(pipeline, seed=2))


@pytest.mark.parametrize(
    "options",
    [
        {"negative_prompt": "sea"},
        {"guidance_scale": 1.5},
        {"strength": 0.5},
        {"prompt": "red brick"},
        {"num_inference_steps": 4},
    ],
    ids=lambda options: next(iter(options)),
)
def test_each_option_changes_the_picture(
    pipeline: StableDiffusionXLInpaintPipeline, options: dict[str, Any]
) -> None:
    assert _differs(_paint(pipeline), _paint(pipeline, **options))


def test_prompts_give_their_colours(pipeline: StableDiffusionXLInpaintPipeline) -> None:
    red, blue = (
        _paint(pipeline, f"{colour} wall", num_inference_steps=6)[:, _SIDE // 2 :].mean((0, 1))
        for colour in ("red", "blue")
    )
    assert red[0] > red[2] + 50
    assert blue[2] > blue[0] + 50


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize("kind", _SCHEDULERS, ids=lambda kind: kind.__name__)
def test_every_scheduler_can_use_its_configuration(
    pipeline: StableDiffusionXLInpaintPipeline, kind: type[Any]
) -> None:
    before = pipeline.scheduler
    pipeline.scheduler = kind.from_config(before.config)
    try:
        picture = _paint(pipeline, "night city", num_inference_steps=5)
    finally:
        pipeline.scheduler = before
    assert picture[:, _SIDE // 2 :].mean() < 110


def test_it_paints_shapes_that_are_not_square(
    pipeline: StableDiffusionXLInpaintPipeline,
) -> None:
    assert _paint(pipeline, side=(200, 104)).shape == (104, 200, 3)


def _differs(one: npt.NDArray[np.uint8], other: npt.NDArray[np.uint8]) -> bool:
    return float(np.abs(one.astype(int) - other.astype(int)).mean()) > 1
