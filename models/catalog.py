"""Which models there are: one row each, with its source, pinned revision, licence and defaults.

Users choose a row by its key, never a hub id or an address. Nothing here loads torch.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TypeVar

from inpainting.errors import BadRequest
from inpainting.types import ModelInfo
from models.rows.base import (
    EMBEDDED_FOLDER,
    SCHEDULERS,
    Component,
    LoraPart,
    PainterRow,
    Preset,
    SegmenterRow,
)
from models.rows.fillers import FILLERS
from models.rows.flow import FLOW
from models.rows.segmenters import SEGMENTERS
from models.rows.stable import STABLE

__all__ = [
    "EMBEDDED_FOLDER",
    "FILLERS",
    "PAINTERS",
    "PRESETS",
    "SCHEDULERS",
    "SEGMENTERS",
    "Component",
    "LoraPart",
    "PainterRow",
    "Preset",
    "SegmenterRow",
    "filler_row",
    "painter_info",
    "painter_row",
    "preset",
    "segmenter_info",
    "segmenter_row",
    "weights_digest",
]

PAINTERS: tuple[PainterRow, ...] = (*STABLE, *FLOW)

PRESETS: tuple[Preset, ...] = (
    Preset("sdxl", "sam-vit-base", "sdxl-inpainting", "a GPU with 12 GB of memory or more"),
    Preset("light", "edgetam", "sd15-lcm", "a CPU or a small GPU; 512 pixels in 6 steps"),
    Preset("embedded", "grabcut", "embedded", "any machine, at once, without a download"),
)

Row = TypeVar("Row", SegmenterRow, PainterRow)


def segmenter_row(key: str) -> SegmenterRow:
    """Return the segmenter called `key`; BadRequest lists those there are."""
    return _find("segmenter", key, {row.key: row for row in SEGMENTERS})


def painter_row(key: str) -> PainterRow:
    """Return the painter called `key`; BadRequest lists those there are."""
    return _find("painter", key, {row.key: row for row in PAINTERS})


def filler_row(key: str) -> PainterRow:
    """Return the painter for Remove called `key`; BadRequest lists those there are."""
    return _find("method", key, {row.key: row for row in FILLERS})


def preset(name: str) -> Preset:
    """Return the preset called `name`; BadRequest lists those there are. Not for "auto"."""
    for row in PRESETS:
        if row.name == name:
            return row
    names = ", ".join(row.name for row in PRESETS)
    raise BadRequest(f"preset is {name!r}; it must be one of auto, {names}.")


def segmenter_info(row: SegmenterRow, device: str = "cpu", dtype: str = "float32") -> ModelInfo:
    """Describe a segmenter as it runs on `device` ("cpu", "cuda:0") in `dtype` ("float16")."""
    return ModelInfo(
        key=row.key,
        title=row.title,
        source=row.source or "this project",
        revision=row.revision,
        licence=row.licence,
        device=device,
        dtype=dtype,
        native_side=row.native_side,
        world=row.world,
        gated=row.gated,
        commercial=row.commercial,
    )


def painter_info(row: PainterRow, device: str = "cpu", dtype: str = "float32") -> ModelInfo:
    """Describe a painter as it runs on `device` ("cpu", "cuda:0") in `dtype` ("float16")."""
    return ModelInfo(
        key=row.key,
        title=row.title,
        source="models/embedded" if row.local else row.source or "this project",
        revision=weights_digest(Path(row.source)) if row.local else row.revision,
        licence=row.licence,
        device=device,
        dtype=dtype,
        native_side=row.native_side,
        multiple=row.multiple,
        schedulers=tuple(name for name in row.schedulers if _can_run(name)),
        defaults=row.defaults,
        world=row.world,
        tools=row.tools,
        soft=row.soft,
        shortcuts=row.shortcuts,
        lora_base=row.base,
        gated=row.gated,
        commercial=row.commercial,
    )


def weights_digest(folder: Path) -> str:
    """Return 40 hex digits that change with any weight file in `folder`, so a recipe names them."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.safetensors")):
        digest.update(path.relative_to(folder).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:40]


def _can_run(scheduler: str) -> bool:
    """LMS integrates with scipy, which the rest of the program does without."""
    return scheduler != "LMS" or find_spec("scipy") is not None


def _find(kind: str, key: str, rows: Mapping[str, Row]) -> Row:
    if key in rows:
        return rows[key]
    raise BadRequest(f"{kind} is {key!r}; it must be one of {', '.join(rows)}.")
