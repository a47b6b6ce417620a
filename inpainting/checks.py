"""Which options of `paint` go together, and what a tool needs, told before any model is loaded."""

from __future__ import annotations

import argparse

from inpainting.console import prompts_of
from inpainting.errors import BadRequest
from inpainting.types import Tool

SELECTING = (Tool.REPAINT, Tool.REMOVE, Tool.RESTYLE)
"""Tools that look at a selection; RESTYLE does without one too."""

PROMPTED = (Tool.REPAINT, Tool.RESTYLE, Tool.CREATE)
"""Tools that need a prompt; EXTEND does without one too."""

ONLY: dict[str, tuple[Tool, ...]] = {
    "extend": (Tool.EXTEND,),
    "size": (Tool.CREATE,),
    "method": (Tool.REMOVE,),
    "prompt": (*PROMPTED, Tool.EXTEND),
    "at": SELECTING,
    "not_at": SELECTING,
    "box": SELECTING,
    "mask": SELECTING,
    "mask_out": SELECTING,
    "separate": SELECTING,
    "grid_x": (*PROMPTED, Tool.EXTEND),
    "grid_y": (*PROMPTED, Tool.EXTEND),
}
"""The tools that an option is for; what is not here is for all."""


def selects(options: argparse.Namespace) -> bool:
    """Tell whether a mask is needed or given."""
    tool = Tool(options.tool)
    chosen = options.mask is not None or bool(prompts_of(options))
    return tool in (Tool.REPAINT, Tool.REMOVE) or (tool is Tool.RESTYLE and chosen)


def check_paint(options: argparse.Namespace) -> None:
    """Raise BadRequest for options that do not go together, and for those that are missing."""
    tool = Tool(options.tool)
    for name, tools in ONLY.items():
        if _is_given(options, name) and tool not in tools:
            raise BadRequest(
                f"--{name.replace('_', '-')} is for --tool {' or '.join(t.value for t in tools)}, "
                f"not for --tool {tool.value}."
            )
    if options.mask is not None and prompts_of(options):
        raise BadRequest("Give either --mask or clicks (--at, --not-at, --box), not both.")
    _check_photo(options, tool)
    _check_needs(options, tool)
    _check_many(options)


def _is_given(options: argparse.Namespace, name: str) -> bool:
    value = getattr(options, name)
    return value is not None and value is not False and value != []


def _check_photo(options: argparse.Namespace, tool: Tool) -> None:
    if tool is Tool.CREATE and options.photo is not None:
        raise BadRequest("--tool create starts from nothing: leave the photo out.")
    if tool is not Tool.CREATE and options.photo is None:
        raise BadRequest("The following arguments are required: PHOTO. See --help.")


def _check_needs(options: argparse.Namespace, tool: Tool) -> None:
    if tool in PROMPTED and options.prompt is None:
        raise BadRequest("The following arguments are required: --prompt. See --help.")
    if tool is Tool.EXTEND and not options.extend:
        raise BadRequest("Say with --extend L,T,R,B by how many pixels to extend on each side.")
    if options.mask_out is not None and not selects(options):
        raise BadRequest("There is no mask to write: nothing is selected.")


def _check_many(options: argparse.Namespace) -> None:
    if options.grid_y is not None and options.grid_x is None:
        raise BadRequest("A grid begins with --grid-x; --grid-y comes second.")
    if options.grid_x is not None and options.variations != 1:
        raise BadRequest("Give either --variations or --grid-x, not both.")
    if options.sheet is not None and options.grid_x is None and options.variations == 1:
        raise BadRequest("--sheet is for many pictures: give --variations or --grid-x too.")
