"""Decoding: what counts as a picture, and that the numbers are those of the SDXL pipelines."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from models.decoding import Decoded, decode, is_picture, to_rgb
from tests.support.tiny import tiny_sdxl_inpaint

HOLE = np.zeros((16, 16), np.bool_)
HOLE[4:12, 4:12] = True


def noise(low: float, high: float) -> Decoded:
    return np.random.default_rng(0).uniform(low, high, (16, 16, 3)).astype(np.float32)


def test_a_picture_is_finite_and_not_flat_where_it_was_painted() -> None:
    assert is_picture(noise(-1, 1), HOLE)
    assert is_picture(noise(0.9, 1.1), HOLE), "a white wall, a little too bright"
    flat = noise(-1, 1)
    flat[HOLE] = -1.0
    assert not is_picture(flat, HOLE)
    assert not is_picture(noise(-300, -200), HOLE), "all black"
    assert not is_picture(np.zeros((16, 16, 3), np.float32), HOLE)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_one_number_that_is_none_is_enough(bad: float) -> None:
    decoded = noise(-1, 1)
    decoded[0, 0, 0] = bad
    assert not is_picture(decoded, HOLE)


def test_a_hole_of_a_few_pixels_may_be_of_one_colour() -> None:
    one = np.zeros((16, 16), np.bool_)
    one[3, 3] = True
    assert is_picture(noise(-1, 1), one)


def test_colours_are_clipped_and_rounded() -> None:
    values = np.array([[[-2.0, -1.0, 0.0], [0.5, 1.0, 2.0]]], np.float32)
    assert to_rgb(values).tolist() == [[[0, 0, 128], [191, 255, 255]]]


@pytest.mark.parametrize("spread", [None, [0.5, 2.0, 1.0, 3.0]])
def test_it_decodes_as_the_pipeline_would(spread: list[float] | None) -> None:
    pipeline = tiny_sdxl_inpaint()
    if spread:
        pipeline.vae.register_to_config(latents_mean=[0.1, 0.2, 0.3, 0.4], latents_std=spread)
    arguments = {
        "prompt": "red",
        "image": torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0)),
        "mask_image": torch.ones(1, 1, 64, 64),
        "height": 64,
        "width": 64,
        "num_inference_steps": 2,
        "strength": 1.0,
    }
    pipeline.set_progress_bar_config(disable=True)
    latents, whole = (
        pipeline(**arguments, output_type=kind, generator=torch.Generator().manual_seed(1)).images
        for kind in ("latent", "np")
    )
    ours = to_rgb(decode(pipeline.vae, latents))
    assert np.abs(ours - whole[0] * 255).max() <= 0.51
