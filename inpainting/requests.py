"""What a caller asked, checked: each field of its kind and in its range, or a BadRequest."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import TypeVar

from inpainting.errors import BadRequest
from inpainting.ranges import least_strength, require_number, require_whole, shown
from inpainting.sets import variant
from inpainting.types import (
    PREFILLS,
    Box,
    Edges,
    LoraUse,
    ModelInfo,
    PaintDefaults,
    PaintRequest,
    PaintSettings,
    Point,
    Prompts,
    Sides,
    Size,
    Stroke,
    Tool,
)

MAX_POINTS = 500
MAX_PROMPT = 2000
MAX_SEED = 2**32 - 1
MAX_STEPS = 150
MAX_GUIDANCE = 30.0
MAX_VARIATIONS = 8
MAX_CONTEXT = 3.0
MAX_SOFTNESS = 256
MAX_REUSE = 5
MAX_EXTENSION = 4096
MIN_CREATED, MAX_CREATED = 64, 4096
MAX_LORAS = 8
MAX_WEIGHT = 4.0
MAX_FEATHER = 256
MAX_GROW = 64
MAX_SMOOTH = 64
MAX_SIDE = 512
"""Most of `Edges.fill` and `Edges.specks`: sides of squares of pixels."""

MAX_WORDS = 200
MAX_CORNERS = 5000
MIN_BRUSH, MAX_BRUSH = 1, 2000
MIN_CORNER, MAX_CORNER = -70_000, 140_000
"""Where corners of a stroke may lie, off the photo too, in photo pixels."""

T = TypeVar("T")


def check_prompts(prompts: Prompts, size: Size) -> Prompts:
    """Return `prompts` when every point and the box lie on a photo of `size` (width, height)."""
    if len(prompts.points) > MAX_POINTS:
        raise BadRequest(f"There are {len(prompts.points)} points; at most {MAX_POINTS} are used.")
    for point in prompts.points:
        _check_point(point, size)
    if prompts.box is not None:
        _check_box(prompts.box, size)
    return prompts


def _check_point(point: Point, size: Size) -> None:
    require_whole("x of a point", point.x, 0, size[0] - 1)
    require_whole("y of a point", point.y, 0, size[1] - 1)


def _check_box(box: Box, size: Size) -> None:
    require_whole("x0 of the box", box.x0, 0, size[0] - 1)
    require_whole("y0 of the box", box.y0, 0, size[1] - 1)
    require_whole("x1 of the box", box.x1, box.x0 + 1, size[0])
    require_whole("y1 of the box", box.y1, box.y0 + 1, size[1])


def check_words(text: str) -> str:
    """Return what a text names when it has 1 to MAX_WORDS characters; raises BadRequest else."""
    words = _text("text", text)
    if not 1 <= len(words) <= MAX_WORDS:
        raise BadRequest(f"Say in 1 to {MAX_WORDS} characters what to find, such as: the dog.")
    return words


def check_stroke(stroke: Stroke) -> Stroke:
    """Return `stroke` when it can be drawn on a photo of any size; raises BadRequest else.

    It has 1 to MAX_CORNERS corners, each a pair of numbers from MIN_CORNER to MAX_CORNER, and a
    size from MIN_BRUSH to MAX_BRUSH pixels.
    """
    require_number("size of the brush", stroke.size, MIN_BRUSH, MAX_BRUSH)
    if not isinstance(stroke.erase, bool):
        raise BadRequest(f"The stroke erases {shown(stroke.erase)}; it must be true or false.")
    if not 1 <= len(stroke.line) <= MAX_CORNERS:
        raise BadRequest(
            f"The stroke has {len(stroke.line)} corners; it must have 1 to {MAX_CORNERS}."
        )
    for corner in stroke.line:
        _check_corner(corner)
    return stroke


def _check_corner(corner: tuple[float, float]) -> None:
    if not isinstance(corner, tuple) or len(corner) != 2:
        raise BadRequest(f"A corner of the stroke is {shown(corner)}; it must be two numbers.")
    for name, value in zip("xy", corner, strict=True):
        require_number(f"{name} of a corner of the stroke", value, MIN_CORNER, MAX_CORNER)


def check_edges(edges: Edges) -> Edges:
    """Return `edges` when each value is a whole number in its range; raises BadRequest else.

    `grow` is from -MAX_GROW to MAX_GROW, `smooth` 0 to MAX_SMOOTH, `fill` and `specks` 0 to
    MAX_SIDE, `feather` 0 to MAX_FEATHER or None.
    """
    require_whole("grow", edges.grow, -MAX_GROW, MAX_GROW)
    require_whole("smooth", edges.smooth, 0, MAX_SMOOTH)
    require_whole("fill", edges.fill, 0, MAX_SIDE)
    require_whole("specks", edges.specks, 0, MAX_SIDE)
    if edges.feather is not None:
        require_whole("feather", edges.feather, 0, MAX_FEATHER)
    return edges


def resolve(request: PaintRequest, info: ModelInfo) -> tuple[PaintSettings, ...]:
    """Return one `PaintSettings` for each variation, seeds counting up from the first.

    What the request leaves open is taken from `info.defaults`; an open seed is drawn; sets in the
    prompts (`{a|b}`) take the next of their texts each time. Raises BadRequest naming the field,
    its value and its range.
    """
    _check_rest(request, info)
    first = _settings(request, info)
    count = require_whole("variations", request.variations, 1, MAX_VARIATIONS)
    return tuple(_variation(first, number) for number in range(count))


def _settings(request: PaintRequest, info: ModelInfo) -> PaintSettings:
    defaults = info.defaults or PaintDefaults(20, 7.0, 1.0, _first(info.schedulers))
    steps = require_whole("steps", _or(request.steps, defaults.steps), 1, MAX_STEPS)
    strength = _require_strength(_strength(request, defaults), steps)
    unprompted = request.tool is Tool.REMOVE
    return PaintSettings(
        prompt="" if unprompted else _text("prompt", request.prompt),
        negative_prompt="" if unprompted else _text("negative prompt", request.negative_prompt),
        seed=_require_seed(request.seed),
        steps=steps,
        guidance=require_number(
            "guidance", _or(request.guidance, defaults.guidance), 0, MAX_GUIDANCE
        ),
        strength=strength,
        scheduler=_choice("scheduler", _or(request.scheduler, defaults.scheduler), info.schedulers),
        softness=_softness(request.softness, info),
        loras=_loras(request.loras, info),
        guidance_until=_guidance_until(request.guidance_until, int(steps * strength), info),
        reuse=_reuse(request.reuse, info),
    )


def _strength(request: PaintRequest, defaults: PaintDefaults) -> float:
    """A restyle keeps shapes unless it says otherwise; what starts from nothing keeps none."""
    if request.tool is Tool.CREATE:
        return 1.0
    if request.tool is Tool.RESTYLE and request.strength is None:
        return max(defaults.restyle, 1 / max(1, _or(request.steps, defaults.steps)))
    return _or(request.strength, defaults.strength)


def _variation(first: PaintSettings, number: int) -> PaintSettings:
    return replace(
        first,
        prompt=variant(first.prompt, number),
        negative_prompt=variant(first.negative_prompt, number),
        seed=(first.seed + number) % (MAX_SEED + 1),
    )


def _check_rest(request: PaintRequest, info: ModelInfo) -> None:
    """Check what does not go to the painter."""
    if request.tool not in info.tools:
        can = ", ".join(tool.value for tool in info.tools)
        raise BadRequest(
            f"{info.title} cannot {request.tool.value}; it can {can}. Choose another model for it."
        )
    if request.feather is not None:
        require_whole("feather", request.feather, 0, MAX_FEATHER)
    if request.context is not None:
        require_number("context", request.context, 0, MAX_CONTEXT)
    _choice("prefill", request.prefill, PREFILLS)


def check_sides(sides: Sides) -> Sides:
    """Return `sides` when each is a whole number from 0 to MAX_EXTENSION; raises BadRequest."""
    for name in ("left", "top", "right", "bottom"):
        require_whole(f"extension on the {name}", getattr(sides, name), 0, MAX_EXTENSION)
    return sides


def check_size(size: Size | None) -> Size:
    """Return the size of a picture to create when it has one; raises BadRequest."""
    if not isinstance(size, tuple) or len(size) != 2:
        raise BadRequest("A picture that is created needs a size: its width and its height.")
    for name, side in zip(("width", "height"), size, strict=True):
        require_whole(name, side, MIN_CREATED, MAX_CREATED)
    return size


def _softness(value: int, info: ModelInfo) -> int:
    softness = require_whole("softness", value, 0, MAX_SOFTNESS)
    if softness and not info.soft:
        raise BadRequest(
            f"{info.title} paints with the same strength everywhere; set the softness to 0."
        )
    return softness


def _guidance_until(value: float, run: int, info: ModelInfo) -> float:
    """Return the share of the `run` steps that are guided: rounded, that of one step at least."""
    until = require_number("guidance until", value, 0.0, 1.0)
    if run * until < 0.5:
        raise BadRequest(
            f"With {run} steps a guidance until {until:g} guides no step at all; "
            f"take at least {least_strength(run):g}, or more steps."
        )
    if until < 1 and not info.shortcuts:
        raise BadRequest(f"{info.title} guides all steps or none; set the guidance until to 1.")
    return until


def _reuse(value: int, info: ModelInfo) -> int:
    reuse = require_whole("reuse", value, 1, MAX_REUSE)
    if reuse > 1 and not info.shortcuts:
        raise BadRequest(f"{info.title} does the full work in each step; set the reuse to 1.")
    return reuse


def _loras(loras: tuple[LoraUse, ...], info: ModelInfo) -> tuple[LoraUse, ...]:
    if loras and not info.lora_base:
        raise BadRequest(f"{info.title} takes no LoRA files; use it without them.")
    if len(loras) > MAX_LORAS:
        raise BadRequest(f"There are {len(loras)} LoRA files; at most {MAX_LORAS} are used.")
    if len({lora.name for lora in loras}) < len(loras):
        raise BadRequest("A LoRA file is named twice; name each of them once.")
    for lora in loras:
        require_number(f"weight of {shown(lora.name)}", lora.weight, -MAX_WEIGHT, MAX_WEIGHT)
    return loras


def _or(value: T | None, default: T) -> T:
    return default if value is None else value


def _first(names: tuple[str, ...]) -> str:
    return names[0] if names else ""


def _text(field: str, value: str) -> str:
    if not isinstance(value, str):
        raise BadRequest(f"The {field} must be text.")
    if len(value) > MAX_PROMPT:
        raise BadRequest(
            f"The {field} has {len(value)} characters; at most {MAX_PROMPT} are allowed."
        )
    # Neither tokenizers nor files can hold lone surrogates, which JSON can.
    readable = value.encode("utf-8", "ignore").decode("utf-8")
    return readable.replace("\0", "").strip()


def _require_seed(value: int | None) -> int:
    if value is None:
        return secrets.randbelow(MAX_SEED + 1)
    return require_whole("seed", value, 0, MAX_SEED)


def _require_strength(value: float, steps: int) -> float:
    strength = require_number("strength", value, 0.0, 1.0)
    if int(steps * strength) == 0:
        raise BadRequest(
            f"With {steps} steps a strength of {strength:g} runs no step at all; "
            f"take a strength of at least {least_strength(steps):g}, or more steps."
        )
    return strength


def _choice(field: str, value: str, choices: tuple[str, ...]) -> str:
    if value not in choices:
        raise BadRequest(f"The {field} is {shown(value)}; choose {', '.join(choices)}.")
    return value
