"""The tools as the page offers them: their words, and which fields each of them shows.

Which tool is chosen is a radio button in the page, so that the browser itself hides what does not
matter for it: nothing is asked of the server, and nothing flickers.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from inpainting.types import Tool

TITLES: Mapping[Tool, str] = MappingProxyType(
    {
        Tool.REPAINT: "Repaint",
        Tool.REMOVE: "Remove",
        Tool.EXTEND: "Extend",
        Tool.RESTYLE: "Restyle",
        Tool.CREATE: "Create",
    }
)
"""What the switch and the main button say."""

NOTES: Mapping[Tool, str] = MappingProxyType(
    {
        Tool.REPAINT: "",
        Tool.REMOVE: "What is selected is taken out, and filled from what is round it.",
        Tool.EXTEND: "The photo stays as it is; new ground is painted round it.",
        Tool.RESTYLE: "The look changes and the shapes stay, of the whole photo or of one side.",
        Tool.CREATE: "A new picture is painted; no photo is needed.",
    }
)
"""What is said under the canvas when a tool is taken."""

PROMPTED = (Tool.REPAINT, Tool.EXTEND, Tool.RESTYLE, Tool.CREATE)
PHOTOGRAPHED = (Tool.REPAINT, Tool.REMOVE, Tool.EXTEND, Tool.RESTYLE)

SHOWN_FOR: Mapping[str, tuple[Tool, ...]] = MappingProxyType(
    {
        "region": (Tool.REPAINT, Tool.RESTYLE),
        "prompt": PROMPTED,
        "tokens": PROMPTED,
        "negative": PROMPTED,
        "method": (Tool.REMOVE,),
        "sides": (Tool.EXTEND,),
        "look": (Tool.RESTYLE,),
        "size": (Tool.CREATE,),
        "presets": PROMPTED,
        "guidance": PROMPTED,
        "steps": PROMPTED,
        "guidance-until": PROMPTED,
        "reuse": PROMPTED,
        "strength": (Tool.REPAINT, Tool.EXTEND),
        "scheduler": PROMPTED,
        "variations": PROMPTED,
        "context": PHOTOGRAPHED,
        "prefill": (Tool.REPAINT, Tool.EXTEND, Tool.RESTYLE),
        "separate": (Tool.REPAINT, Tool.REMOVE, Tool.RESTYLE),
        "softness": (Tool.REPAINT, Tool.EXTEND, Tool.RESTYLE),
        "colour": PHOTOGRAPHED,
        "lora": PROMPTED,
        "film": PROMPTED,
        "grid": PROMPTED,
    }
)
"""The parts of the page, by id without its "pp-", that only some tools show."""

WHOLE = "whole"
"""The third side of the region switch: the whole photo, for a restyle."""


def tool_css() -> str:
    """Return the style that hides what does not matter for the tool that is chosen."""
    rules = [_hidden(tool, _unneeded(tool)) for tool in Tool]
    whole = _without(Tool.RESTYLE) + f' #pp-region label:has([value="{WHOLE}"])'
    emptied = "#pp-form .form:has(> #pp-prompt, > #pp-negative)"
    bare = f".gradio-container:has({_chosen(Tool.REMOVE)}) {emptied}"
    return "\n".join(
        [*rules, *(f"{part} {{ display: none !important; }}" for part in (whole, bare))]
    )


def _unneeded(tool: Tool) -> list[str]:
    return [name for name, tools in SHOWN_FOR.items() if tool not in tools]


def _hidden(tool: Tool, names: list[str]) -> str:
    ids = ", ".join(f"#pp-{name}" for name in names)
    return f".gradio-container:has({_chosen(tool)}) :is({ids}) {{ display: none !important; }}"


def _without(tool: Tool) -> str:
    return f".gradio-container:not(:has({_chosen(tool)}))"


def _chosen(tool: Tool) -> str:
    return f'#pp-tool .selected [value="{tool.value}"]'
