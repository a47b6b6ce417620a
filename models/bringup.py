"""From settings to models: what runs at once, and what is loaded behind the page."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Protocol

from inpainting.errors import PointPaintError
from inpainting.ports import Painter, Segmenter
from inpainting.settings import Settings
from inpainting.status import Status
from models.catalog import (
    FILLERS,
    PainterRow,
    SegmenterRow,
    painter_info,
    painter_row,
    preset,
    segmenter_row,
)
from models.deferred import DeferredPainter
from models.loading import Loaded, import_loaders, load, load_painter, resolve_preset
from models.sparing import spare_what_is_there
from models.tuning import tuning_of
from models.workers import Workers

ADVICE = 'make run ARGS="--preset sdxl"'
"""The one command that loads SAM and SDXL."""

logger = logging.getLogger(__name__)

Rows = tuple[SegmenterRow, PainterRow]
Loader = Callable[..., Loaded]
"""As `models.loading.load`."""


class Holder(Protocol):
    """What takes the models over when they are ready: the Studio."""

    def idle(self) -> AbstractContextManager[None]:
        """Wait for the job that paints to end, and let none begin inside."""
        ...

    def status(self) -> Status:
        """What is loaded now."""
        ...

    def report(self, status: Status) -> None:
        """Show what a loader has to tell."""
        ...

    def use(
        self,
        segmenter: Segmenter | None = None,
        painter: Painter | None = None,
        reason: str = "",
        fillers: Mapping[str, Painter] = ...,
    ) -> None:
        """Take these models from the next call on."""
        ...


def embedded_models() -> tuple[Segmenter, DeferredPainter]:
    """Return the models that need no download; the painter loads with its first job."""
    from models.grabcut import GrabCutSegmenter

    row = painter_row(preset("embedded").painter)
    return GrabCutSegmenter(), DeferredPainter(painter_info(row), partial(_on_cpu, row, True))


def all_fillers(settings: Settings) -> dict[str, Painter]:
    """Return all there is for Remove; what needs weights is loaded with its first job."""
    from models.filling import embedded_fillers

    there = embedded_fillers()
    others = {row.key: row for row in FILLERS if row.key not in there}
    return {**there, **{key: _filler(row, settings) for key, row in others.items()}}


def _filler(row: PainterRow, settings: Settings) -> DeferredPainter:
    return DeferredPainter(painter_info(row), partial(_on_cpu, row, bool(settings.offline)))


def _on_cpu(row: PainterRow, offline: bool) -> Painter:
    import torch

    return load_painter(row, torch.device("cpu"), torch.float32, offline=offline)


def lora_folder(settings: Settings) -> Path | None:
    """Return the folder of LoRA files, None where there is none."""
    return Path(settings.loras) if settings.loras else None


def models_for(
    settings: Settings,
    say: Callable[[str], None],
    load: Loader = load,
    cuda: bool | None = None,
    *,
    segment: bool = True,
    paint: bool = True,
) -> Loaded:
    """Return the models of the settings for a program without a page.

    A preset, row or device that was asked for by name must load, or its ModelUnavailable is raised;
    "auto" falls back on the embedded models and tells `say` why. Raises BadRequest for a name that
    is none. `cuda` as in `choose`. Where there is nothing to `segment` or to `paint`, the embedded
    model, which costs nothing, takes that place.
    """
    (segmenter, painter), _ = choose(settings, cuda)
    embedded = preset("embedded")
    segmenter = segmenter if segment else segmenter_row(embedded.segmenter)
    painter = painter if paint else painter_row(embedded.painter)
    if _is_embedded(segmenter, painter):
        return Loaded(*embedded_models())
    try:
        return load(
            segmenter,
            painter,
            settings.device,
            offline=bool(settings.offline),
            report=lambda sentence, _: say(sentence),
            lora_folder=lora_folder(settings),
            tuning=tuning_of(settings),
        )
    except PointPaintError as error:
        asked = (settings.segmenter, settings.painter, settings.device.removeprefix("auto"))
        if settings.preset != "auto" or any(asked):
            raise
        say(f"{error} The embedded models are used instead.")
        return Loaded(*embedded_models())


def bring_up(
    settings: Settings,
    holder: Holder,
    painter: DeferredPainter,
    load: Loader = load,
    workers: Workers | None = None,
) -> Thread:
    """Return a thread that loads what the settings ask for and hands it to `holder`.

    It is to be started once the page is up, which importing torch beside it would hold up.
    `painter` is the embedded one that the holder began with: it is loaded where nothing else is, or
    by a job that comes earlier. Whatever fails becomes a sentence in the status, and the holder
    keeps its models. `workers` run what is loaded on a GPU. Raises BadRequest at once for a row
    that does not exist.
    """
    _require_rows(settings)
    holder.report(replace(holder.status(), loading="Looking for a GPU."))
    load = partial(load, workers=workers)
    return Thread(target=_bring_up, args=(settings, holder, painter, load), daemon=True)


def _bring_up(settings: Settings, holder: Holder, painter: DeferredPainter, load: Loader) -> None:
    try:
        rows, reason = choose(settings)
        import_loaders(row.kind for row in rows)
        spare_what_is_there()
        if _is_embedded(*rows):
            holder.report(replace(holder.status(), reason=reason, loading="", advice=ADVICE))
            painter.start()
        else:
            _load_for(holder, rows, settings, reason, load)
    except PointPaintError as error:
        _fall_back(holder, painter, str(error))
    except Exception as error:  # the page must stay up whatever a library raises
        logger.exception("loading failed")
        sentence = f"The models could not be loaded ({type(error).__name__}); see the log."
        _fall_back(holder, painter, sentence)


def _load_for(holder: Holder, rows: Rows, settings: Settings, reason: str, load: Loader) -> None:
    def report(sentence: str, fraction: float | None) -> None:
        holder.report(replace(holder.status(), loading=sentence, fraction=fraction))

    loaded = load(
        *rows,
        settings.device,
        offline=bool(settings.offline),
        report=report,
        lora_folder=lora_folder(settings),
        tuning=tuning_of(settings),
    )
    holder.use(loaded.segmenter, loaded.painter, reason)


def _fall_back(holder: Holder, painter: DeferredPainter, failure: str) -> None:
    logger.warning("%s", failure)
    holder.report(
        replace(
            holder.status(),
            reason="The embedded models are used instead.",
            loading="",
            fraction=None,
            failure=failure,
            advice=ADVICE,
        )
    )
    painter.start()


def choose(settings: Settings, cuda: bool | None = None) -> tuple[Rows, str]:
    """Return the rows that the settings ask for on this machine, and a sentence on why.

    `cuda` tells whether the device is a CUDA GPU; None asks torch, where that matters.
    """
    wanted, reason = resolve_preset(settings.preset, _has_cuda(settings) if cuda is None else cuda)
    segmenter = segmenter_row(settings.segmenter or wanted.segmenter)
    painter = painter_row(settings.painter or wanted.painter)
    return (segmenter, painter), reason


def _require_rows(settings: Settings) -> None:
    if settings.segmenter:
        segmenter_row(settings.segmenter)
    if settings.painter:
        painter_row(settings.painter)


def _has_cuda(settings: Settings) -> bool:
    if settings.preset == "embedded":
        return False
    from models.device import choose_device

    return choose_device(settings.device).type == "cuda"


def _is_embedded(segmenter: SegmenterRow, painter: PainterRow) -> bool:
    return segmenter.kind == "grabcut" and painter.local
