"""SAM-HQ from a row."""

from __future__ import annotations

import torch
from transformers import SamHQModel

from inpainting.ports import Segmenter
from models.loaders.segmenting import described, fetched, require_room
from models.rows.base import SegmenterRow
from models.sam_hq import SamHqSegmenter


def load(
    row: SegmenterRow, device: torch.device, dtype: torch.dtype, *, offline: bool
) -> Segmenter:
    """Return the segmenter of a row on a device; raises ModelUnavailable where it does not fit."""
    require_room(row, device, dtype)
    model = fetched(SamHQModel, row, dtype, offline)
    return SamHqSegmenter(model.to(device), described(row, model, device, dtype))
