"""SAM 3 from a row: the models for text and for clicks, from one repository."""

from __future__ import annotations

from dataclasses import replace

import torch
from transformers import CLIPTokenizer, Sam3Model, Sam3TrackerModel

from inpainting.ports import Segmenter
from models.loaders.segmenting import described, fetched, require_room
from models.rows.base import SegmenterRow
from models.sam3 import Sam3Segmenter


def load(
    row: SegmenterRow, device: torch.device, dtype: torch.dtype, *, offline: bool
) -> Segmenter:
    """Return the segmenter of a row on a device; raises ModelUnavailable where it does not fit.

    The repository has one file, read twice; the encoder that comes twice is kept once, before
    anything goes to the device.
    """
    require_room(row, device, dtype)
    detector = fetched(Sam3Model, row, dtype, offline)
    info = described(row, detector, device, dtype)
    same = row if info.revision == "unknown" else replace(row, revision=info.revision)
    tracker = fetched(Sam3TrackerModel, same, dtype, offline)
    tokenizer = CLIPTokenizer.from_pretrained(
        row.source, revision=same.revision or None, local_files_only=offline
    )
    segmenter = Sam3Segmenter(detector, tracker, tokenizer, info)
    detector.to(device)
    tracker.to(device)
    return segmenter
