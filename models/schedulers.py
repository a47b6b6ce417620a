"""Samplers by the names that people know, built for the noise schedule that a model was trained on.

The choice of parameters follows the table of the diffusers documentation, "Schedulers" overview.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import diffusers
import numpy as np

from inpainting.errors import BadRequest

_TRAINING_KEYS = (
    "num_train_timesteps",
    "beta_start",
    "beta_end",
    "beta_schedule",
    "trained_betas",
    "prediction_type",
    "rescale_betas_zero_snr",
    "timestep_spacing",
    "steps_offset",
)
"""What describes the model; all other keys of a config are choices of the sampler it came with."""


@dataclass(frozen=True, slots=True)
class _Row:
    """The diffusers class of a sampler and its own parameters."""

    kind: str
    options: Mapping[str, Any] = field(default_factory=dict)


_ROWS: Mapping[str, _Row] = {
    "Euler": _Row("EulerDiscreteScheduler"),
    "Euler a": _Row("EulerAncestralDiscreteScheduler"),
    "DPM++ 2M": _Row("DPMSolverMultistepScheduler"),
    "DPM++ 2M Karras": _Row("DPMSolverMultistepScheduler", {"use_karras_sigmas": True}),
    "UniPC": _Row("UniPCMultistepScheduler"),
    # Latents are not bounded by 1: clipping them, the default of this class, greys the picture.
    "DDIM": _Row("DDIMScheduler", {"clip_sample": False, "set_alpha_to_one": False}),
    "LMS": _Row("LMSDiscreteScheduler"),
    "PNDM": _Row("PNDMScheduler", {"skip_prk_steps": True}),
    "LCM": _Row("LCMScheduler"),
}


def scheduler_names(config: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the samplers that a model with this scheduler config can run.

    A sampler is left out when it has no parameter for how the model was trained, or when a package
    that it needs is not installed (LMS: scipy).
    """
    return tuple(name for name in _ROWS if _fits(name, config))


def build_scheduler(name: str, config: Mapping[str, Any], steps: int) -> Any:
    """Return a fresh sampler called `name` for `steps` steps of a model with this config.

    Raises BadRequest for a name that is not in `scheduler_names(config)`.
    """
    if name not in _ROWS or not _fits(name, config):
        names = ", ".join(scheduler_names(config))
        raise BadRequest(f"The scheduler is {name!r}; choose one of {names}.")
    return _build(name, config, steps)


def count_steps(scheduler: Any, steps: int, strength: float) -> int:
    """Return how many steps a job really runs: the tail of the schedule that `strength` leaves.

    The arithmetic is that of `StableDiffusionXLInpaintPipeline.get_timesteps`. Raises BadRequest
    when it leaves none. Sets the timesteps of `scheduler`.
    """
    kept = min(int(steps * strength), steps)
    if kept < 1:
        raise BadRequest(
            f"With {steps} steps a strength of {strength:g} runs no step at all; "
            f"take a strength of at least {math.ceil(100 / steps) / 100:g}, or more steps."
        )
    scheduler.set_timesteps(steps)
    return len(scheduler.timesteps[(steps - kept) * scheduler.order :])


def _fits(name: str, config: Mapping[str, Any]) -> bool:
    kind = getattr(diffusers, _ROWS[name].kind)
    accepted = inspect.signature(kind.__init__).parameters
    if config.get("rescale_betas_zero_snr") and "rescale_betas_zero_snr" not in accepted:
        return False
    try:
        _build(name, config, 2).set_timesteps(2)
    except (ImportError, NotImplementedError, NameError, ValueError):
        return False
    return True


def _build(name: str, config: Mapping[str, Any], steps: int) -> Any:
    kind = getattr(diffusers, _ROWS[name].kind)
    training = {**_training(kind, config), **_spacing(config, steps)}
    return kind(**training, **_ROWS[name].options, **_for_steps(name, steps))


def _spacing(config: Mapping[str, Any], steps: int) -> dict[str, str]:
    """Avoid "trailing" where rounding makes diffusers add a step at time -1: DDIM breaks on it."""
    times = int(config.get("num_train_timesteps", 1000))
    exact = len(np.arange(times, 0, -times / steps)) == steps
    wrong = config.get("timestep_spacing") == "trailing" and not exact
    return {"timestep_spacing": "linspace"} if wrong else {}


def _training(kind: type, config: Mapping[str, Any]) -> dict[str, Any]:
    accepted = inspect.signature(kind.__init__).parameters  # type: ignore[misc]
    return {key: config[key] for key in _TRAINING_KEYS if key in config and key in accepted}


def _for_steps(name: str, steps: int) -> dict[str, Any]:
    """LCM picks its steps out of a coarser schedule, which must have at least as many."""
    return {"original_inference_steps": max(50, steps)} if name == "LCM" else {}
