"""Guidance that ends early: in every mode, for any number of pictures, the prompt's half stays."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from models.guiding import guided_steps, needed, unguided
from models.modes import Mode, Pipelines
from tests.support.tiny import tiny_sd_inpaint, tiny_sdxl_inpaint

BUILDERS = {"sdxl": tiny_sdxl_inpaint, "sd15": tiny_sd_inpaint}
WAYS = [(Mode.HOLE, 9), (Mode.HOLE, 4), (Mode.IMAGE, 4), (Mode.TEXT, 4)]
STEPS = 4


@pytest.fixture(
    scope="module", params=product(BUILDERS, WAYS), ids=lambda p: f"{p[0]}-{p[1][0].name}-{p[1][1]}"
)
def way(request: pytest.FixtureRequest) -> tuple[Any, Mode]:
    family, (mode, channels) = request.param
    return Pipelines(BUILDERS[family](channels=channels)).of(mode), mode


class Seen:
    """The inputs of a UNet: of each run its sample, and the prompts'."""

    def __init__(self, unet: torch.nn.Module) -> None:
        self.samples: list[torch.Tensor] = []
        self.prompts: list[torch.Tensor] = []
        unet.register_forward_pre_hook(self._see, with_kwargs=True)

    def _see(self, _unet: Any, given: tuple[Any, ...], named: dict[str, Any]) -> None:
        self.samples.append(given[0])
        self.prompts.append(named["encoder_hidden_states"])


def pictures(seeds: list[int]) -> torch.Tensor:
    made = [torch.rand(3, 64, 64, generator=torch.Generator().manual_seed(seed)) for seed in seeds]
    return torch.stack(made)


def run(way: tuple[Any, Mode], until: float | None, seeds: list[int], **changes: Any) -> Any:
    """Return the latents; with `until` None without any callback."""
    pipeline, mode = way
    hole = torch.zeros(len(seeds), 1, 64, 64)
    hole[:, :, 16:48, 8:56] = 1
    size = {"height": 64, "width": 64}
    ways: dict[Mode, dict[str, Any]] = {
        Mode.TEXT: size,
        Mode.IMAGE: {"image": pictures(seeds), "strength": 1.0},
        Mode.HOLE: {**size, "image": pictures(seeds), "strength": 0.99, "mask_image": hole},
    }
    steps = STEPS + (mode is Mode.HOLE)
    total = STEPS
    guided = 0 if until is None else guided_steps(total, until)

    def on_step(running: Any, index: int, _time: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        return unguided(running, tensors) if index + 1 == guided < total else {}

    listening = {
        "callback_on_step_end": on_step,
        "callback_on_step_end_tensor_inputs": needed(pipeline),
    }
    named: dict[str, Any] = {
        "prompt": ["brick", "sea", "wood"][: len(seeds)],
        "negative_prompt": ["people"] * len(seeds),
        "guidance_scale": 5.0,
        **changes,
    }
    return pipeline(
        **named,
        **ways[mode],
        **({} if until is None else listening),
        num_inference_steps=steps,
        generator=[torch.Generator().manual_seed(seed) for seed in seeds],
        output_type="latent",
    ).images


@given(st.integers(1, 150), st.floats(0, 1, exclude_min=True))
def test_at_least_one_step_is_guided_and_with_one_all_are(total: int, until: float) -> None:
    found = guided_steps(total, until)
    assert 1 <= found <= total
    assert abs(found - total * until) <= 0.5 or found == 1
    assert guided_steps(total, 1.0) == total


@pytest.mark.parametrize(
    ("total", "until", "guided"), [(20, 0.5, 10), (20, 0.7, 14), (10, 0.7, 7), (5, 0.5, 3)]
)
def test_the_share_is_rounded_to_whole_steps(total: int, until: float, guided: int) -> None:
    assert guided_steps(total, until) == guided


def test_after_the_cut_the_unet_sees_the_pictures_once_with_their_prompts(
    way: tuple[Any, Mode],
) -> None:
    seen = Seen(way[0].unet)
    latents = run(way, 0.5, [1, 2])
    assert latents.shape == (2, 4, 8, 8)
    assert [len(sample) for sample in seen.samples] == [4, 4, 2, 2]
    assert torch.equal(seen.prompts[-1], seen.prompts[0][2:])
    assert not torch.equal(seen.prompts[-1], seen.prompts[0][:2])
    if seen.samples[0].shape[1] == 9:
        assert torch.equal(seen.samples[-1][:, 4:], seen.samples[0][2:, 4:])


def test_a_share_of_one_changes_no_byte(way: tuple[Any, Mode]) -> None:
    assert torch.equal(run(way, 1.0, [1, 2]), run(way, None, [1, 2]))


def test_the_cut_tells_and_the_next_job_is_guided_again(way: tuple[Any, Mode]) -> None:
    whole = run(way, None, [1])
    assert not torch.equal(run(way, 0.5, [1]), whole)
    assert torch.equal(run(way, None, [1]), whole)


def test_where_guidance_does_nothing_its_end_does_nothing(way: tuple[Any, Mode]) -> None:
    changes = {"prompt": ["brick", "sea"], "negative_prompt": ["brick", "sea"]}
    whole = run(way, None, [1, 2], **changes)
    assert torch.allclose(run(way, 0.4, [1, 2], **changes), whole, atol=1e-3, rtol=1e-3)


def test_pictures_of_a_batch_come_out_as_they_do_alone(way: tuple[Any, Mode]) -> None:
    together = run(way, 0.5, [1, 2])
    alone = run(way, 0.5, [2], prompt=["sea"])
    assert torch.allclose(together[1:], alone, atol=1e-3, rtol=1e-3)


def test_without_guidance_there_is_nothing_to_end(way: tuple[Any, Mode]) -> None:
    seen = Seen(way[0].unet)
    plain = run(way, None, [1], guidance_scale=1.0)
    assert torch.equal(run(way, 0.5, [1], guidance_scale=1.0), plain)
    assert {len(sample) for sample in seen.samples} == {1}
