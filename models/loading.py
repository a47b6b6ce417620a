"""From a catalogue row to a model on a device; torch is imported inside, so the page is up first.

Weights are safetensors of a pinned revision; code from a hub is never run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inpainting.errors import ModelUnavailable
from inpainting.ports import Painter, Segmenter
from models.catalog import (
    Component,
    PainterRow,
    Preset,
    SegmenterRow,
    painter_info,
    preset,
    segmenter_info,
)
from models.deferred import DeferredPainter
from models.downloads import Report, cache_folders, stored_bytes, watched
from models.failures import explained

if TYPE_CHECKING:
    import torch

__all__ = [
    "DeferredPainter",
    "Loaded",
    "Report",
    "load",
    "load_painter",
    "load_segmenter",
    "resolve_preset",
]


@dataclass(frozen=True, slots=True, eq=False)
class Loaded:
    """The two models of a preset, ready to use."""

    segmenter: Segmenter
    painter: Painter


def resolve_preset(name: str, cuda_available: bool) -> tuple[Preset, str]:
    """Return the preset for `name` and a sentence on why; "auto" takes sdxl where CUDA is.

    Raises BadRequest for a name that is none.
    """
    if name != "auto":
        slow = name == "sdxl" and not cuda_available
        warning = " Without a CUDA GPU one step of it takes about half a minute." if slow else ""
        return preset(name), f"The preset {name} was asked for.{warning}"
    if cuda_available:
        return preset("sdxl"), "This machine has a CUDA GPU."
    return preset("embedded"), "This machine has no CUDA GPU."


def silent(sentence: str, fraction: float | None) -> None:
    """Report nothing."""


def load(
    segmenter: SegmenterRow,
    painter: PainterRow,
    device: str = "auto",
    *,
    offline: bool = False,
    report: Report = silent,
) -> Loaded:
    """Load both models on the device of that name (see `choose_device`) in its best precision."""
    from models.device import choose_device, choose_dtype

    place = choose_device(device)
    dtype = choose_dtype(place)
    return Loaded(
        load_segmenter(segmenter, place, dtype, offline=offline, report=report),
        load_painter(painter, place, dtype, offline=offline, report=report),
    )


def load_segmenter(
    row: SegmenterRow,
    device: torch.device,
    dtype: torch.dtype,
    *,
    offline: bool = False,
    report: Report = silent,
) -> Segmenter:
    """Return the segmenter of `row`; raises ModelUnavailable saying why and what to do.

    `offline` forbids any request to the hub; `report` is told what is going on.
    """
    if row.kind == "grabcut":
        from models.grabcut import GrabCutSegmenter

        return GrabCutSegmenter()
    with explained(row.title, offline), _told(row, (row.source,), offline, report):
        return _sam(row, device, dtype, offline)


def load_painter(
    row: PainterRow,
    device: torch.device,
    dtype: torch.dtype,
    *,
    offline: bool = False,
    report: Report = silent,
) -> Painter:
    """Return the painter of `row`; raises ModelUnavailable saying why and what to do.

    Models wait in the machine's memory and visit the GPU in turn where that has too little for all.
    """
    _require_folder(row)
    sources = () if row.local else (row.source, *(part.source for part in row.components))
    with explained(row.title, offline), _told(row, sources, offline, report):
        return _sdxl(row, device, dtype, offline)


def _sam(row: SegmenterRow, device: torch.device, dtype: torch.dtype, offline: bool) -> Segmenter:
    from transformers import SamModel

    from models.sam import SamSegmenter

    _offloads(row.title, row.memory, row.memory, device, dtype)
    model: Any = SamModel.from_pretrained(
        row.source,
        revision=row.revision,
        use_safetensors=True,
        local_files_only=offline,
        dtype=dtype,
    )
    return SamSegmenter(model.to(device), segmenter_info(row, str(device), _name(dtype)))


def _sdxl(row: PainterRow, device: torch.device, dtype: torch.dtype, offline: bool) -> Painter:
    from models.schedulers import scheduler_names
    from models.sdxl import SdxlPainter

    offload = not row.local and _offloads(
        row.title, row.memory, row.memory_offloaded, device, dtype
    )
    pipeline = _pipeline(row, dtype, offline)
    if offload:
        pipeline.enable_model_cpu_offload(device=device)
    else:
        pipeline.to(device)
    info = painter_info(row, str(device), _name(dtype))
    able = scheduler_names(pipeline.scheduler.config)
    names = tuple(name for name in info.schedulers if name in able)
    return SdxlPainter(pipeline, replace(info, schedulers=names))


def _pipeline(row: PainterRow, dtype: torch.dtype, offline: bool) -> Any:
    from diffusers import StableDiffusionXLInpaintPipeline

    parts = {part.name: _component(part, dtype, offline) for part in row.components}
    return StableDiffusionXLInpaintPipeline.from_pretrained(
        row.source,
        revision=None if row.local else row.revision,
        variant=row.variant,
        use_safetensors=True,
        local_files_only=offline or row.local,
        add_watermarker=False,
        dtype=dtype,
        **parts,
    )


def _component(part: Component, dtype: torch.dtype, offline: bool) -> Any:
    import diffusers

    return getattr(diffusers, part.kind).from_pretrained(
        part.source,
        revision=part.revision,
        use_safetensors=True,
        local_files_only=offline,
        dtype=dtype,
    )


@contextmanager
def _told(
    row: SegmenterRow | PainterRow, sources: Sequence[str], offline: bool, report: Report
) -> Iterator[None]:
    """Keep the libraries' own bars quiet and report instead, with a fraction while downloading."""
    report(f"Loading {row.title}.", None)
    folders = cache_folders(sources)
    with _quiet():
        if offline or stored_bytes(folders) >= row.download:
            yield
        else:
            with watched(row.title, folders, row.download, report):
                yield


@contextmanager
def _quiet() -> Iterator[None]:
    """Turn the bars of diffusers and transformers off for a while, and the latter's advice.

    Transformers advises torchvision on stderr, which nothing here needs.
    """
    import diffusers.utils.logging as diffusers_logging
    import transformers.utils.logging as transformers_logging

    loggings = (diffusers_logging, transformers_logging)
    shown = [logging for logging in loggings if logging.is_progress_bar_enabled()]
    verbosity = transformers_logging.get_verbosity()
    transformers_logging.set_verbosity_error()
    for logging in shown:
        logging.disable_progress_bar()
    try:
        yield
    finally:
        transformers_logging.set_verbosity(verbosity)
        for logging in shown:
            logging.enable_progress_bar()


def _offloads(
    title: str, whole: int, offloaded: int, device: torch.device, dtype: torch.dtype
) -> bool:
    """Tell whether the model must be offloaded to fit `device`; ModelUnavailable if even so not.

    `whole` and `offloaded` are bytes in half precision.
    """
    import torch

    from models.device import free_memory

    free = free_memory(device)
    factor = 2 if dtype == torch.float32 else 1
    if free is None or free >= whole * factor:
        return False
    if device.type == "cuda" and free >= offloaded * factor:
        return offloaded < whole
    needed = (offloaded if device.type == "cuda" else whole) * factor
    raise ModelUnavailable(
        f"{title} needs {needed / 1e9:.0f} GB of free memory on {device}, and there are "
        f"{free / 1e9:.1f}; close other programs that use it, or choose the embedded preset."
    )


def _require_folder(row: PainterRow) -> None:
    if row.local and not (Path(row.source) / "model_index.json").is_file():
        raise ModelUnavailable(
            f"The weights of {row.title} are missing from this copy of the project; "
            "get a whole copy, with the folder models/embedded."
        )


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
