"""Recipe <-> JSON text. What is read may come from anyone: it is data, checked field by field."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any, NoReturn

from inpainting.errors import BadRequest
from inpainting.packing import PackedMask
from inpainting.reading import Fields
from inpainting.records import (
    OLD_CONTEXT,
    FrameUsed,
    ModelUsed,
    PartUsed,
    Recipe,
    SelectionUsed,
)
from inpainting.requests import MAX_CORNERS, MAX_EXTENSION, MAX_LORAS, check_stroke
from inpainting.types import (
    PREFILLS,
    Box,
    Combine,
    Edges,
    LoraUse,
    PaintSettings,
    Point,
    Prompts,
    Region,
    Sides,
    Stroke,
    Tool,
)

SCHEMA = 2
"""Version of the JSON form that is written; 1 had no tools and no parts, and is read too."""

MAX_JSON = 14_000_000
"""Most characters of a recipe: a mask of 50 megapixels of pure noise takes 8.4 million."""

MAX_SELECTION = 4_000_000
"""Most characters for how a mask was made; the mask itself stands beside it in any case."""

MAX_SIDE = 65_535
MAX_POINTS = 10_000
MAX_TEXT = 2_000
MAX_PARTS = 200
MAX_STROKES = 10_000
MAX_FRAMES = 1_000

NO_SHORTCUTS = {"guidance_until": 1.0, "reuse": 1}
"""Settings that are written only where they differ from this, and then no older release reads."""

OLD_ANEW = 0.9
"""From this strength on version 1 filled the hole by a blur before it was painted."""


def recipe_to_json(recipe: Recipe) -> str:
    """Return a recipe as JSON text in ASCII, one line, in version SCHEMA."""
    return _dumped(_recipe_form(recipe))


def selection_fits(selection: SelectionUsed) -> bool:
    """Tell whether a selection takes at most MAX_SELECTION characters in a recipe."""
    return len(_dumped(_selection_form(selection))) <= MAX_SELECTION


def _dumped(form: dict[str, Any]) -> str:
    return json.dumps(form, allow_nan=False, separators=(",", ":"))


def _recipe_form(recipe: Recipe) -> dict[str, Any]:
    chosen = recipe.selection
    return {
        "schema": SCHEMA,
        "app": recipe.app_version,
        "photo": {"digest": recipe.photo_digest, "size": recipe.photo_size},
        "tool": recipe.tool.value,
        "segmenter": asdict(recipe.segmenter),
        "painter": asdict(recipe.painter),
        **_prompts_form(recipe.prompts),
        "mask": _mask_form(recipe.mask),
        "region": recipe.region.value,
        "selection": None if chosen is None else _selection_form(chosen),
        "sides": asdict(recipe.sides),
        "size": recipe.size,
        "settings": _settings_form(recipe),
        "context": recipe.context,
        "separate": recipe.separate,
        "prefill": recipe.prefill,
        "match_colour": recipe.match_colour,
        "feather": recipe.feather,
        "frames": [{"window": asdict(f.window), "size": f.size} for f in recipe.frames],
        "libraries": dict(recipe.libraries),
    }


def _settings_form(recipe: Recipe) -> dict[str, Any]:
    digests = recipe.lora_digests
    loras = [
        {"name": lora.name, "weight": lora.weight, "digest": digests.get(lora.name, "")}
        for lora in recipe.settings.loras
    ]
    form = {**asdict(recipe.settings), "loras": loras}
    return {name: value for name, value in form.items() if NO_SHORTCUTS.get(name) != value}


def _prompts_form(prompts: Prompts) -> dict[str, Any]:
    box = None if prompts.box is None else asdict(prompts.box)
    return {"points": [asdict(point) for point in prompts.points], "box": box}


def _mask_form(mask: PackedMask | None) -> dict[str, Any] | None:
    return None if mask is None else {"size": mask.size, "data": mask.data}


def _selection_form(selection: SelectionUsed) -> dict[str, Any]:
    return {
        "parts": [_part_form(part) for part in selection.parts],
        "edges": asdict(selection.edges),
    }


def _part_form(part: PartUsed) -> dict[str, Any]:
    strokes = [{"line": s.line, "size": s.size, "erase": s.erase} for s in part.strokes]
    return {
        "op": part.op.value,
        **_prompts_form(part.prompts),
        "strokes": strokes,
        "mask": _mask_form(part.mask),
    }


def recipe_from_json(text: str) -> Recipe:
    """Read what `recipe_to_json` wrote, in this version or the one before.

    Raises BadRequest naming the field for a missing, unknown or wrong one, and for text that is
    too long, is no JSON or is of another schema version. What the values mean together (points on
    the photo, steps in range) is checked where they are used.
    """
    fields = Fields("the recipe", _parse(text))
    schema = fields.whole("schema", 0, 2**31)
    if schema not in (1, SCHEMA):
        raise BadRequest(f"The recipe has version {schema}; this program reads 1 and {SCHEMA}.")
    recipe = _first_version(fields) if schema == 1 else _second_version(fields)
    fields.end()
    return recipe


def _first_version(fields: Fields) -> Recipe:
    """What version 1 left out is set to what it did."""
    settings = _settings(fields.inner("settings"))
    frame = FrameUsed(_box(fields.inner("window")), fields.size("frame", MAX_SIDE))
    return Recipe(
        **_common(fields),
        mask=_mask(fields.inner("mask")),
        settings=settings,
        feather=fields.whole("feather", 0, MAX_SIDE),
        frames=(frame,),
        context=OLD_CONTEXT,
        prefill="blur" if settings.strength >= OLD_ANEW else "original",
    )


def _second_version(fields: Fields) -> Recipe:
    settings, digests = _settings_and_digests(fields.inner("settings"))
    return Recipe(
        **_common(fields),
        mask=None if fields.is_null("mask") else _mask(fields.inner("mask")),
        settings=settings,
        feather=None if fields.is_null("feather") else fields.whole("feather", 0, MAX_SIDE),
        frames=_frames(fields),
        tool=Tool(fields.choice("tool", [tool.value for tool in Tool])),
        sides=_sides(fields.inner("sides")),
        size=None if fields.is_null("size") else fields.size("size", MAX_SIDE),
        context=None if fields.is_null("context") else fields.number("context"),
        separate=fields.flag("separate"),
        prefill=fields.choice("prefill", PREFILLS[1:]),
        match_colour=fields.flag("match_colour"),
        selection=None if fields.is_null("selection") else _selection(fields.inner("selection")),
        lora_digests=digests,
    )


def _common(fields: Fields) -> dict[str, Any]:
    """Read the fields that are the same in both versions."""
    photo = fields.inner("photo")
    common = {
        "photo_digest": photo.text("digest", 64),
        "photo_size": photo.size("size", MAX_SIDE),
        "segmenter": _model(fields.inner("segmenter")),
        "painter": _model(fields.inner("painter")),
        "prompts": _prompts(fields),
        "region": Region(fields.choice("region", [region.value for region in Region])),
        "app_version": fields.text("app", 40),
        "libraries": fields.inner("libraries").texts(100, 100),
    }
    photo.end()
    return common


def _parse(text: str) -> object:
    if len(text) > MAX_JSON:
        raise BadRequest(f"The recipe has {len(text)} characters; at most {MAX_JSON} are read.")
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise BadRequest("The recipe is no valid JSON text.") from error


def _refuse_constant(name: str) -> NoReturn:
    raise BadRequest(f"The recipe holds {name}; all its numbers must be finite.")


def _model(fields: Fields) -> ModelUsed:
    names = ("key", "source", "revision", "dtype", "device")
    model = ModelUsed(*(fields.text(name, 300) for name in names))
    fields.end()
    return model


def _prompts(fields: Fields) -> Prompts:
    points = tuple(_point(point) for point in fields.inners("points", MAX_POINTS))
    return Prompts(points, None if fields.is_null("box") else _box(fields.inner("box")))


def _point(fields: Fields) -> Point:
    point = Point(
        fields.whole("x", 0, MAX_SIDE), fields.whole("y", 0, MAX_SIDE), fields.flag("include")
    )
    fields.end()
    return point


def _box(fields: Fields) -> Box:
    box = Box(*(fields.whole(name, 0, MAX_SIDE) for name in ("x0", "y0", "x1", "y1")))
    fields.end()
    return box


def _mask(fields: Fields) -> PackedMask:
    mask = PackedMask(fields.size("size", MAX_SIDE), fields.text("data", MAX_JSON))
    fields.end()
    return mask


def _frames(fields: Fields) -> tuple[FrameUsed, ...]:
    frames = tuple(_frame(frame) for frame in fields.inners("frames", MAX_FRAMES))
    if not frames:
        raise BadRequest("In the recipe the field 'frames' must not be empty.")
    return frames


def _frame(fields: Fields) -> FrameUsed:
    frame = FrameUsed(_box(fields.inner("window")), fields.size("size", MAX_SIDE))
    fields.end()
    return frame


def _sides(fields: Fields) -> Sides:
    names = ("left", "top", "right", "bottom")
    sides = Sides(*(fields.whole(name, 0, MAX_EXTENSION) for name in names))
    fields.end()
    return sides


def _settings(fields: Fields) -> PaintSettings:
    settings = _plain_settings(fields)
    fields.end()
    return settings


def _plain_settings(
    fields: Fields, softness: int = 0, loras: tuple[LoraUse, ...] = ()
) -> PaintSettings:
    return PaintSettings(
        prompt=fields.text("prompt", MAX_TEXT),
        negative_prompt=fields.text("negative_prompt", MAX_TEXT),
        seed=fields.whole("seed", 0, 2**32 - 1),
        steps=fields.whole("steps", 1, 10_000),
        guidance=fields.number("guidance"),
        strength=fields.number("strength"),
        scheduler=fields.text("scheduler", 100),
        softness=softness,
        loras=loras,
    )


def _settings_and_digests(fields: Fields) -> tuple[PaintSettings, dict[str, str]]:
    softness = fields.whole("softness", 0, MAX_SIDE)
    read = [_lora(lora) for lora in fields.inners("loras", MAX_LORAS)]
    settings = _plain_settings(fields, softness, tuple(lora for lora, _ in read))
    settings = replace(settings, **_shortcuts(fields))
    fields.end()
    return settings, {lora.name: digest for lora, digest in read if digest}


def _shortcuts(fields: Fields) -> dict[str, Any]:
    """Read what is only written where it is used."""
    found: dict[str, Any] = {}
    if fields.has("guidance_until"):
        found["guidance_until"] = fields.number("guidance_until")
    if fields.has("reuse"):
        found["reuse"] = fields.whole("reuse", 1, 10_000)
    return found


def _lora(fields: Fields) -> tuple[LoraUse, str]:
    lora = LoraUse(fields.text("name", 300), fields.number("weight"))
    digest = fields.text("digest", 64)
    fields.end()
    return lora, digest


def _selection(fields: Fields) -> SelectionUsed:
    parts = tuple(_part(part) for part in fields.inners("parts", MAX_PARTS))
    selection = SelectionUsed(parts, _edges(fields.inner("edges")))
    fields.end()
    return selection


def _part(fields: Fields) -> PartUsed:
    part = PartUsed(
        op=Combine(fields.choice("op", [op.value for op in Combine])),
        prompts=_prompts(fields),
        strokes=tuple(_stroke(stroke) for stroke in fields.inners("strokes", MAX_STROKES)),
        mask=None if fields.is_null("mask") else _mask(fields.inner("mask")),
    )
    fields.end()
    return part


def _stroke(fields: Fields) -> Stroke:
    line = fields.pairs("line", MAX_CORNERS)
    stroke = Stroke(line, fields.number("size"), fields.flag("erase"))
    fields.end()
    return check_stroke(stroke)


def _edges(fields: Fields) -> Edges:
    edges = Edges(
        grow=fields.whole("grow", -MAX_SIDE, MAX_SIDE),
        smooth=fields.whole("smooth", 0, MAX_SIDE),
        fill=fields.whole("fill", 0, MAX_SIDE),
        specks=fields.whole("specks", 0, MAX_SIDE),
        feather=None if fields.is_null("feather") else fields.whole("feather", 0, MAX_SIDE),
    )
    fields.end()
    return edges
