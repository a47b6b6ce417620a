"""Which models there are: one row each, with its source, pinned revision, licence and defaults.

Users choose a row by its key, never a hub id or an address. Nothing here loads torch.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TypeVar

from inpainting.errors import BadRequest
from inpainting.types import ModelInfo, PaintDefaults

EMBEDDED_FOLDER = Path(__file__).resolve().parent / "embedded"
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

_GB = 10**9


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
class SegmenterRow:
    """A segmenter: `kind` says which code runs it ("sam", "grabcut").

    `source` is a hub id or "" for what needs no weights; `revision` 40 hex digits or a version;
    `memory` (in half precision) and `download` in bytes.
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


@dataclass(frozen=True, slots=True)
class PainterRow:
    """A painter of the SDXL inpainting class.

    `source` is a hub id, or a folder for `local` rows; `revision` 40 hex digits or a version;
    `variant` of the weight files; `memory` in bytes at the native side in half precision, weights
    included, and `memory_offloaded` with one model at a time on the GPU; `download` in bytes.
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


@dataclass(frozen=True, slots=True)
class Preset:
    """A segmenter row and a painter row that fit one kind of machine, and which kind that is."""

    name: str
    segmenter: str
    painter: str
    machine: str


_FP16_VAE = Component(
    name="vae",
    kind="AutoencoderKL",
    source="madebyollin/sdxl-vae-fp16-fix",
    revision="207b116dae70ace3637169f1ddd2434b91b3a8cd",
)

SEGMENTERS: tuple[SegmenterRow, ...] = (
    SegmenterRow(
        key="sam-vit-base",
        title="Segment Anything, ViT-B",
        kind="sam",
        source="facebook/sam-vit-base",
        revision="70c1a07f894ebb5b307fd9eaaee97b9dfc16068f",
        licence="Apache-2.0",
        native_side=1024,
        memory=1_500_000_000,
        download=375_000_000,
        world="It selects any object or part of one.",
    ),
    SegmenterRow(
        key="grabcut",
        title="GrabCut",
        kind="grabcut",
        source="",
        revision="1",
        licence="Apache-2.0",
        native_side=320,
        memory=0,
        download=0,
        world="It selects by colours and edges; give each part of the subject a click.",
    ),
)

PAINTERS: tuple[PainterRow, ...] = (
    PainterRow(
        key="sdxl-inpainting",
        title="Stable Diffusion XL inpainting 0.1",
        source="diffusers/stable-diffusion-xl-1.0-inpainting-0.1",
        revision="115134f363124c53c7d878647567d04daf26e41e",
        licence="CreativeML Open RAIL++-M",
        native_side=1024,
        multiple=8,
        memory=9 * _GB,
        memory_offloaded=6_500_000_000,
        download=7_300_000_000,
        # The model card: 1024 px, guidance 8, 15-30 steps, strength below 1.
        defaults=PaintDefaults(steps=25, guidance=8.0, strength=0.99, scheduler="Euler"),
        world="It paints whatever can be said in a sentence.",
        variant="fp16",
        components=(_FP16_VAE,),
    ),
    PainterRow(
        key="embedded",
        title="Embedded painter",
        source=EMBEDDED_FOLDER.as_posix(),
        revision="1",
        licence="Apache-2.0",
        native_side=256,
        multiple=8,
        memory=_GB // 2,
        memory_offloaded=_GB // 2,
        download=0,
        defaults=PaintDefaults(steps=20, guidance=2.5, strength=1.0, scheduler="DPM++ 2M"),
        world=(
            "It paints a small world: day, sunset, night or storm over sea, meadow, desert, snow, "
            "mountains, city or forest, and plain textures in ten colours."
        ),
        local=True,
    ),
)

PRESETS: tuple[Preset, ...] = (
    Preset("sdxl", "sam-vit-base", "sdxl-inpainting", "a GPU with 12 GB of memory or more"),
    Preset("embedded", "grabcut", "embedded", "any machine, at once, without a download"),
)

Row = TypeVar("Row", SegmenterRow, PainterRow)


def segmenter_row(key: str) -> SegmenterRow:
    """Return the segmenter called `key`; BadRequest lists those there are."""
    return _find("segmenter", key, {row.key: row for row in SEGMENTERS})


def painter_row(key: str) -> PainterRow:
    """Return the painter called `key`; BadRequest lists those there are."""
    return _find("painter", key, {row.key: row for row in PAINTERS})


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
    )


def painter_info(row: PainterRow, device: str = "cpu", dtype: str = "float32") -> ModelInfo:
    """Describe a painter as it runs on `device` ("cpu", "cuda:0") in `dtype` ("float16")."""
    return ModelInfo(
        key=row.key,
        title=row.title,
        source="models/embedded" if row.local else row.source,
        revision=weights_digest(Path(row.source)) if row.local else row.revision,
        licence=row.licence,
        device=device,
        dtype=dtype,
        native_side=row.native_side,
        multiple=row.multiple,
        schedulers=tuple(name for name in row.schedulers if _can_run(name)),
        defaults=row.defaults,
        world=row.world,
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
