"""The form's fields as the browser sent them, and the request that they make."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, fields, replace
from typing import Any

from inpainting.errors import BadRequest, NothingSelected
from inpainting.framing import CONTEXT
from inpainting.packing import pack_mask
from inpainting.records import PartUsed, SelectionUsed
from inpainting.requests import check_size
from inpainting.tools import blank_photo
from inpainting.types import (
    Combine,
    LoraUse,
    ModelInfo,
    PaintRequest,
    Photo,
    Prompts,
    Sides,
    Tool,
)
from inpainting.web.session import NO_PROMPTS, Part, Session, Step

NOT_SELECTED = "Nothing is selected yet: click the subject of the photo first."
NO_PHOTO = "Open a photo first."

MASKED = (Tool.REPAINT, Tool.REMOVE)
"""The tools that cannot do without a selection."""

COLOURS = {"auto": None, "on": True, "off": False}
"""The choices for matching colours, and what they mean in a request."""


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of the page as the client sent them; nothing about them is known yet.

    `look` is the strength of a restyle, None the painter's own; `loras` a text such as "grain:0.8,
    ink"; `x_setting` and `y_setting` name what a grid varies, with its values as text.
    """

    prompt: Any = ""
    negative_prompt: Any = ""
    seed: Any = None
    guidance: Any = None
    steps: Any = None
    strength: Any = None
    scheduler: Any = None
    variations: Any = 1
    tool: Any = Tool.REPAINT.value
    method: Any = None
    look: Any = None
    left: Any = 0
    top: Any = 0
    right: Any = 0
    bottom: Any = 0
    width: Any = 1024
    height: Any = 1024
    context: Any = None
    prefill: Any = "auto"
    separate: Any = False
    softness: Any = 0
    guidance_until: Any = 1.0
    reuse: Any = 1
    colour: Any = "auto"
    film: Any = False
    loras: Any = ""
    x_setting: Any = ""
    x_values: Any = ""
    y_setting: Any = ""
    y_values: Any = ""


FIELDS = tuple(field.name for field in fields(Form))
"""The names of the fields, in the order in which the page sends them."""

COUNT = len(FIELDS)


def tool_of(value: object) -> Tool:
    """Return the tool that the switch names; raises BadRequest."""
    if not isinstance(value, str) or value not in tuple(Tool):
        raise BadRequest("Choose one of the five tools.")
    return Tool(value)


def request_of(session: Session, photo: Photo | None, form: Form) -> PaintRequest:
    """Return what to paint on `photo`, the session's own or None, its ranges unchecked.

    Raises NothingSelected, and BadRequest for what needs a photo and for texts that cannot be read.
    """
    tool = tool_of(form.tool)
    return _asked(photo, tool, form, _selected(session, tool, form))


def _asked(photo: Photo | None, tool: Tool, form: Form, selected: dict[str, Any]) -> PaintRequest:
    return PaintRequest(
        photo=_ground(photo, tool, form),
        tool=tool,
        prompt=form.prompt or "",
        negative_prompt=form.negative_prompt or "",
        seed=seed_from(form.seed),
        variations=_whole(form.variations) or 1,
        # Untouched it is left to the tool: Remove sees more.
        context=None if form.context == CONTEXT else form.context,
        prefill=form.prefill or "auto",
        match_colour=COLOURS.get(str(form.colour)),
        film=form.film is True,
        **selected,
        **_knobs(tool, form),
        **_sizes(tool, form),
    )


def draft_of(session: Session, photo: Photo | None, form: Form) -> PaintRequest:
    """Return what will be asked for, but for the selection, which may still be on its way.

    Raises as `request_of`, NothingSelected only where nothing at all was pointed at.
    """
    tool = tool_of(form.tool)
    empty = all(part.empty for part in session.now.parts)
    if photo and empty and (tool in MASKED or (tool is Tool.RESTYLE and not session.now.whole)):
        raise NothingSelected(NOT_SELECTED)
    return _asked(photo, tool, form, {"mask": None})


def suited(request: PaintRequest, painter: ModelInfo) -> PaintRequest:
    """Return a request without what the page hides for this painter: nobody could empty it there.

    The fields keep their values for the next painter that takes them.
    """
    return replace(
        request,
        softness=request.softness if painter.soft else 0,
        guidance_until=request.guidance_until if painter.shortcuts else 1.0,
        reuse=request.reuse if painter.shortcuts else 1,
        loras=request.loras if painter.lora_base else (),
    )


def _ground(photo: Photo | None, tool: Tool, form: Form) -> Photo:
    """A picture from nothing has nothing to do with the photo on the desk, nor has its recipe."""
    if tool is Tool.CREATE:
        return blank_photo(check_size((_whole(form.width), _whole(form.height))))
    if photo is None:
        raise BadRequest(NO_PHOTO)
    return photo


def _selected(session: Session, tool: Tool, form: Form) -> dict[str, Any]:
    """What comes from the canvas: the mask and how it was made."""
    now = session.now
    if tool is Tool.CREATE:
        return {"mask": None}
    if tool is Tool.EXTEND or (tool is Tool.RESTYLE and now.whole):
        return {"mask": None, "feather": now.edges.feather}
    mask = session.mask
    if mask is None:
        raise NothingSelected(NOT_SELECTED)
    return {
        "mask": mask,
        "region": session.side,
        "feather": now.edges.feather,
        "separate": form.separate is True,
        "prompts": _prompts(now),
        "selection": selection_of(now),
    }


def _knobs(tool: Tool, form: Form) -> dict[str, Any]:
    """The painter's own settings; what fills without a prompt has none of them."""
    if tool is Tool.REMOVE:
        return {"method": form.method or None}
    strengths = {Tool.RESTYLE: form.look, Tool.CREATE: None}
    return {
        "steps": _whole(form.steps),
        "guidance": form.guidance,
        "strength": strengths.get(tool, form.strength),
        "scheduler": form.scheduler or None,
        "softness": 0 if tool is Tool.CREATE else _whole(form.softness) or 0,
        "guidance_until": 1.0 if form.guidance_until is None else form.guidance_until,
        "reuse": 1 if form.reuse is None else _whole(form.reuse),
        "loras": loras_from(form.loras),
    }


def _sizes(tool: Tool, form: Form) -> dict[str, Any]:
    if tool is Tool.EXTEND:
        sides = (form.left, form.top, form.right, form.bottom)
        return {"sides": Sides(*(_whole(side) or 0 for side in sides))}
    if tool is Tool.CREATE:
        return {"size": (_whole(form.width), _whole(form.height))}
    return {}


def _prompts(now: Step) -> Prompts:
    """The clicks, where they alone led to the mask; several parts' clicks would mean another."""
    parts = [part for part in now.parts if not part.empty]
    if len(parts) != 1 or parts[0].strokes or parts[0].op is not Combine.ADD:
        return NO_PROMPTS
    return parts[0].prompts


def selection_of(now: Step) -> SelectionUsed:
    """Return how a selection was made, for a recipe; hidden and empty parts are left out."""
    parts = (_used(part) for part in now.parts if part.shown and not part.empty)
    return SelectionUsed(tuple(parts), now.edges)


def _used(part: Part) -> PartUsed:
    mask = None if part.answer is None else pack_mask(part.answer.mask(part.chosen))
    return PartUsed(part.op, part.prompts, part.strokes, mask)


def seed_from(value: Any) -> Any:
    """Return the seed that a field's text means: None for an empty one and -1, else a number.

    None asks for a new seed each time. What is no whole number is left as text.
    """
    text = str("" if value is None else _whole(value)).strip()
    if text in ("", "-1"):
        return None
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else text[:20]


def _whole(value: Any) -> Any:
    """Sliders and number fields give 20.0 for 20; what is not whole is left for the check."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def loras_from(value: object) -> tuple[LoraUse, ...]:
    """Read "grain:0.8, ink": names with weights, 1 where none is given; raises BadRequest."""
    text = value if isinstance(value, str) else ""
    return tuple(_lora(item.strip()) for item in re.split(r"[,\n]", text) if item.strip())


def _lora(text: str) -> LoraUse:
    name, colon, weight = text.rpartition(":")
    if not colon:
        return LoraUse(text)
    try:
        number = float(weight)
    except ValueError:
        number = math.nan
    if not name.strip() or not math.isfinite(number):
        raise BadRequest(
            f"The LoRA text {text[:60]!r} cannot be read; write a name, a colon and a "
            "number, such as film grain:0.8."
        )
    return LoraUse(name.strip(), number)


def loras_text(loras: tuple[LoraUse, ...]) -> str:
    """Return the text that `loras_from` reads."""
    return ", ".join(f"{lora.name}:{lora.weight}" for lora in loras)


def with_lora(text: object, name: object) -> str:
    """Return the text of a field with one more LoRA file at full weight, unless it is there."""
    now = text.strip().rstrip(",") if isinstance(text, str) else ""
    if not isinstance(name, str) or not name:
        return now
    known = {item.strip().rpartition(":")[0] or item.strip() for item in now.split(",")}
    return now if name in known else ", ".join(filter(None, (now, f"{name}:1")))
