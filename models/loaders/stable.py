"""Painters of the Stable Diffusion families from a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import diffusers
import torch

from inpainting.errors import ModelUnavailable
from inpainting.ports import Painter
from inpainting.types import ModelInfo
from models.catalog import painter_info
from models.lora import add_adapter
from models.placing import dtype_name, must_offload
from models.revisions import commit_of
from models.rows.base import Component, LoraPart, PainterRow
from models.schedulers import scheduler_names
from models.stable import StablePainter

_PIPELINES: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "stable": ("StableDiffusionXLInpaintPipeline", {"add_watermarker": False}),
    # No safety checker, so nothing needs its feature extractor either.
    "stable-1": (
        "StableDiffusionInpaintPipeline",
        {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False},
    ),
}
"""The pipeline of each kind of row and what it is built with."""


def load(
    row: PainterRow,
    device: torch.device,
    dtype: torch.dtype,
    *,
    offline: bool,
    lora_folder: Path | None = None,
) -> Painter:
    """Return the painter of a row on a device; raises ModelUnavailable where it does not fit."""
    offload = not row.local and must_offload(
        row.title, row.memory, row.memory_offloaded, device, dtype
    )
    pipeline = _pipeline(row, dtype, offline)
    adapters = _adapters(pipeline, row.loras, offline)
    if offload:
        pipeline.enable_model_cpu_offload(device=device)
    else:
        pipeline.to(device)
    info = _info(row, pipeline, device, dtype)
    return StablePainter(pipeline, info, lora_folder, adapters)


def _info(row: PainterRow, pipeline: Any, device: torch.device, dtype: torch.dtype) -> ModelInfo:
    info = painter_info(row, str(device), dtype_name(dtype))
    able = scheduler_names(pipeline.scheduler.config)
    names = tuple(name for name in info.schedulers if name in able)
    return replace(info, schedulers=names, revision=info.revision or commit_of(pipeline.unet))


def _pipeline(row: PainterRow, dtype: torch.dtype, offline: bool) -> Any:
    name, options = _PIPELINES[row.kind]
    parts = {part.name: _component(part, dtype, offline) for part in row.components}
    pipeline = getattr(diffusers, name).from_pretrained(
        row.source,
        revision=None if row.local else row.revision or None,
        variant=row.variant,
        use_safetensors=True,
        local_files_only=offline or row.local,
        dtype=dtype,
        **options,
        **parts,
    )
    if row.kind == "stable-1":
        # The VAE of 1.x does not overflow in half precision; diffusers' default is for SDXL's.
        pipeline.vae.register_to_config(force_upcast=False)
    return pipeline


def _component(part: Component, dtype: torch.dtype, offline: bool) -> Any:
    return getattr(diffusers, part.kind).from_pretrained(
        part.source,
        revision=part.revision or None,
        use_safetensors=True,
        local_files_only=offline,
        dtype=dtype,
    )


def _adapters(pipeline: Any, parts: Sequence[LoraPart], offline: bool) -> dict[str, float]:
    """Load the LoRA files that belong to a row; return their adapters with their weights."""
    adapters = {}
    for number, part in enumerate(parts, 1):
        adapter = f"part_{number}"
        revision = part.revision or None
        fits = add_adapter(pipeline, part.source, part.file, adapter, offline, revision=revision)
        if not fits:
            raise ModelUnavailable(f"{part.file} of {part.source} does not fit this painter.")
        if part.spacing:
            pipeline.scheduler.register_to_config(timestep_spacing=part.spacing)
        adapters[adapter] = part.weight
    return adapters
