"""What one batch asks of a pipeline of Stable Diffusion. No state."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from inpainting.types import Mask, PaintSettings, Rgb, Work
from models.modes import Mode, mode_for
from models.prompting import Prompting, Worded


def batch_key(work: Work, channels: int, prompting: Prompting) -> Hashable | None:
    """Return what works must have in common to be painted together; None for one that goes alone.

    `channels` are those that the UNet takes.
    """
    settings = work.settings
    if settings.softness:
        return None
    return (
        work.hole.shape,
        mode_for(work.hole, settings.strength, channels),
        *shared_settings(settings),
        max(map(prompting.chunks, (settings.prompt, settings.negative_prompt))),
    )


def shared_settings(settings: PaintSettings) -> tuple[Hashable, ...]:
    """Return the settings that hold for a batch as a whole: all but prompts and seed."""
    return (
        settings.steps,
        settings.guidance,
        settings.strength,
        settings.scheduler,
        settings.loras,
        settings.guidance_until,
        settings.reuse,
    )


def arguments(mode: Mode, works: Sequence[Work]) -> dict[str, Any]:
    """Return what a pipeline is called with for `works`, but for prompts and callbacks."""
    settings = works[0].settings
    height, width = works[0].hole.shape
    size = {"height": height, "width": width}
    pictures = torch.cat([as_tensor(work.rgb) for work in works])
    given = {"image": pictures, "strength": settings.strength}
    holes = torch.cat([_as_plane(work.hole) for work in works])
    ways: Mapping[Mode, dict[str, Any]] = {
        Mode.TEXT: size,
        Mode.IMAGE: given,
        Mode.HOLE: {**size, **given, "mask_image": holes},
    }
    return {
        **ways[mode],
        "num_inference_steps": settings.steps,
        "guidance_scale": settings.guidance,
        "generator": _generators(works),
        "output_type": "latent",
    }


def as_tensor(rgb: Rgb) -> torch.Tensor:
    """Return a picture HxWx3 as 1x3xHxW float32, 0 to 1."""
    return torch.from_numpy(rgb.astype(np.float32) / 255).permute(2, 0, 1)[None]


def _as_plane(hole: Mask) -> torch.Tensor:
    return torch.from_numpy(hole.astype(np.float32))[None, None]


def _generators(works: Sequence[Work]) -> Any:
    """Return one generator for each picture, so that it gets the very noise that it gets alone."""
    found = [torch.Generator("cpu").manual_seed(work.settings.seed) for work in works]
    return found if len(found) > 1 else found[0]


def joined(worded: Sequence[Worded]) -> dict[str, Any]:
    """Return the prompts of a batch as arguments of a pipeline."""
    if len(worded) == 1:
        return dict(worded[0].arguments)
    named = {name: [one.arguments[name] for one in worded] for name in worded[0].arguments}
    return {name: torch.cat(values) for name, values in named.items()}
