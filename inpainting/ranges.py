"""A value of a stranger: of its kind and in its range, or a BadRequest that names all three."""

from __future__ import annotations

import math

from inpainting.errors import BadRequest


def require_whole(field: str, value: int, low: int, high: int) -> int:
    """Return `value` when it is a whole number from `low` to `high`; raises BadRequest else."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or not low <= value <= high:
        raise BadRequest(
            f"The {field} is {shown(value)}; it must be a whole number from {low} to {high}."
        )
    return value


def require_number(field: str, value: float, low: float, high: float) -> float:
    """Return `value` as a float when it is a number from `low` to `high`; BadRequest else."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not low <= value <= high:  # what is no number at all is not in the range
        raise BadRequest(
            f"The {field} is {shown(value)}; it must be a number from {low:g} to {high:g}."
        )
    return float(value)


def least_strength(steps: int) -> float:
    """Return the least share with two decimals of `steps`, 1 or more, that holds one of them."""
    return math.ceil(100 / steps) / 100


def shown(value: object) -> str:
    """Return a value of a stranger in a sentence: short, and told apart from the sentence."""
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."
