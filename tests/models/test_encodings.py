"""Encodings that are found again: the same bytes, and the encoder rests."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from models.decoding import encode
from models.encodings import Encodings
from tests.support.stable import Fault, out_of_memory
from tests.support.tiny import tiny_sd_inpaint, tiny_sdxl_inpaint

BUILDERS = [tiny_sdxl_inpaint, tiny_sd_inpaint]


@pytest.fixture(scope="module", params=BUILDERS, ids=["sdxl", "sd15"])
def pipeline(request: pytest.FixtureRequest) -> Any:
    return request.param()


@pytest.fixture
def vae() -> Any:
    return tiny_sdxl_inpaint().vae


class Runs:
    """Counts the runs of a VAE's encoder."""

    def __init__(self, vae: Any) -> None:
        self._count = 0
        vae.encoder.register_forward_hook(self._hear)

    def _hear(self, *_: Any) -> None:
        self._count += 1

    def take(self) -> int:
        """Return how many there were since the last time."""
        count, self._count = self._count, 0
        return count


def picture(seed: int, side: int = 64) -> torch.Tensor:
    return torch.rand(1, 3, side, side, generator=torch.Generator().manual_seed(seed))


def hole(left: int) -> torch.Tensor:
    made = torch.zeros(1, 1, 64, 64)
    made[..., 16:48, left:] = 1
    return made


def job(pipeline: Any, photo: int = 1, left: int = 16, seed: int = 1, **changes: Any) -> Any:
    named = {"prompt": "brick", "strength": 0.99, "num_inference_steps": 3, **changes}
    return pipeline(
        **named,
        image=picture(photo),
        mask_image=hole(left),
        height=64,
        width=64,
        generator=torch.Generator().manual_seed(seed),
        output_type="latent",
    ).images


def test_the_same_hole_again_does_not_run_the_encoder(pipeline: Any) -> None:
    plain = [job(pipeline), job(pipeline, seed=2), job(pipeline, prompt="sea")]
    runs, encodings = Runs(pipeline.vae), Encodings(pipeline.vae)
    with encodings.remembered():
        first = job(pipeline)
        assert runs.take() == 2
        later = [job(pipeline, seed=2), job(pipeline, prompt="sea")]
        assert runs.take() == 0
    assert all(map(torch.equal, [first, *later], plain))
    with encodings.remembered():
        assert torch.equal(job(pipeline), plain[0])
        assert runs.take() == 0
        job(pipeline, num_inference_steps=5)
        assert runs.take() == 0


def test_another_hole_costs_its_own_part_and_another_photo_both(pipeline: Any) -> None:
    plain = [job(pipeline, left=24), job(pipeline, photo=2)]
    runs = Runs(pipeline.vae)
    with Encodings(pipeline.vae).remembered():
        job(pipeline)
        runs.take()
        assert torch.equal(job(pipeline, left=24), plain[0])
        assert runs.take() == 1
        assert torch.equal(job(pipeline, photo=2), plain[1])
        assert runs.take() == 2


def test_a_batch_of_one_photo_runs_the_encoder_as_often_as_one_picture(pipeline: Any) -> None:
    def together() -> Any:
        return pipeline(
            prompt=["brick", "sea", "wood"],
            image=picture(1).repeat(3, 1, 1, 1),
            mask_image=hole(16).repeat(3, 1, 1, 1),
            height=64,
            width=64,
            strength=0.99,
            num_inference_steps=3,
            generator=[torch.Generator().manual_seed(seed) for seed in (1, 2, 3)],
            output_type="latent",
        ).images

    plain = together()
    runs = Runs(pipeline.vae)
    with Encodings(pipeline.vae).remembered():
        assert torch.equal(together(), plain)
    assert runs.take() == 2


def test_the_encoder_runs_again_for_all_that_changes_its_answer(vae: Any) -> None:
    runs, photo = Runs(vae), picture(1) * 2 - 1
    other = photo.clone()
    other[0, 0, 0, 0] += 1e-3
    with Encodings(vae, most=9).remembered(), torch.no_grad():
        vae.encode(photo)
        vae.encode(other)
        vae.encode(photo[..., :32])
        assert runs.take() == 3
        vae.enable_tiling()
        vae.encode(photo)
        assert runs.take() == 1
        vae.disable_tiling()
        torch.nn.Module.to(vae, dtype=torch.float64)
        vae.encode(photo.double())
        assert runs.take() == 1
        torch.nn.Module.to(vae, dtype=torch.float32)
        vae.encode(photo)
        assert runs.take() == 0


def test_a_picture_that_is_written_over_is_another_one(vae: Any) -> None:
    runs, photo = Runs(vae), picture(1)
    with Encodings(vae).remembered(), torch.no_grad():
        vae.encode(photo)
        photo.zero_()
        vae.encode(photo)
        assert runs.take() == 2


def test_the_likeliest_latents_come_from_the_same_place(vae: Any) -> None:
    photo = picture(1) * 2 - 1
    plain, runs = encode(vae, photo), Runs(vae)
    with Encodings(vae).remembered(), torch.no_grad():
        sampled = vae.encode(photo, return_dict=False)[0].sample(torch.Generator().manual_seed(1))
        assert torch.equal(encode(vae, photo), plain)
        assert runs.take() == 1
    assert not torch.equal(sampled * vae.config.scaling_factor, plain)


def test_few_are_kept_those_that_were_used_last(vae: Any) -> None:
    runs, encodings = Runs(vae), Encodings(vae, most=2)
    with encodings.remembered(), torch.no_grad():
        for seed in (1, 2, 1, 3):
            vae.encode(picture(seed))
        assert runs.take() == 3
        vae.encode(picture(1))
        assert runs.take() == 0
        vae.encode(picture(2))
        assert runs.take() == 1
        encodings.clear()
        vae.encode(picture(2))
        assert runs.take() == 1


def test_outside_the_encoder_runs_as_ever(vae: Any) -> None:
    runs, encodings = Runs(vae), Encodings(vae)
    with encodings.remembered(), torch.no_grad():
        vae.encode(picture(1))
    assert "encode" not in vars(vae)
    vae.encode(picture(1))
    assert runs.take() == 2


def test_an_error_leaves_nothing_behind(vae: Any) -> None:
    fault = Fault(vae, "encode", out_of_memory, lambda call: call == 1)
    runs = Runs(vae)
    with pytest.raises(torch.OutOfMemoryError), Encodings(vae).remembered():
        vae.encode(picture(1))
    assert vae.encode is fault
    assert runs.take() == 1
    encodings = Encodings(vae)
    with encodings.remembered(), torch.no_grad():
        vae.encode(picture(1))
    assert runs.take() == 1
