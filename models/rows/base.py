"""What a row of the catalogue says of a model. Nothing here loads torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from inpainting.types import PaintDefaults, Tool

EMBEDDED_FOLDER = Path(__file__).resolve().parent.parent / "embedded"
"""Where the weights that come with the project lie."""

SCHEDULERS = (
    "Euler",
    "Euler a",
    "DPM++ 2M",
    "DPM++ 2M Karras",
    "UniPC",
    "DDIM",
    "LMS",
    "PNDM",
    "LCM",
)

GB = 10**9

DIFFUSION_TOOLS = (Tool.REPAINT, Tool.EXTEND, Tool.RESTYLE, Tool.CREATE)
"""What a painter with an inpainting pipeline serves."""

FREE_TOOLS = (Tool.RESTYLE, Tool.CREATE)
"""What a painter without one serves: whole pictures alone."""


@dataclass(frozen=True, slots=True)
class Component:
    """A part of a pipeline that comes from another repository; loaded without a variant.

    `name` is the pipeline's argument, such as "vae"; `kind` its diffusers class.
    """

    name: str
    kind: str
    source: str
    revision: str


@dataclass(frozen=True, slots=True)
class LoraPart:
    """A LoRA that belongs to a row: a safetensors file of a hub repository, and its weight.

    `spacing` is how steps must lie for it, as diffusers calls it ("trailing"); "" for the model's.
    """

    source: str
    revision: str
    file: str
    weight: float = 1.0
    spacing: str = ""


@dataclass(frozen=True, slots=True)
class SegmenterRow:
    """A segmenter: `kind` says which code runs it ("sam", "grabcut").

    `source` is a hub id or "" for what needs no weights; `revision` 40 hex digits, a version, or ""
    where it is not known, and then the loader tells which it got; `memory` (in half precision) and
    `download` in bytes. `gated`: its licence has to be accepted on the hub first; `commercial`
    False: its licence forbids commercial use.
    """

    key: str
    title: str
    kind: str
    source: str
    revision: str
    licence: str
    native_side: int
    memory: int
    download: int
    world: str
    variant: str | None = None
    gated: bool = False
    commercial: bool = True


@dataclass(frozen=True, slots=True)
class PainterRow:
    """A painter: `kind` says which code runs it, a module of models/loaders.

    `source` is a hub id, or a folder for `local` rows, or "" for what needs no weights; `revision`
    40 hex digits, a version, or "" where it is not known, and then the loader tells which it got;
    `variant` of the weight files; `memory` in bytes at the native side in half precision, weights
    included, and `memory_offloaded` with one model at a time on the GPU; `download` in bytes.
    `tools` it serves; `base` names what LoRA files must be made for ("sdxl", "sd15"), "" for none;
    `loras` are a part of the row; `soft`: it takes `softness`; `shortcuts`: it takes
    `guidance_until` and `reuse`; `preview` is a small decoder of its latents, None for none;
    `gated` and `commercial` as in `SegmenterRow`.
    """

    key: str
    title: str
    source: str
    revision: str
    licence: str
    native_side: int
    multiple: int
    memory: int
    memory_offloaded: int
    download: int
    defaults: PaintDefaults
    world: str
    variant: str | None = None
    components: tuple[Component, ...] = ()
    schedulers: tuple[str, ...] = SCHEDULERS
    local: bool = False
    kind: str = "stable"
    tools: tuple[Tool, ...] = DIFFUSION_TOOLS
    base: str = ""
    loras: tuple[LoraPart, ...] = ()
    soft: bool = False
    gated: bool = False
    commercial: bool = True
    shortcuts: bool = False
    preview: Component | None = None


@dataclass(frozen=True, slots=True)
class Preset:
    """A segmenter row and a painter row that fit one kind of machine, and which kind that is."""

    name: str
    segmenter: str
    painter: str
    machine: str
