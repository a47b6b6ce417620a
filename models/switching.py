"""Another model in place of the one in use: progress told, memory freed, the old one back on
failure."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from threading import Lock, Thread
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from inpainting.errors import BadRequest, PointPaintError
from inpainting.offers import Kind, Offer
from inpainting.ports import Painter, Segmenter
from inpainting.settings import Settings
from models.bringup import Holder, lora_folder
from models.catalog import (
    FILLERS,
    PAINTERS,
    SEGMENTERS,
    PainterRow,
    SegmenterRow,
    filler_row,
    painter_info,
    painter_row,
    segmenter_info,
    segmenter_row,
)
from models.deferred import DeferredPainter
from models.downloads import cache_folders, stored_bytes
from models.loading import sources_of
from models.tuning import tuning_of
from models.workers import Workers

if TYPE_CHECKING:
    import torch

BUSY = "Another model is being loaded; choose this one once it is there."

ALMOST_ALL = 0.97
"""The sizes of downloads in the catalogue are rounded."""

logger = logging.getLogger(__name__)

Row = SegmenterRow | PainterRow
LoadSegmenter = Callable[..., Segmenter]
LoadPainter = Callable[..., Painter]


class Switcher:
    """A `Switch` for a Studio and the catalogue. One model is loaded at a time."""

    def __init__(
        self,
        holder: Holder,
        settings: Settings,
        load_segmenter: LoadSegmenter | None = None,
        load_painter: LoadPainter | None = None,
        workers: Workers | None = None,
    ) -> None:
        from models import loading

        self._holder = holder
        self._settings = settings
        self._load_segmenter: LoadSegmenter = load_segmenter or loading.load_segmenter
        self._load_painter: LoadPainter = load_painter or loading.load_painter
        self._workers = workers or Workers()
        self._loading = Lock()

    def offers(self) -> tuple[Offer, ...]:
        """Return all rows of the catalogue."""
        painters = [_painter_offer("painter", row) for row in PAINTERS]
        fillers = [_painter_offer("filler", row) for row in FILLERS]
        return (*map(_segmenter_offer, SEGMENTERS), *painters, *fillers)

    def loras(self) -> tuple[str, ...]:
        """Return the names, without ending, of the LoRA files in the folder of the settings."""
        folder = lora_folder(self._settings)
        if folder is None:
            return ()
        from models.lora import lora_names

        return lora_names(folder)

    def switch(self, kind: Kind, key: str) -> None:
        """Begin to load a model; see `Switch`."""
        self.begin(kind, key)

    def begin(self, kind: Kind, key: str) -> Thread:
        """Begin to load a model and return the thread that does; raises as `switch`."""
        if kind not in _WAYS:
            raise BadRequest(f"A {str(kind)[:40]!r} is no kind of model; see the list.")
        find, load = _WAYS[kind]
        row = find(str(key)[:80])
        if self._holder.status().loading or not self._loading.acquire(blocking=False):
            raise BadRequest(BUSY)
        self._tell(f"Loading {row.title}.", None)
        thread = Thread(target=self._run, args=(load, row), name="model-loading", daemon=True)
        thread.start()
        return thread

    def _run(self, load: Callable[[Switcher, Row], None], row: Row) -> None:
        try:
            load(self, row)
        except PointPaintError as error:
            self._failed(str(error))
        except Exception as error:  # the page must stay up whatever a library raises
            logger.exception("loading failed")
            self._failed(f"{row.title} could not be loaded ({type(error).__name__}); see the log.")
        finally:
            self._loading.release()

    def _to_segmenter(self, row: Row) -> None:
        found = self._load_segmenter(row, *self._place(row), **self._options())
        self._holder.use(segmenter=found, reason=_reason(row))

    def _to_filler(self, row: Row) -> None:
        found = self._load_painter(row, *self._place(row), **self._options())
        self._holder.use(fillers={row.key: found}, reason=_reason(row))

    def _to_painter(self, row: Row) -> None:
        old = self._holder.status().painter.key
        waiting = None if self._fits_beside(_as_painter(row)) else self._make_room(row)
        try:
            found = self._painter(row)
        except BaseException as error:
            if waiting:
                waiting.set_exception(error)
                self._bring_back(old)
            raise
        if waiting:
            waiting.set_result(found)
        self._holder.use(painter=found, reason=_reason(row))

    def _painter(self, row: Row) -> Painter:
        more = {"lora_folder": lora_folder(self._settings), "tuning": tuning_of(self._settings)}
        return self._load_painter(row, *self._place(row), **more, **self._options())

    def _make_room(self, row: Row) -> Future[Painter]:
        """Let the painter in use go; jobs that come meanwhile wait for the new one."""
        from models.device import release_memory

        coming: Future[Painter] = Future()
        with self._holder.idle():  # a job under way holds the painter, and its memory
            self._holder.use(painter=DeferredPainter(painter_info(_as_painter(row)), coming.result))
        if worker := self._workers.of(self._device()):
            worker.catch_up()  # jobs that were given up while they waited hold the painter too
        self._tell(f"Loading {row.title}.", None)
        gc.collect()
        release_memory()
        return coming

    def _bring_back(self, key: str) -> None:
        """Load the painter that had to go once more; its files are on the disk."""
        with suppress(PointPaintError):  # then jobs tell why the new one is not there either
            self._holder.use(painter=self._painter(painter_row(key)))

    def _fits_beside(self, row: PainterRow) -> bool:
        """Tell whether there is memory for a painter while the one in use stays.

        That is memory for all of it, unless less is asked for: beside the other it would be put on
        a lower rung than it has room for afterwards.
        """
        from models.device import free_memory
        from models.placing import needed

        place, dtype = self._place(row)
        free, tuning = free_memory(place), tuning_of(self._settings)
        return free is None or free >= needed(row, dtype, tuning.memory, tuning.eight_bit)

    def _place(self, row: Row) -> tuple[torch.device, torch.dtype]:
        from models.device import choose_dtype

        place = self._device()
        return place, choose_dtype(place, big=isinstance(row, PainterRow) and not row.local)

    def _device(self) -> torch.device:
        from models.device import choose_device

        return choose_device(self._settings.device)

    def _options(self) -> dict[str, Any]:
        worker = self._workers.of(self._device())
        return {"offline": bool(self._settings.offline), "report": self._tell, "worker": worker}

    def _tell(self, sentence: str, fraction: float | None) -> None:
        status = self._holder.status()
        self._holder.report(
            replace(status, loading=sentence, fraction=fraction, failure="", advice="")
        )

    def _failed(self, sentence: str) -> None:
        logger.warning("%s", sentence)
        status = self._holder.status()
        self._holder.report(replace(status, loading="", fraction=None, failure=sentence))


_WAYS: Mapping[str, tuple[Callable[[str], Row], Callable[[Switcher, Row], None]]] = (
    MappingProxyType(
        {
            "segmenter": (segmenter_row, Switcher._to_segmenter),
            "painter": (painter_row, Switcher._to_painter),
            "filler": (filler_row, Switcher._to_filler),
        }
    )
)


def _reason(row: Row) -> str:
    return f"{row.title} was chosen in the page."


def _as_painter(row: Row) -> PainterRow:
    if not isinstance(row, PainterRow):
        raise TypeError("a row of a painter was expected")
    return row


def _segmenter_offer(row: SegmenterRow) -> Offer:
    here = _is_here(row, (row.source,))
    return Offer("segmenter", segmenter_info(row), row.download, row.memory, here)


def _painter_offer(kind: Kind, row: PainterRow) -> Offer:
    here = row.local or _is_here(row, sources_of(row))
    return Offer(kind, painter_info(row), row.download, row.memory, here)


def _is_here(row: Row, sources: tuple[str, ...]) -> bool:
    """Tell whether about all of a row's files are in the model cache."""
    if not row.download:
        return True
    folders = cache_folders(tuple(filter(None, sources)))
    return stored_bytes(folders) >= ALMOST_ALL * row.download
