"""Painters of the newer families, and Kandinsky, from a row."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import diffusers
import torch
from transformers import Qwen2Tokenizer, Qwen2VLImageProcessorPil

from inpainting.ports import Painter
from models.catalog import painter_info
from models.families import FAMILIES, Family
from models.ladder import Ladder, choose_rung, needs, store_in_eight_bits
from models.pipeline_painter import PipelinePainter
from models.placing import EIGHT_BITS, dtype_name
from models.qwen_reading import PictureProcessor
from models.revisions import commit_of
from models.rows.base import PainterRow
from models.tuning import PLAIN, Tuning
from models.worker import Worker


def load(
    row: PainterRow,
    device: torch.device,
    dtype: torch.dtype,
    *,
    offline: bool,
    tuning: Tuning = PLAIN,
    worker: Worker | None = None,
) -> Painter:
    """Return the painter of a row on a device; raises ModelUnavailable where it does not fit.

    Where float16 is asked for, most of these families run in bfloat16, which they were trained in.
    """
    family = FAMILIES[row.kind]
    kind = getattr(torch, family.half) if dtype == torch.float16 else dtype
    sizes = needs(row, tuning.eight_bit)
    rung = choose_rung(row.title, *sizes, device, kind, tuning.memory)
    pipeline = _pipeline(row, family, kind, offline)
    if tuning.eight_bit:
        store_in_eight_bits(pipeline, kind)
    ladder = Ladder(pipeline, device, rung)
    ladder.place()
    precision = dtype_name(kind) + EIGHT_BITS * tuning.eight_bit
    info = painter_info(row, str(device), precision)
    known = replace(info, revision=row.revision or commit_of(pipeline), placement=ladder.placement)
    return PipelinePainter(pipeline, family, known, ladder, worker)


def _pipeline(row: PainterRow, family: Family, dtype: torch.dtype, offline: bool) -> Any:
    if not family.prior:
        parts = _reader(row, offline) if row.kind == "qwen-edit" else {}
        return _loaded(family.text.pipeline, row, dtype, offline, **parts)
    (part,) = row.components
    decoder = _loaded(family.text.pipeline.replace("Combined", ""), row, dtype, offline)
    lower = replace(row, source=part.source, revision=part.revision)
    prior = _loaded(part.kind, lower, dtype, offline)
    named = {f"{part.name}_{name}": one for name, one in prior.components.items()}
    return getattr(diffusers, family.text.pipeline)(**decoder.components, **named)


def _loaded(kind: str, row: PainterRow, dtype: torch.dtype, offline: bool, **parts: Any) -> Any:
    return getattr(diffusers, kind).from_pretrained(
        row.source,
        revision=row.revision or None,
        variant=row.variant,
        use_safetensors=True,
        local_files_only=offline,
        dtype=dtype,
        **parts,
    )


def _reader(row: PainterRow, offline: bool) -> dict[str, Any]:
    """Build what reads texts with pictures by its parts: whole it would ask for torchvision."""
    asked = {"revision": row.revision or None, "local_files_only": offline}
    pictures = Qwen2VLImageProcessorPil.from_pretrained(row.source, subfolder="processor", **asked)
    tokenizer = Qwen2Tokenizer.from_pretrained(row.source, subfolder="tokenizer", **asked)
    return {"processor": PictureProcessor(pictures, tokenizer), "tokenizer": tokenizer}
