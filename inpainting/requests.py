"""What a caller asked, checked: each field of its kind and in its range, or a BadRequest."""

from __future__ import annotations

import secrets
from typing import TypeVar

from inpainting.errors import BadRequest
from inpainting.types import (
    Box,
    Edges,
    ModelInfo,
    PaintDefaults,
    PaintRequest,
    PaintSettings,
    Point,
    Prompts,
    Size,
    Stroke,
)

MAX_POINTS = 500
MAX_PROMPT = 2000
MAX_SEED = 2**32 - 1
MAX_STEPS = 150
MAX_GUIDANCE = 30.0
MAX_VARIATIONS = 8
MAX_FEATHER = 256
MAX_GROW = 64
MAX_SMOOTH = 64
MAX_SIDE = 512
"""Most of `Edges.fill` and `Edges.specks`: sides of squares of pixels."""

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
    _require_whole("x of a point", point.x, 0, size[0] - 1)
    _require_whole("y of a point", point.y, 0, size[1] - 1)


def _check_box(box: Box, size: Size) -> None:
    _require_whole("x0 of the box", box.x0, 0, size[0] - 1)
    _require_whole("y0 of the box", box.y0, 0, size[1] - 1)
    _require_whole("x1 of the box", box.x1, box.x0 + 1, size[0])
    _require_whole("y1 of the box", box.y1, box.y0 + 1, size[1])


def check_stroke(stroke: Stroke) -> Stroke:
    """Return `stroke` when it can be drawn on a photo of any size; raises BadRequest else.

    It has 1 to MAX_CORNERS corners, each a pair of numbers from MIN_CORNER to MAX_CORNER, and a
    size from MIN_BRUSH to MAX_BRUSH pixels.
    """
    _require_number("size of the brush", stroke.size, MIN_BRUSH, MAX_BRUSH)
    if not isinstance(stroke.erase, bool):
        raise BadRequest(f"The stroke erases {_shown(stroke.erase)}; it must be true or false.")
    if not 1 <= len(stroke.line) <= MAX_CORNERS:
        raise BadRequest(
            f"The stroke has {len(stroke.line)} corners; it must have 1 to {MAX_CORNERS}."
        )
    for corner in stroke.line:
        _check_corner(corner)
    return stroke


def _check_corner(corner: tuple[float, float]) -> None:
    if not isinstance(corner, tuple) or len(corner) != 2:
        raise BadRequest(f"A corner of the stroke is {_shown(corner)}; it must be two numbers.")
    for name, value in zip("xy", corner, strict=True):
        _require_number(f"{name} of a corner of the stroke", value, MIN_CORNER, MAX_CORNER)


def check_edges(edges: Edges) -> Edges:
    """Return `edges` when each value is a whole number in its range; raises BadRequest else.

    `grow` is from -MAX_GROW to MAX_GROW, `smooth` 0 to MAX_SMOOTH, `fill` and `specks` 0 to
    MAX_SIDE, `feather` 0 to MAX_FEATHER or None.
    """
    _require_whole("grow", edges.grow, -MAX_GROW, MAX_GROW)
    _require_whole("smooth", edges.smooth, 0, MAX_SMOOTH)
    _require_whole("fill", edges.fill, 0, MAX_SIDE)
    _require_whole("specks", edges.specks, 0, MAX_SIDE)
    if edges.feather is not None:
        _require_whole("feather", edges.feather, 0, MAX_FEATHER)
    return edges


def resolve(request: PaintRequest, info: ModelInfo) -> tuple[PaintSettings, ...]:
    """Return one `PaintSettings` for each variation, seeds counting up from the first.

    What the request leaves open is taken from `info.defaults`; an open seed is drawn. Raises
    BadRequest naming the field, its value and its range.
    """
    defaults = info.defaults or PaintDefaults(20, 7.0, 1.0, _first(info.schedulers))
    steps = _or(request.steps, defaults.steps)
    strength = _or(request.strength, defaults.strength)
    guidance = _or(request.guidance, defaults.guidance)
    settings = PaintSettings(
        prompt=_text("prompt", request.prompt),
        negative_prompt=_text("negative prompt", request.negative_prompt),
        seed=_require_seed(request.seed),
        steps=_require_whole("steps", steps, 1, MAX_STEPS),
        guidance=_require_number("guidance", guidance, 0, MAX_GUIDANCE),
        strength=_require_strength(strength, steps),
        scheduler=_choice(_or(request.scheduler, defaults.scheduler), info.schedulers),
    )
    count = _require_whole("variations", request.variations, 1, MAX_VARIATIONS)
    if request.feather is not None:
        _require_whole("feather", request.feather, 0, MAX_FEATHER)
    return tuple(_with_seed(settings, (settings.seed + n) % (MAX_SEED + 1)) for n in range(count))


def _with_seed(settings: PaintSettings, seed: int) -> PaintSettings:
    return PaintSettings(
        settings.prompt,
        settings.negative_prompt,
        seed,
        settings.steps,
        settings.guidance,
        settings.strength,
        settings.scheduler,
    )


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
    return _require_whole("seed", value, 0, MAX_SEED)


def _require_whole(field: str, value: int, low: int, high: int) -> int:
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or not low <= value <= high:
        shown = _shown(value)
        raise BadRequest(f"The {field} is {shown}; it must be a whole number from {low} to {high}.")
    return value


def _require_number(field: str, value: float, low: float, high: float) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not low <= value <= high:  # what is no number at all is not in the range
        shown = _shown(value)
        raise BadRequest(f"The {field} is {shown}; it must be a number from {low:g} to {high:g}.")
    return float(value)


def _require_strength(value: float, steps: int) -> float:
    strength = _require_number("strength", value, 0.0, 1.0)
    if int(steps * strength) == 0:
        raise BadRequest(
            f"With {steps} steps a strength of {strength:g} runs no step at all; "
            f"take a strength of at least {1 / steps:.2g}, or more steps."
        )
    return strength


def _choice(value: str, choices: tuple[str, ...]) -> str:
    if value not in choices:
        raise BadRequest(f"The scheduler is {_shown(value)}; choose {', '.join(choices)}.")
    return value


def _shown(value: object) -> str:
    """A value of a stranger in a sentence: short, and told apart from the sentence."""
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."
