"""The words of the domain as frozen values; none knows a file, a widget or a tensor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from inpainting.digests import digest_of

if TYPE_CHECKING:
    from inpainting.recipe import Recipe, SelectionUsed

Rgb = NDArray[np.uint8]
"""A picture, HxWx3, 0-255, R G B."""

Mask = NDArray[np.bool_]
"""HxW; of a photo: True = subject. A *hole* is the same array with True = repaint."""

Size = tuple[int, int]
"""(width, height) in pixels."""


class Region(str, Enum):
    """Which side of the mask is repainted."""

    SUBJECT = "subject"
    BACKGROUND = "background"


class Tool(str, Enum):
    """What is done to a photo.

    `REPAINT` paints one side of the mask by the prompt; `REMOVE` fills the subject from what is
    round it, without a prompt; `EXTEND` paints new ground on its sides; `RESTYLE` paints the whole
    photo or one side of the mask over, keeping its shapes; `CREATE` starts from nothing.
    """

    REPAINT = "repaint"
    REMOVE = "remove"
    EXTEND = "extend"
    RESTYLE = "restyle"
    CREATE = "create"


PREFILLS = ("auto", "original", "blur", "navier-stokes", "telea", "neutral", "noise")
"""What a hole can be filled with before it is painted; auto chooses by tool, region, strength."""


@dataclass(frozen=True, slots=True)
class Point:
    """A click at pixel (x, y) of the upright photo, origin top left; `include` False excludes."""

    x: int
    y: int
    include: bool = True


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels of the upright photo: x0 <= x < x1, y0 <= y < y1."""

    x0: int
    y0: int
    x1: int
    y1: int


@dataclass(frozen=True, slots=True)
class Prompts:
    """What the user pointed at: clicks in their order and at most one box."""

    points: tuple[Point, ...] = ()
    box: Box | None = None

    def __bool__(self) -> bool:
        return bool(self.points) or self.box is not None


class Combine(str, Enum):
    """How a part joins the selection made by the parts before it."""

    ADD = "add"
    SUBTRACT = "subtract"
    INTERSECT = "intersect"


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line drawn with a round brush `size` pixels wide; `erase` takes away instead.

    `line` holds (x, y) corners in photo pixels, where pixel i reaches from i to i + 1: it covers
    every pixel whose middle lies at most size / 2 from the line. One corner makes a dot.
    """

    line: tuple[tuple[float, float], ...]
    size: float
    erase: bool = False


@dataclass(frozen=True, slots=True)
class Edges:
    """What is done to the border of a selection, in photo pixels; all 0 leaves it as it is.

    `grow` -64 to 64 moves the border of what is repainted outwards, or inwards below 0; `smooth`
    0-64 rounds corners of up to that radius; `fill` 0-512 closes gaps and `specks` 0-512 drops
    crumbs smaller than a square of that side; `feather` 0-256 softens the repainted side, None
    leaves it to the frame.
    """

    grow: int = 0
    smooth: int = 0
    fill: int = 0
    specks: int = 0
    feather: int | None = None


@dataclass(frozen=True, slots=True)
class Sides:
    """How many pixels a photo is extended by on each side, 0 to 4096."""

    left: int = 0
    top: int = 0
    right: int = 0
    bottom: int = 0

    def __bool__(self) -> bool:
        return bool(self.left or self.top or self.right or self.bottom)


@dataclass(frozen=True, slots=True)
class LoraUse:
    """A LoRA file by its `name` in the folder of LoRA files, with its `weight` -4 to 4."""

    name: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Photo:
    """An opened photo.

    `pixels` HxWx3 uint8, upright, in the file's own colour profile; `rgb` the same picture in sRGB,
    which is what models see (the same array where the file has no profile); `alpha` HxW uint8 or
    None, kept aside; `icc_profile` the bytes of the profile that `pixels` are in, None for sRGB;
    `name` the file's base name without a folder; `notes` sentences for the user about what was done
    at opening; `ai`: a trained model is known to have made it, or part of it. No array is changed
    once it is in a photo.
    """

    pixels: Rgb
    rgb: Rgb
    alpha: NDArray[np.uint8] | None
    icc_profile: bytes | None
    name: str = "photo"
    notes: tuple[str, ...] = ()
    ai: bool = False
    _digests: list[str] = field(default_factory=list, init=False, repr=False)

    @property
    def size(self) -> Size:
        """(width, height) in pixels."""
        return self.pixels.shape[1], self.pixels.shape[0]

    @property
    def digest(self) -> str:
        """64 hex digits, a hash of size, pixels, alpha and profile; made when first asked for."""
        if not self._digests:
            self._digests.append(digest_of(self.pixels, self.alpha, self.icc_profile))
        return self._digests[0]


@dataclass(frozen=True, slots=True, eq=False)
class Embedding:
    """What a segmenter computes once a photo of `size` (width, height); `nbytes` its memory."""

    size: Size
    nbytes: int
    data: object


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """The masks offered for the same prompts, best first, with scores 0-1 of the same length.

    `masks` are HxW bool at the photo's own size. `hints` has one entry a mask where the segmenter
    can be given a former answer to start from (SAM: low-resolution logits, float32), else is empty.
    """

    masks: tuple[Mask, ...]
    scores: tuple[float, ...]
    hints: tuple[NDArray[np.float32], ...] = ()


@dataclass(frozen=True, slots=True)
class PaintDefaults:
    """The settings that a painter does best with; see `PaintRequest` for their ranges.

    `restyle` is the strength at which RESTYLE changes the look and keeps the shapes.
    """

    steps: int
    guidance: float
    strength: float
    scheduler: str
    restyle: float = 0.6


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What is loaded, for the page and for recipes.

    `key` the catalogue row; `title` for people; `source` a hub id or the project's own folder;
    `revision` 40 hex digits or a version; `device` such as "cpu", "cuda:0"; `dtype` such as
    "float16"; `native_side` in pixels: a painter works on frames of about native_side**2 pixels;
    `multiple`: frame sides are multiples of it; `world`: a sentence on what it can paint or select;
    `tools` that a painter serves; `soft`: it takes `softness`; `lora_base` names what LoRA files
    must be made for, "" where it takes none; `gated`: its licence has to be accepted at the hub;
    `commercial` False: its licence forbids commercial use; `shortcuts`: it takes `guidance_until`
    and `reuse`; `placement` says in a few words how its parts share the device's memory, "" where
    there is nothing to say; `batch`: how many pictures it paints at a time at most.
    """

    key: str
    title: str
    source: str
    revision: str
    licence: str
    device: str = "cpu"
    dtype: str = "float32"
    native_side: int = 1024
    multiple: int = 8
    schedulers: tuple[str, ...] = ()
    defaults: PaintDefaults | None = None
    world: str = ""
    tools: tuple[Tool, ...] = (Tool.REPAINT, Tool.EXTEND, Tool.RESTYLE, Tool.CREATE)
    soft: bool = False
    lora_base: str = ""
    gated: bool = False
    commercial: bool = True
    shortcuts: bool = False
    placement: str = ""
    batch: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class PaintRequest:
    """All that a repaint needs; None stands for the painter's own default.

    `prompt`, `negative_prompt` up to 2,000 characters; `seed` 0 to 2**32-1, None draws one; `steps`
    1-150; `guidance` 0-30; `strength` above 0 up to 1; `scheduler` a name that the painter lists;
    `variations` 1-8 pictures with consecutive seeds; `feather` 0-256 pixels, inside the hole;
    `prompts` the clicks that led to the mask, kept for the recipe alone. Each `{a|b}` in a prompt
    takes one of its texts, the next variation the next one.

    `tool` says what is done. `mask` is the photo's; RESTYLE without one paints the whole photo,
    CREATE and EXTEND need none. `sides` (EXTEND) and `size` (width, height; CREATE, 64-4096 a side)
    in pixels; `method` (REMOVE) the key of a filler. `context` 0-3 is what the painter sees round
    the hole, as a share of the hole's mean side; `separate` paints separate holes one by one, each
    in a frame of its own; `prefill` one of `PREFILLS`; `match_colour` None leaves it to the
    painter and tool; `softness` 0-256 pixels over which the strength rises from the hole's border
    inwards; `guidance_until` above 0 up to 1: the share of the steps that are guided, those after
    cost half; `reuse` 1-5: the UNet's deep layers run in every so many-th step alone, 1 in all;
    `loras` LoRA files; `film` keeps the previews of the steps; `selection` tells how the
    mask was made, for the recipe alone.
    """

    photo: Photo
    mask: Mask | None
    region: Region = Region.BACKGROUND
    prompt: str = ""
    negative_prompt: str = ""
    seed: int | None = None
    steps: int | None = None
    guidance: float | None = None
    strength: float | None = None
    scheduler: str | None = None
    variations: int = 1
    feather: int | None = None
    prompts: Prompts = field(default_factory=Prompts)
    tool: Tool = Tool.REPAINT
    sides: Sides = Sides()
    size: Size | None = None
    method: str | None = None
    context: float | None = None
    separate: bool = False
    prefill: str = "auto"
    match_colour: bool | None = None
    softness: int = 0
    guidance_until: float = 1.0
    reuse: int = 1
    loras: tuple[LoraUse, ...] = ()
    film: bool = False
    selection: SelectionUsed | None = None


@dataclass(frozen=True, slots=True)
class PaintSettings:
    """A request as a painter runs it: nothing is left open. Ranges as in `PaintRequest`.

    `softness` is in pixels of the picture that the painter gets.
    """

    prompt: str
    negative_prompt: str
    seed: int
    steps: int
    guidance: float
    strength: float
    scheduler: str
    softness: int = 0
    loras: tuple[LoraUse, ...] = ()
    guidance_until: float = 1.0
    reuse: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Work:
    """One picture for a painter: `rgb` HxWx3 uint8, its `hole` HxW, and how it is painted."""

    rgb: Rgb
    hole: Mask
    settings: PaintSettings


@dataclass(frozen=True, slots=True, eq=False)
class Progress:
    """One step done: `step` of `total` as really run; a small `preview` HxWx3 where there is one.

    `note` says what is waited for when nothing is painted yet.
    """

    step: int
    total: int
    preview: Rgb | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Painted:
    """A painter's finished picture of the frame, HxWx3 uint8, with sentences on what happened.

    `lora_digests` maps the names of LoRA files that took part to their SHA-256, 64 hex digits.
    """

    rgb: Rgb
    notes: tuple[str, ...] = ()
    lora_digests: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class PaintResult:
    """One finished picture: `photo` holds it at the size, alpha and profile of the original.

    `before` is what was painted on: the photo, or for EXTEND the photo with its new ground, for
    CREATE an empty one; `film` the previews of the steps, small pictures of the whole, where the
    request asked for them.
    """

    photo: Photo
    seed: int
    seconds: float
    recipe: Recipe
    notes: tuple[str, ...] = ()
    before: Photo | None = None
    film: tuple[Rgb, ...] = ()
