"""Photos to begin with: one click loads one, with a selection and a prompt ready."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from types import MappingProxyType

import gradio as gr

from inpainting.photo import open_photo
from inpainting.types import Box, Point, Prompts, Region
from inpainting.web.display import EXAMPLE_SIDE, jpeg_url
from inpainting.web.parts import part
from inpainting.web.texts import TRANSLATE

TEMPLATE = (
    '<p class="pp-try" data-t>Or try one of these: photo, selection and prompt are ready</p>'
    '<div class="pp-examples" role="group" data-t aria-label="Examples">${value}</div>'
)


NO_PROMPTS = Prompts()


@dataclass(frozen=True, slots=True)
class Example:
    """What is put in place with a photo, in pixels of that photo."""

    prompts: Prompts = NO_PROMPTS
    prompt: str = ""
    region: Region = Region.BACKGROUND


Place = tuple[int, int]


def _at(box: Box | None, *places: Place, not_at: Sequence[Place] = ()) -> Prompts:
    wanted = (Point(x, y) for x, y in places)
    unwanted = (Point(x, y, include=False) for x, y in not_at)
    return Prompts((*wanted, *unwanted), box)


ASTRONAUT = _at(Box(20, 8, 380, 512), (225, 110), (220, 400), (120, 300), not_at=[(300, 150)])
CHELSEA = _at(None, (215, 110), (240, 240), not_at=[(385, 150), (400, 240)])
COFFEE = _at(Box(75, 10, 480, 390), (300, 170), (150, 260), (430, 290), (420, 200))
ROCKET = _at(Box(305, 115, 345, 412), (322, 135), (322, 180), (322, 260))

READY: Mapping[str, Example] = MappingProxyType(
    {
        "astronaut": Example(ASTRONAUT, "sunset sea"),
        "chelsea": Example(CHELSEA, "green meadow by day"),
        "coffee": Example(COFFEE, "red brick wall"),
        "rocket": Example(ROCKET, "snowy mountains at night"),
    }
)


def example_of(path: Path) -> Example:
    """Return what goes with an example photo; a photo that is not known comes alone."""
    return READY.get(path.stem, Example())


def example_strip(paths: Sequence[Path]) -> gr.HTML:
    """Return buttons with small pictures; sends the event `example` with an index."""
    return gr.HTML(
        value="".join(_button(index, path) for index, path in enumerate(paths)),
        html_template=TEMPLATE,
        js_on_load=part("examples.js") + TRANSLATE,
        apply_default_css=False,
        elem_id="pp-examples",
    )


def _button(index: int, path: Path) -> str:
    url = jpeg_url(open_photo(path, path.name).rgb, EXAMPLE_SIDE)
    name = escape(path.stem.replace("_", " ").capitalize())
    prompt = escape(example_of(path).prompt)
    return (
        f'<button type="button" data-t data-index="{index}" aria-label="Example {name}: {prompt}">'
        f'<img src="{url}" alt=""><span><b>{name}</b>{prompt}</span></button>'
    )
