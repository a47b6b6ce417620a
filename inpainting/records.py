"""What is noted of a result, as frozen values: enough to make the same picture again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from inpainting.packing import PackedMask
from inpainting.types import (
    Box,
    Combine,
    Edges,
    PaintSettings,
    Prompts,
    Region,
    Sides,
    Size,
    Stroke,
    Tool,
)

APP_VERSION = "0.1.0"

OLD_CONTEXT = 0.3
"""What the painter saw round a hole before a recipe said so: a share of the hole's mean side."""


def is_whole(tool: Tool, mask: object) -> bool:
    """Tell whether a tool keeps nothing of a photo, given the mask, or None for none."""
    return tool is Tool.CREATE or (tool is Tool.RESTYLE and mask is None)


@dataclass(frozen=True, slots=True)
class ModelUsed:
    """The part of `ModelInfo` that decides what a model gives."""

    key: str
    source: str
    revision: str
    dtype: str
    device: str = "cpu"


@dataclass(frozen=True, slots=True)
class PartUsed:
    """A part of a selection as it was: how it joined, what was pointed at, what was drawn on top.

    `mask` is the answer to the prompts without the strokes, of the photo's size, None for none.
    """

    op: Combine
    prompts: Prompts
    strokes: tuple[Stroke, ...]
    mask: PackedMask | None


@dataclass(frozen=True, slots=True)
class SelectionUsed:
    """How a mask was made: parts in their order, without those that were hidden, then edges."""

    parts: tuple[PartUsed, ...]
    edges: Edges


@dataclass(frozen=True, slots=True)
class FrameUsed:
    """What the painter saw: the `window` of the picture that was painted on, at `size`."""

    window: Box
    size: Size


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that made a result.

    `photo_digest` and `photo_size` name the photo it was made from, "" and the picture's own size
    for CREATE. `painter` is the filler for REMOVE. `mask` is the photo's as it was used, None where
    the whole picture is painted and for EXTEND; `selection` tells how it was made. In `settings`
    sets in the prompts are resolved, and `softness` is in photo pixels; `lora_digests` maps names
    of LoRA files to 64 hex digits (SHA-256), as far as they are known. `feather` in photo pixels,
    None where each frame has one of its own; `frames` one for each piece that was painted;
    `context`, `separate`, `sides` and `size` as asked for, `prefill` and `match_colour` as they
    were decided; `libraries` maps names to versions.
    """

    photo_digest: str
    photo_size: Size
    segmenter: ModelUsed
    painter: ModelUsed
    prompts: Prompts
    mask: PackedMask | None
    region: Region
    settings: PaintSettings
    feather: int | None
    frames: tuple[FrameUsed, ...]
    tool: Tool = Tool.REPAINT
    sides: Sides = field(default_factory=Sides)
    size: Size | None = None
    context: float | None = None
    separate: bool = False
    prefill: str = "original"
    match_colour: bool = False
    selection: SelectionUsed | None = None
    lora_digests: Mapping[str, str] = field(default_factory=dict)
    app_version: str = APP_VERSION
    libraries: Mapping[str, str] = field(default_factory=dict)

    @property
    def window(self) -> Box:
        """What the painter saw first."""
        return self.frames[0].window

    @property
    def frame_size(self) -> Size:
        """(width, height) that the painter worked at first."""
        return self.frames[0].size

    @property
    def method(self) -> str | None:
        """The key of the filler, None for every tool but REMOVE."""
        return self.painter.key if self.tool is Tool.REMOVE else None

    @property
    def is_whole(self) -> bool:
        """Whether nothing of a photo is kept."""
        return is_whole(self.tool, self.mask)
