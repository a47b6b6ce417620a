"""Samplers fit the model that they are built for, whatever sampler it came with."""

from __future__ import annotations

from typing import Any

import diffusers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inpainting.errors import BadRequest
from models.catalog import SCHEDULERS
from models.schedulers import build_scheduler, count_steps, scheduler_names

TRAINING: dict[str, Any] = {
    "num_train_timesteps": 1000,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "prediction_type": "v_prediction",
    "timestep_spacing": "trailing",
    "steps_offset": 1,
}
ORIGINS = {
    "euler": diffusers.EulerDiscreteScheduler(**TRAINING),
    "sde": diffusers.DPMSolverMultistepScheduler(
        **TRAINING, algorithm_type="sde-dpmsolver++", use_karras_sigmas=True, thresholding=True
    ),
    "ddim": diffusers.DDIMScheduler(**TRAINING, clip_sample=True),
}


@pytest.mark.parametrize("origin", list(ORIGINS))
def test_all_nine_are_offered(origin: str) -> None:
    assert scheduler_names(dict(ORIGINS[origin].config)) == SCHEDULERS


@pytest.mark.parametrize("origin", list(ORIGINS))
@pytest.mark.parametrize("name", SCHEDULERS)
def test_the_training_is_kept_and_the_sampling_is_not(origin: str, name: str) -> None:
    config: Any = build_scheduler(name, dict(ORIGINS[origin].config), 20).config
    kept = {key: value for key, value in TRAINING.items() if key in config}
    assert {key: config[key] for key in kept} == kept
    assert len(kept) == len(TRAINING)
    assert bool(config.get("use_karras_sigmas")) is (name == "DPM++ 2M Karras")
    assert config.get("algorithm_type", "dpmsolver++") == "dpmsolver++"
    assert not config.get("clip_sample")
    assert not config.get("thresholding")


def test_each_call_builds_a_fresh_one() -> None:
    config = dict(ORIGINS["euler"].config)
    assert build_scheduler("Euler", config, 4) is not build_scheduler("Euler", config, 4)


def test_what_cannot_say_how_the_model_was_trained_is_left_out() -> None:
    config = {**TRAINING, "rescale_betas_zero_snr": True}
    names = scheduler_names(config)
    assert "LMS" not in names
    assert "PNDM" not in names
    assert "Euler" in names


@pytest.mark.parametrize("name", ["", "euler", "Heun"])
def test_an_unknown_name_is_refused_with_those_there_are(name: str) -> None:
    with pytest.raises(BadRequest, match="Euler a"):
        build_scheduler(name, TRAINING, 20)


@pytest.mark.parametrize("name", SCHEDULERS)
def test_no_step_lies_before_the_start_of_time(name: str) -> None:
    # 61 steps in "trailing" spacing: diffusers adds a 62nd at time -1.
    for steps in (1, 20, 61, 150):
        scheduler = build_scheduler(name, TRAINING, steps)
        scheduler.set_timesteps(steps)
        assert min(scheduler.timesteps) >= 0


@given(
    name=st.sampled_from(SCHEDULERS),
    steps=st.integers(1, 150),
    strength=st.floats(0.01, 1.0),
)
@settings(max_examples=40, deadline=None)
def test_steps_are_counted_or_refused(name: str, steps: int, strength: float) -> None:
    scheduler = build_scheduler(name, TRAINING, steps)
    kept = int(steps * strength)
    if kept == 0:
        with pytest.raises(BadRequest, match="no step"):
            count_steps(scheduler, steps, strength)
        return
    # PNDM runs its second step twice to get going.
    assert count_steps(scheduler, steps, strength) - kept in ({0, 1} if name == "PNDM" else {0})
