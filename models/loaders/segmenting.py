"""What the loaders of segmenters share: asking the hub, and saying what came of it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from huggingface_hub import try_to_load_from_cache

from inpainting.types import ModelInfo
from models.catalog import segmenter_info
from models.placing import choose_rung, dtype_name
from models.rows.base import SegmenterRow

_COMMIT = re.compile(r"[0-9a-f]{40}")


def require_room(row: SegmenterRow, device: torch.device, dtype: torch.dtype) -> None:
    """Raise ModelUnavailable where a segmenter does not fit `device`."""
    choose_rung(row.title, row.memory, row.memory, row.memory, device, dtype)


def fetched(kind: Any, row: SegmenterRow, dtype: torch.dtype, offline: bool, **more: object) -> Any:
    """Return what the repository of `row` holds for a transformers class `kind`, on the CPU.

    Safetensors of the row's revision alone; the newest one where the row names none.
    """
    return kind.from_pretrained(
        row.source,
        revision=row.revision or None,
        use_safetensors=True,
        local_files_only=offline,
        dtype=dtype,
        **more,
    )


def commit_of(row: SegmenterRow, model: Any) -> str:
    """Return the commit that a loaded model came from, else "unknown"."""
    if row.revision:
        return row.revision
    told = getattr(model.config, "_commit_hash", None)
    return told or _cached_commit(row.source) or "unknown"


def _cached_commit(source: str) -> str:
    """Return the commit in the hub's cache; a config inside a config is not told its own."""
    if Path(source).is_dir():
        return ""
    found = try_to_load_from_cache(source, "config.json")
    name = Path(found).parent.name if isinstance(found, str) else ""
    return name if _COMMIT.fullmatch(name) else ""


def described(row: SegmenterRow, model: Any, device: torch.device, dtype: torch.dtype) -> ModelInfo:
    """Describe a loaded segmenter, with the commit that it came from."""
    info = segmenter_info(row, str(device), dtype_name(dtype))
    return replace(info, revision=commit_of(row, model))
