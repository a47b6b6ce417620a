"""The form's fields: what is kept of them for a page loaded again, and what suits a painter.

Values stand in the order of `form.Form`. They come from the browser, so nothing about them is
known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from inpainting.requests import MAX_PROMPT, MAX_SEED
from inpainting.types import ModelInfo, PaintDefaults
from inpainting.web.form import FIELDS, seed_from
from inpainting.web.session import Session

KNOBS = ("guidance", "steps", "strength", "scheduler", "look")
"""The fields that a painter has defaults for."""

SIDES = ("left", "top", "right", "bottom")
"""The fields that say how far a photo is extended."""

BAD_SEED = "The seed must be a whole number from 0 to 4294967295; empty draws one."


@dataclass(frozen=True, slots=True)
class Painter:
    """The painter that the fields were filled for: its key, and what it does best with."""

    key: str
    best: PaintDefaults


def painter_of(info: ModelInfo) -> Painter:
    """Return what the page keeps of a painter."""
    return Painter(info.key, defaults_of(info))


def defaults_of(info: ModelInfo) -> PaintDefaults:
    """Return what the settings begin with for a painter."""
    first = info.schedulers[0] if info.schedulers else ""
    return info.defaults or PaintDefaults(20, 7.0, 1.0, first)


def carried(knobs: Sequence[Any], old: PaintDefaults, info: ModelInfo) -> tuple[Any, ...]:
    """Return what the fields with `knobs` (in the order of KNOBS) show for `info`.

    One that still holds the default of the `old` painter takes the new one's. What was set stays,
    but for a scheduler that the new painter does not have.
    """
    before, after = _knobs(old), _knobs(defaults_of(info))
    moved = [new if at == was else at for at, was, new in zip(knobs, before, after, strict=True)]
    scheduler = moved[3] if moved[3] in info.schedulers else after[3]
    return (*moved[:3], scheduler, moved[4])


def _knobs(best: PaintDefaults) -> tuple[Any, ...]:
    return best.guidance, best.steps, best.strength, best.scheduler, best.restyle


def remembered(values: Sequence[object], painter: Painter) -> dict[str, Any]:
    """Return what a desk keeps of the fields; the prompts stay in memory and are never logged."""
    kept = {name: _kept(value) for name, value in zip(FIELDS, values, strict=True)}
    return {"values": kept, "painter": painter}


def given_back(form: Mapping[str, Any], info: ModelInfo) -> dict[str, Any]:
    """Return the values kept by `remembered`, carried over to the painter in use; empty for none.

    A field whose value was not kept has none.
    """
    if not form:
        return {}
    values, painter = dict(form["values"]), form["painter"]
    knobs = carried([values[name] for name in KNOBS], painter.best, info)
    values.update(zip(KNOBS, knobs, strict=True))
    return {name: value for name, value in values.items() if value is not None}


def for_another(before: Session, after: Session) -> dict[str, Any]:
    """Return the values of the fields that were for the former photo alone, once another is opened.

    How far it is extended is in its pixels, often to bring it to a shape: a photo of another size
    begins without. All other fields are how the user works, and stay.
    """
    old, new = before.now.sheet, after.now.sheet
    if new is None or not before.serial or after.serial == before.serial:
        return {}
    stays = old is not None and (old.size == new.size or old.is_made_from(new.digest))
    return {} if stays else dict.fromkeys(SIDES, 0)


MAX_KEPT = 2**63
"""Larger numbers, infinity and what is no number are no value of any field."""


def _kept(value: object) -> object:
    """Return a text of bounded length, a finite number or a yes or no; all else is left out."""
    if isinstance(value, str):
        return value[:MAX_PROMPT]
    if isinstance(value, int | float):
        return value if abs(value) <= MAX_KEPT else None
    return None


def seed_problem(value: object) -> str:
    """Return why a seed's field cannot be used, empty where it can."""
    seed = seed_from(value)
    good = seed is None or (isinstance(seed, int) and 0 <= seed <= MAX_SEED)
    return "" if good else BAD_SEED
