"""EdgeTAM from a row, with our own code for its encoder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from transformers import AutoModel, EdgeTamConfig, EdgeTamModel

from inpainting.ports import Segmenter
from models.loaders.segmenting import described, fetched, require_room
from models.repvit import RepVitConfig, RepVitModel
from models.rows.base import SegmenterRow
from models.sam2 import Sam2Segmenter

_COUNTER = "num_batches_tracked"


def load(
    row: SegmenterRow, device: torch.device, dtype: torch.dtype, *, offline: bool
) -> Segmenter:
    """Return the segmenter of a row on a device; raises ModelUnavailable where it does not fit.

    Raises KeyError for a repository that lacks a weight, which the library would make up.
    """
    require_room(row, device, dtype)
    config = _config(row, offline)
    model, told = fetched(
        EdgeTamModel, row, dtype, offline, config=config, output_loading_info=True
    )
    if missing := _missing(told):
        raise KeyError(missing[0])
    return Sam2Segmenter(model.to(device), described(row, model, device, dtype))


def _missing(told: Mapping[str, Iterable[str]]) -> list[str]:
    """Return the weights that a repository lacks; training's own counters are none."""
    return sorted(name for name in told["missing_keys"] if not name.endswith(_COUNTER))


def _config(row: SegmenterRow, offline: bool) -> Any:
    """Return the repository's config with our encoder in the place of timm's."""
    AutoModel.register(RepVitConfig, RepVitModel, exist_ok=True)
    config = EdgeTamConfig.from_pretrained(
        row.source, revision=row.revision or None, local_files_only=offline
    )
    vision = config.vision_config
    vision.backbone_config = RepVitConfig(widths=tuple(vision.backbone_channel_list[::-1]))
    return config
