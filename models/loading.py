"""From a catalogue row to a model on a device; torch is imported inside, so the page is up first.

Weights are safetensors of a pinned revision; code from a hub is never run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inpainting.errors import ModelUnavailable
from inpainting.ports import Painter, Segmenter
from models.catalog import (
    PainterRow,
    Preset,
    SegmenterRow,
    preset,
)
from models.deferred import DeferredPainter
from models.downloads import Report, cache_folders, stored_bytes, watched
from models.failures import explained
from models.quiet import quiet
from models.tuning import PLAIN, Tuning
from models.worker import Worker
from models.workers import Workers

if TYPE_CHECKING:
    import torch

__all__ = [
    "DeferredPainter",
    "Loaded",
    "Report",
    "import_loaders",
    "load",
    "load_painter",
    "load_segmenter",
    "resolve_preset",
]


LOADERS: Mapping[str, str] = {
    "sam": "sam",
    "sam-hq": "sam_hq",
    "sam2": "sam2",
    "edgetam": "edgetam",
    "sam3": "sam3",
    "stable": "stable",
    "stable-1": "stable",
    "kandinsky": "flow",
    "kandinsky-inpaint": "flow",
    "sd3": "flow",
    "z-image": "flow",
    "flux2-klein": "flow",
    "flux-fill": "flow",
    "qwen-edit": "flow",
    "patchmatch": "fill",
    "opencv": "fill",
    "lama": "fill",
}
"""The module in models/loaders for each kind of row."""


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
    lora_folder: Path | None = None,
    tuning: Tuning = PLAIN,
    workers: Workers | None = None,
) -> Loaded:
    """Load both models on the device of that name (see `choose_device`) in its best precision.

    They share the worker that `workers` has for it.
    """
    from models.device import choose_device, choose_dtype

    place = choose_device(device)
    worker = (workers or Workers()).of(place)
    dtype = choose_dtype(place)
    return Loaded(
        load_segmenter(segmenter, place, dtype, offline=offline, report=report, worker=worker),
        load_painter(
            painter,
            place,
            choose_dtype(place, big=not painter.local),
            offline=offline,
            report=report,
            lora_folder=lora_folder,
            tuning=tuning,
            worker=worker,
        ),
    )


def load_segmenter(
    row: SegmenterRow,
    device: torch.device,
    dtype: torch.dtype,
    *,
    offline: bool = False,
    report: Report = silent,
    worker: Worker | None = None,
) -> Segmenter:
    """Return the segmenter of `row`; raises ModelUnavailable saying why and what to do.

    `offline` forbids any request to the hub; `report` is told what is going on; `worker` is to run
    the model, None: the threads that ask.
    """
    if row.kind == "grabcut":
        from models.grabcut import GrabCutSegmenter

        return GrabCutSegmenter()
    from models.promptable import PromptableSegmenter

    with explained(row.title, offline), _told(row, (row.source,), offline, report):
        found: Segmenter = _loader(row.kind)(row, device, dtype, offline=offline)
        if isinstance(found, PromptableSegmenter):
            found.hasten()
            if worker is not None:
                found.work_on(worker)
        return found


def load_painter(
    row: PainterRow,
    device: torch.device,
    dtype: torch.dtype,
    *,
    offline: bool = False,
    report: Report = silent,
    lora_folder: Path | None = None,
    tuning: Tuning = PLAIN,
    worker: Worker | None = None,
) -> Painter:
    """Return the painter of `row`; raises ModelUnavailable saying why and what to do.

    `lora_folder` holds the LoRA files that jobs may ask for, where the painter takes any. Models
    wait in the machine's memory and visit the GPU in turn where that has too little for all, or
    `tuning` says so. `worker` is to run it, None: one of its own.
    """
    _require_folder(row)
    sources = () if row.local else sources_of(row)
    with explained(row.title, offline), _told(row, sources, offline, report):
        loras = {"lora_folder": lora_folder} if row.base else {}
        found: Painter = _loader(row.kind)(
            row, device, dtype, offline=offline, tuning=tuning, worker=worker, **loras
        )
        return found


def import_loaders(kinds: Iterable[str]) -> None:
    """Import what loads rows of these kinds, with the libraries: seconds, the first time."""
    for kind in kinds:
        if kind in LOADERS:
            with suppress(ImportError):  # loading itself will tell of it
                _loader(kind)


def _loader(kind: str) -> Any:
    """Return `load` of the module in models/loaders for a kind of row."""
    return import_module(f"models.loaders.{LOADERS[kind]}").load


def sources_of(row: PainterRow) -> tuple[str, ...]:
    """Return the repositories that the files of a row come from."""
    pieces = (*row.components, *row.loras, *((row.preview,) if row.preview else ()))
    return tuple(filter(None, (row.source, *(piece.source for piece in pieces))))


@contextmanager
def _told(
    row: SegmenterRow | PainterRow, sources: Sequence[str], offline: bool, report: Report
) -> Iterator[None]:
    """Keep the libraries' own bars quiet and report instead, with a fraction while downloading."""
    report(f"Loading {row.title}.", None)
    folders = cache_folders(sources)
    with quiet():
        if offline or stored_bytes(folders) >= row.download:
            yield
        else:
            with watched(row.title, folders, row.download, report):
                yield


def _require_folder(row: PainterRow) -> None:
    if row.local and not (Path(row.source) / "model_index.json").is_file():
        raise ModelUnavailable(
            f"The weights of {row.title} are missing from this copy of the project; "
            "get a whole copy, with the folder models/embedded."
        )
