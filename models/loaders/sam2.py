"""SAM 2.1 from a row."""

from __future__ import annotations

import torch
from transformers import Sam2Model

from inpainting.ports import Segmenter
from models.loaders.segmenting import described, fetched, require_room
from models.rows.base import SegmenterRow
from models.sam2 import Sam2Segmenter


def load(
    row: SegmenterRow, device: torch.device, dtype: torch.dtype, *, offline: bool
) -> Segmenter:
    """Return the segmenter of a row on a device; raises ModelUnavailable where it does not fit."""
    require_room(row, device, dtype)
    model = fetched(Sam2Model, row, dtype, offline)
    return Sam2Segmenter(model.to(device), described(row, model, device, dtype))
