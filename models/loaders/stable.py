"""Painters of the Stable Diffusion families from a row."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import diffusers
import torch

from inpainting.errors import ModelUnavailable
from inpainting.ports import Painter
from inpainting.types import ModelInfo
from models.catalog import painter_info
from models.compiling import compile_blocks
from models.ladder import Ladder, Rung, choose_rung, needs, store_in_eight_bits
from models.loaders.weights import as_channels_last, empty_model, fill, read_weights, weight_file
from models.lora import add_adapter
from models.placing import EIGHT_BITS, dtype_name
from models.revisions import commit_of
from models.rows.base import Component, LoraPart, PainterRow
from models.schedulers import scheduler_names
from models.stable import StablePainter
from models.tiny_preview import TinyDecoder
from models.tuning import PLAIN, Tuning
from models.worker import Worker

_PIPELINES: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "stable": ("StableDiffusionXLInpaintPipeline", {"add_watermarker": False}),
    # No safety checker, so nothing needs its feature extractor either.
    "stable-1": (
        "StableDiffusionInpaintPipeline",
        {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False},
    ),
}
"""The pipeline of each kind of row and what it is built with."""


_LOG = logging.getLogger(__name__)


def load(
    row: PainterRow,
    device: torch.device,
    dtype: torch.dtype,
    *,
    offline: bool,
    lora_folder: Path | None = None,
    tuning: Tuning = PLAIN,
    worker: Worker | None = None,
) -> Painter:
    """Return the painter of a row on a device; raises ModelUnavailable where it does not fit."""
    rung = _rung(row, device, dtype, tuning)
    straight = rung is Rung.RESIDENT and not tuning.eight_bit
    pipeline = _pipeline(row, device if straight else torch.device("cpu"), dtype, offline)
    adapters = _adapters(pipeline, row.loras, offline)
    if tuning.eight_bit:
        store_in_eight_bits(pipeline, dtype)
    ladder = Ladder(pipeline, device, rung)
    ladder.place()
    compiled = tuning.compile and rung is Rung.RESIDENT and compile_blocks(pipeline.unet)
    info = _info(row, pipeline, device, dtype, tuning)
    tiny = _tiny(row.preview, device, dtype, offline)
    painter = StablePainter(
        pipeline,
        info,
        lora_folder,
        adapters,
        ladder=ladder,
        tiny=tiny,
        compiled=compiled,
        worker=worker,
    )
    if compiled:
        painter.warm_up()
    return painter


def _rung(row: PainterRow, device: torch.device, dtype: torch.dtype, tuning: Tuning) -> Rung:
    if row.local:
        return Rung.RESIDENT
    sizes = needs(row, tuning.eight_bit)
    return choose_rung(row.title, *sizes, device, dtype, tuning.memory)


def _info(
    row: PainterRow, pipeline: Any, device: torch.device, dtype: torch.dtype, tuning: Tuning
) -> ModelInfo:
    precision = dtype_name(dtype) + EIGHT_BITS * tuning.eight_bit
    # On a CPU, which has no cores to spare, a batch takes as long as its pictures one by one.
    batch = 1 if device.type == "cpu" else tuning.batch
    info = replace(painter_info(row, str(device), precision), batch=batch)
    able = scheduler_names(pipeline.scheduler.config)
    names = tuple(name for name in info.schedulers if name in able)
    return replace(info, schedulers=names, revision=info.revision or commit_of(pipeline.unet))


def _pipeline(row: PainterRow, device: torch.device, dtype: torch.dtype, offline: bool) -> Any:
    """Return a row's pipeline, most of its weights on `device` already."""
    name, options = _PIPELINES[row.kind]
    kind = getattr(diffusers, name)
    parts = {part.name: _component(part, dtype, offline) for part in row.components}
    given = {**options, **parts, "use_safetensors": True, "variant": row.variant}
    folder = Path(row.source)
    if not folder.is_dir():
        revision = row.revision or None
        folder = Path(
            kind.download(row.source, revision=revision, local_files_only=offline, **given)
        )
    pipeline = _assembled(kind, folder, device, dtype, given)
    if row.kind == "stable-1":
        # The VAE of 1.x does not overflow in half precision; diffusers' default is for SDXL's.
        pipeline.vae.register_to_config(force_upcast=False)
    as_channels_last(pipeline.unet, pipeline.vae)
    return pipeline


def _assembled(
    kind: Any, folder: Path, device: torch.device, dtype: torch.dtype, given: Mapping[str, Any]
) -> Any:
    """Return a pipeline from files on this disk: the UNet is read while the rest is loaded."""
    asked = {**given, "dtype": dtype, "local_files_only": True}
    file = weight_file(folder / "unet", given["variant"])
    if file is None:
        return kind.from_pretrained(folder.as_posix(), **asked)
    with ThreadPoolExecutor(1, "unet-reading") as pool:
        reading = pool.submit(read_weights, file, device, dtype)
        unet = empty_model(diffusers.UNet2DConditionModel, folder / "unet")
        pipeline = kind.from_pretrained(folder.as_posix(), unet=unet, **asked)
        for part in pipeline.components.values():
            if isinstance(part, torch.nn.Module) and part is not unet:
                part.to(device)
        fill(unet, reading.result())
    return pipeline


def _tiny(
    part: Component | None, device: torch.device, dtype: torch.dtype, offline: bool
) -> TinyDecoder | None:
    """Return the decoder of previews; None where there is none, or it cannot be had now."""
    if part is None:
        return None
    try:
        return TinyDecoder(_component(part, dtype, offline).to(device))
    except Exception as error:  # whatever a library raises: previews are not worth a painter
        _LOG.warning("%s could not be loaded (%s).", part.source, type(error).__name__)
        return None


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
