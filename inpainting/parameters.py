"""A recipe as the `parameters` text that other programs keep in PNG files and read from them.

The form is that of Stable Diffusion web UI (AUTOMATIC1111): the prompt, the negative prompt after
its name, and one last line of "Name: value" with commas between.
"""

from __future__ import annotations

import json
import re

from inpainting.records import Recipe
from inpainting.types import LoraUse, Tool


def parameters_of(recipe: Recipe) -> str:
    """Return the text, "" for REMOVE, which has no such settings.

    `Size` is what the painter worked at. LoRA files stand in the prompt as `<lora:name:weight>`.
    """
    if recipe.tool is Tool.REMOVE:
        return ""
    used = recipe.settings
    negative = f"Negative prompt: {used.negative_prompt}" if used.negative_prompt else ""
    prompt = " ".join((used.prompt, *map(_lora, used.loras))).strip()
    values = ", ".join(f"{name}: {_quoted(value)}" for name, value in _values(recipe).items())
    return "\n".join(line for line in (prompt, negative, values) if line)


def _values(recipe: Recipe) -> dict[str, str]:
    used = recipe.settings
    width, height = recipe.frame_size
    # What starts from nothing has no such strength there either.
    kept = {} if recipe.tool is Tool.CREATE else {"Denoising strength": f"{used.strength:g}"}
    return {
        "Steps": str(used.steps),
        "Sampler": used.scheduler,
        "CFG scale": f"{used.guidance:g}",
        "Seed": str(used.seed),
        "Size": f"{width}x{height}",
        "Model": recipe.painter.key,
        **kept,
        "Version": f"Point & Paint {recipe.app_version}",
    }


def _lora(lora: LoraUse) -> str:
    name = re.sub(r"\.safetensors$", "", lora.name)
    return f"<lora:{re.sub('[<>:]', '_', name)}:{lora.weight:g}>"


def _quoted(value: str) -> str:
    """Quote what would end a value; a value that is empty stays one."""
    if not value or not set(value) & {",", ":", "\n", '"'}:
        return value
    return json.dumps(value, ensure_ascii=False)
