"""Grids: one request for every pair of values of one or two settings, alike in all else."""

from __future__ import annotations

import csv
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from typing import Any

from inpainting.errors import BadRequest
from inpainting.ranges import require_number, require_whole, shown
from inpainting.requests import (
    MAX_GUIDANCE,
    MAX_PROMPT,
    MAX_REUSE,
    MAX_SEED,
    MAX_SOFTNESS,
    MAX_STEPS,
)
from inpainting.types import PaintRequest

Value = int | float | str

MAX_CELLS = 64

_NUMBER = re.compile(r"[+-]?([0-9]{1,10}(\.[0-9]{0,10})?|\.[0-9]{1,10})")
_RANGE = re.compile(r"([0-9.]+)\s*-\s*([0-9.]+)(?:\s*:\s*([0-9.]+))?")


@dataclass(frozen=True, slots=True)
class Axis:
    """A setting, one of AXES, and the different values that it takes, at least one.

    Of "prompt" the first value is what stands in the prompts, and each replaces it.
    """

    setting: str
    values: tuple[Value, ...]

    @property
    def name(self) -> str:
        """The setting in words."""
        return in_words(self.setting)

    @property
    def labels(self) -> tuple[str, ...]:
        """What to write beside the pictures: "steps 20"; for prompts the words alone."""
        if self.setting == "prompt":
            return tuple(str(value) for value in self.values)
        return tuple(f"{self.name} {_shown(value)}" for value in self.values)


def in_words(setting: str) -> str:
    """Return the name of a setting, one of AXES, as people read it."""
    return setting.replace("_", " ")


def _shown(value: Value) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _whole(setting: str, low: int, high: int, text: str) -> int:
    number = _number(setting, text)
    if number != int(number):
        raise BadRequest(f"The {setting} is {shown(text)}; it must be a whole number.")
    return require_whole(setting, int(number), low, high)


def _real(setting: str, low: float, high: float, text: str) -> float:
    return require_number(setting, float(_number(setting, text)), low, high)


def _number(setting: str, text: str) -> Decimal:
    if _NUMBER.fullmatch(text) is None:
        raise BadRequest(
            f"The {setting} is {shown(text)}; it must be a number. "
            "Write a list as 10, 20, 30 and a range as 10-30:10."
        )
    return Decimal(text)


_NUMBERS: dict[str, Callable[[str], Value]] = {
    "steps": partial(_whole, "steps", 1, MAX_STEPS),
    "guidance": partial(_real, "guidance", 0.0, MAX_GUIDANCE),
    "strength": partial(_real, "strength", 0.0, 1.0),
    "seed": partial(_whole, "seed", 0, MAX_SEED),
    "softness": partial(_whole, "softness", 0, MAX_SOFTNESS),
    "guidance_until": partial(_real, "guidance until", 0.0, 1.0),
    "reuse": partial(_whole, "reuse", 1, MAX_REUSE),
}

AXES = (
    *("steps", "guidance", "strength", "scheduler", "seed", "prompt", "softness"),
    *("guidance_until", "reuse"),
)
"""What an axis can change."""


def parse_axis(setting: str, text: str) -> Axis:
    """Return the axis that a text gives: "10, 20, 30", or for numbers also "10-30:10".

    A range holds its end where a step meets it; without a step it counts by 1. Words with a comma
    stand in double quotes. What stands twice counts once. Raises BadRequest for a setting that is
    none of AXES, for values out of the setting's range and for more than MAX_CELLS.
    """
    if setting not in AXES:
        raise BadRequest(f"A grid over {shown(setting)} is not known; choose {', '.join(AXES)}.")
    words = _words(text)
    number = _NUMBERS.get(setting)
    if number is None:
        values: list[Value] = list(words)
    else:
        values = [number(part) for word in words for part in _spread(setting, word)]
    if not 1 <= len(dict.fromkeys(values)) <= MAX_CELLS:
        raise BadRequest(
            f"The grid over {in_words(setting)} needs 1 to {MAX_CELLS} values, as 10, 20, 30."
        )
    return Axis(setting, tuple(dict.fromkeys(values)))


def _words(text: str) -> list[str]:
    if not isinstance(text, str) or len(text) > MAX_PROMPT:
        raise BadRequest(f"The values of a grid must be text of at most {MAX_PROMPT} characters.")
    plain = re.sub(r"[\0\r\n]", " ", text)
    row = next(csv.reader([plain], skipinitialspace=True), [])
    return [word.strip() for word in row if word.strip()]


def _spread(setting: str, word: str) -> list[str]:
    """Return the numbers of a range, or the word itself."""
    found = _RANGE.fullmatch(word)
    if found is None:
        return [word]
    low, high, step = (_number(setting, part or "1") for part in found.groups())
    if step <= 0 or high < low or (high - low) / step >= MAX_CELLS:
        raise BadRequest(
            f"The range {shown(word)} must go up, in at most {MAX_CELLS} steps, as 10-30:10."
        )
    return [f"{low + n * step:f}" for n in range(int((high - low) / step) + 1)]


def cells(
    request: PaintRequest, x: Axis, y: Axis | None = None
) -> tuple[tuple[PaintRequest, ...], ...]:
    """Return rows of requests for single pictures: x goes to the right, y downwards.

    A seed that is open is drawn once for all, so that they differ in what the axes say alone. The
    words of both axes are replaced at once, in prompt and negative prompt. Raises BadRequest for
    two axes over the same numbers or the same word, for more than MAX_CELLS pictures, and for words
    that the prompts do not have.
    """
    columns, rows = len(x.values), 1 if y is None else len(y.values)
    if columns * rows > MAX_CELLS:
        raise BadRequest(
            f"The grid has {columns} x {rows} pictures; at most {MAX_CELLS} are painted."
        )
    if y is not None and x.setting == y.setting and x.setting != "prompt":
        raise BadRequest(f"Both sides of the grid change the {x.name}; choose another for one.")
    if y is not None and x.setting == y.setting and x.values[0] == y.values[0]:
        raise BadRequest(
            f"Both sides of the grid replace {shown(x.values[0])}; choose another word for one."
        )
    axes = (x,) if y is None else (x, y)
    for axis in axes:
        _require_words(request, axis)
    seed = secrets.randbelow(MAX_SEED + 1) if request.seed is None else request.seed
    alike = replace(request, seed=seed, variations=1)
    return tuple(
        tuple(_cell(alike, [(x, value), *row]) for value in x.values)
        for row in ([[]] if y is None else [[(y, value)] for value in y.values])
    )


def _require_words(request: PaintRequest, axis: Axis) -> None:
    if axis.setting != "prompt":
        return
    word = str(axis.values[0])
    if word not in request.prompt and word not in request.negative_prompt:
        raise BadRequest(
            f"The prompt does not have {shown(word)}: the first value of a grid over the prompt "
            "is the word that the others replace."
        )


def _cell(request: PaintRequest, chosen: list[tuple[Axis, Value]]) -> PaintRequest:
    words = {str(a.values[0]): str(value) for a, value in chosen if a.setting == "prompt"}
    numbers: dict[str, Any] = {a.setting: value for a, value in chosen if a.setting != "prompt"}
    return replace(
        request,
        **numbers,
        prompt=_swapped(request.prompt, words),
        negative_prompt=_swapped(request.negative_prompt, words),
    )


def _swapped(text: str, words: dict[str, str]) -> str:
    if not words:
        return text
    longest_first = sorted(words, key=len, reverse=True)
    pattern = "|".join(map(re.escape, longest_first))
    return re.sub(pattern, lambda found: words[found.group()], text)
