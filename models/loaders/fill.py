"""Painters for Remove from a row."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from inpainting.ports import Painter
from models.catalog import painter_info
from models.filling import OpencvPainter, PatchMatchPainter
from models.rows.base import PainterRow
from models.tuning import PLAIN, Tuning
from models.worker import Worker

if TYPE_CHECKING:
    import torch


def load(
    row: PainterRow,
    device: torch.device,
    dtype: torch.dtype,
    *,
    offline: bool,
    tuning: Tuning = PLAIN,
    worker: Worker | None = None,
) -> Painter:
    """Return the painter of a row; all of them run on the CPU, as they are, whatever is asked."""
    del device, dtype, tuning, worker
    if row.kind == "lama":
        return _lama(row, offline)
    kind = PatchMatchPainter if row.kind == "patchmatch" else OpencvPainter
    return kind(painter_info(row))


def _lama(row: PainterRow, offline: bool) -> Painter:
    """Return LaMa; `revision` tells the commit that its file came from."""
    from huggingface_hub import hf_hub_download

    from models.lama import FILE, LamaPainter, read_net

    path = Path(
        hf_hub_download(row.source, FILE, revision=row.revision or None, local_files_only=offline)
    )
    # the hub's cache keeps a file in snapshots/<commit>
    info = replace(painter_info(row, "cpu", "int8"), revision=path.parent.name)
    return LamaPainter(read_net(path), info)
