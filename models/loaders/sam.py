"""Segment Anything, and SlimSAM, which is a narrower one, from a row."""

from __future__ import annotations

import torch
from transformers import SamModel

from inpainting.ports import Segmenter
from models.loaders.segmenting import described, fetched, require_room
from models.rows.base import SegmenterRow
from models.sam import SamSegmenter


def load(
    row: SegmenterRow, device: torch.device, dtype: torch.dtype, *, offline: bool
) -> Segmenter:
    """Return the segmenter of a row on a device; raises ModelUnavailable where it does not fit."""
    require_room(row, device, dtype)
    model = fetched(SamModel, row, dtype, offline)
    return SamSegmenter(model.to(device), described(row, model, device, dtype))
