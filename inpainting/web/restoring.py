"""What a recipe brings back: the tool, the selection and all settings of a picture made here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inpainting.errors import BadRequest
from inpainting.limits import read_source
from inpainting.packing import unpack_mask
from inpainting.photo import PhotoLimits, read_recipe
from inpainting.recipe import recipe_from_json
from inpainting.records import PartUsed, Recipe, SelectionUsed
from inpainting.requests import check_edges, check_prompts, resolve
from inpainting.sets import escaped
from inpainting.settings import Settings
from inpainting.tools import blank_photo
from inpainting.types import (
    Combine,
    Edges,
    ModelInfo,
    PaintRequest,
    PaintSettings,
    Region,
    Size,
    Tool,
)
from inpainting.web import editing
from inpainting.web.answer import pack_one
from inpainting.web.form import loras_text
from inpainting.web.session import Part, Session

SAME = "This is the photo that it was made from: the large button makes the same picture again."
SAME_SELECTED = "This is the photo that it was made from: what was selected stays selected."
SAME_SETTINGS = "This is the photo that it was made from: the settings stay as they are."
ALL = "This picture was made here: its prompt, settings and selection are back."
NO_SELECTION = "This picture was made here: its prompt and settings are back."
ORIGINAL = "With the photo that it was made from the same picture can be made again."
CREATED = "The recipe is here: Create makes the same picture again."
ELSEWHERE = "The recipe is for another photo: its prompt and settings are here, its selection not."
PLAIN = "The picture was opened as a plain photo."


@dataclass(frozen=True, slots=True)
class Restored:
    """What is put in place; without `parts` nothing is selected.

    `values` are those of the form by the names of its fields.
    """

    values: Mapping[str, Any]
    tool: Tool
    region: Region
    whole: bool
    parts: tuple[Part, ...]
    edges: Edges


def recipe_in(path: Path, settings: Settings) -> Recipe | None:
    """Return the recipe that a file is or has in it, None where there is none.

    Raises BadPhoto for a file that cannot be read and BadRequest for a recipe that is not valid.
    """
    limits = PhotoLimits(max_bytes=settings.max_file_mb * 1_000_000)
    if is_recipe(path):
        return recipe_from_json(read_source(path, limits).decode("utf8", "replace"))
    return read_recipe(path, limits)


def is_recipe(path: Path) -> bool:
    """Whether a file is a recipe and no picture."""
    with path.open("rb") as file:
        return file.read(64).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")


def restore(recipe: Recipe, size: Size, painter: ModelInfo) -> Restored:
    """Return what a recipe says, for a photo of `size` (width, height).

    A selection for another size is left out, and the painter's own scheduler stands in for one that
    it does not have. Raises BadRequest for settings that no painter takes.
    """
    settings = _settings(recipe, painter)
    parts, edges = _selection(recipe, size)
    return Restored(
        {**_prompts(settings), **_knobs(recipe, settings), **_frames(recipe)},
        recipe.tool,
        recipe.region,
        recipe.mask is None,
        parts,
        edges,
    )


def bring_back(session: Session, restored: Restored) -> Session:
    """Put tool, region and selection back; what was selected can be undone to."""
    session = editing.choose_tool(session, restored.tool)
    return editing.bring_back(
        session, restored.parts, restored.edges, restored.region, restored.whole
    )


# ---- the selection


def _selection(recipe: Recipe, size: Size) -> tuple[tuple[Part, ...], Edges]:
    used = recipe.selection or _as_one(recipe)
    edges = check_edges(used.edges)
    try:
        return tuple(_part(key, part, size) for key, part in enumerate(used.parts)), edges
    except BadRequest:
        return (), edges


def _as_one(recipe: Recipe) -> SelectionUsed:
    """A mask whose making is not told is one part; its edges leave it as it was painted with."""
    if recipe.mask is None:
        return SelectionUsed((), Edges(feather=recipe.feather))
    part = PartUsed(Combine.ADD, recipe.prompts, (), recipe.mask)
    return SelectionUsed((part,), Edges(feather=recipe.feather))


def _part(key: int, used: PartUsed, size: Size) -> Part:
    prompts = check_prompts(used.prompts, size)
    answer = None if used.mask is None else pack_one(unpack_mask(used.mask, size))
    given = answer is not None and not prompts
    return Part(key, used.op, given=given, prompts=prompts, answer=answer, strokes=used.strokes)


# ---- the settings


def _settings(recipe: Recipe, painter: ModelInfo) -> PaintSettings:
    """Return the settings as this painter takes them; a filler's are checked when it is used."""
    used = recipe.settings
    if recipe.tool is Tool.REMOVE:
        return used
    request = PaintRequest(
        blank_photo((64, 64)),  # the settings do without it
        None,
        tool=recipe.tool if recipe.tool in painter.tools else painter.tools[0],
        sides=recipe.sides,
        size=recipe.size or (64, 64),
        prompt=escaped(used.prompt),
        negative_prompt=escaped(used.negative_prompt),
        seed=used.seed,
        steps=used.steps,
        guidance=used.guidance,
        strength=used.strength,
        scheduler=used.scheduler if used.scheduler in painter.schedulers else None,
        softness=used.softness if painter.soft else 0,
        guidance_until=used.guidance_until if painter.shortcuts else 1.0,
        reuse=used.reuse if painter.shortcuts else 1,
        loras=used.loras if painter.lora_base else (),
        context=recipe.context,
        feather=recipe.feather,
    )
    return resolve(request, painter)[0]


def _prompts(settings: PaintSettings) -> dict[str, Any]:
    return {
        "prompt": escaped(settings.prompt),
        "negative_prompt": escaped(settings.negative_prompt),
        "seed": str(settings.seed),
        "variations": 1,
    }


def _knobs(recipe: Recipe, settings: PaintSettings) -> dict[str, Any]:
    """A filler has no knobs, and so they stay as they are."""
    if recipe.tool is Tool.REMOVE:
        return {"tool": recipe.tool.value, "method": recipe.method}
    strength = {"look" if recipe.tool is Tool.RESTYLE else "strength": settings.strength}
    return {
        "tool": recipe.tool.value,
        "guidance": settings.guidance,
        "steps": settings.steps,
        "scheduler": settings.scheduler,
        "softness": settings.softness,
        "guidance_until": settings.guidance_until,
        "reuse": settings.reuse,
        "loras": loras_text(settings.loras),
        **({} if recipe.tool is Tool.CREATE else strength),
    }


def _frames(recipe: Recipe) -> dict[str, Any]:
    sides, values = recipe.sides, dict[str, Any]()
    if recipe.tool is Tool.EXTEND:
        values = {"left": sides.left, "top": sides.top, "right": sides.right}
        values["bottom"] = sides.bottom
    if recipe.tool is Tool.CREATE and recipe.size is not None:
        values = {"width": recipe.size[0], "height": recipe.size[1]}
    return {
        **values,
        **({} if recipe.context is None else {"context": recipe.context}),
        "separate": recipe.separate,
        "prefill": recipe.prefill,
        "colour": "on" if recipe.match_colour else "off",
        "x_setting": "",
        "y_setting": "",
    }
