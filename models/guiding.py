"""Guidance for the first share of the steps alone: those after it cost half.

Kynkaanniemi et al., "Applying guidance in a limited interval improves sample and distribution
quality in diffusion models" (2024), arXiv 2404.07724: late steps gain nothing from guidance. Here
the interval has an end, and no start: the first steps settle what the picture shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_DOUBLED = ("prompt_embeds", "add_text_embeds", "add_time_ids", "mask", "masked_image_latents")
"""What pipelines of Stable Diffusion hold twice under guidance: first without, then with prompt."""


def guided_steps(total: int, until: float) -> int:
    """Return how many of `total` steps are guided, 1 to `total`; `until` above 0 up to 1."""
    return max(1, min(total, int(total * until + 0.5)))


def needed(pipeline: Any) -> list[str]:
    """Return the `callback_on_step_end_tensor_inputs` that `unguided` must see, and the latents."""
    known = pipeline._callback_tensor_inputs
    return [name for name in ("latents", *_DOUBLED) if name in known]


def unguided(pipeline: Any, tensors: Mapping[str, Any]) -> dict[str, Any]:
    """End the guidance of a running pipeline; return what its `callback_on_step_end` must return.

    For StableDiffusionXL{,Img2Img,Inpaint}Pipeline and their twins of Stable Diffusion 1.x.
    `tensors` are those that `needed` names, 2n x ... for n pictures; n x ... are returned. The UNet
    then sees n pictures a step. Changes nothing where there is no guidance; the pipeline's next
    call sets its own guidance again.
    """
    if not pipeline.do_classifier_free_guidance:
        return {}
    pipeline._guidance_scale = 0.0
    doubled = {name: tensors[name] for name in _DOUBLED if tensors.get(name) is not None}
    return {name: tensor[len(tensor) // 2 :] for name, tensor in doubled.items()}
