from __future__ import annotations

from dataclasses import replace

import pytest

from inpainting.errors import BadRequest, NothingSelected
from inpainting.types import LoraUse, Sides, Tool
from inpainting.web.form import (
    Form,
    loras_from,
    loras_text,
    request_of,
    suited,
    tool_of,
    with_lora,
)
from inpainting.web.session import Session
from tests.support.fakes import FakePainter
from tests.support.photos import photo


@pytest.mark.parametrize("odd", ["paint", None, 3, ["repaint"]])
def test_a_tool_that_is_none_is_a_sentence(odd: object) -> None:
    with pytest.raises(BadRequest, match="tools"):
        tool_of(odd)


@pytest.mark.parametrize("tool", ["repaint", "remove", "extend", "restyle"])
def test_all_tools_but_create_need_a_photo(tool: str) -> None:
    with pytest.raises(BadRequest, match="photo"):
        request_of(Session(), None, Form(tool=tool))


@pytest.mark.parametrize("tool", ["repaint", "remove"])
def test_what_works_on_a_side_needs_a_selection(tool: str) -> None:
    with pytest.raises(NothingSelected):
        request_of(Session(), photo(), Form(tool=tool))


def test_each_tool_gets_what_is_its_own() -> None:
    form = Form("sea", strength=0.9, look=0.4, left=3.0, right=4, width=128, height=64.0)
    extended = request_of(Session(), photo(), Form(**{**_fields(form), "tool": "extend"}))
    assert (extended.sides, extended.strength, extended.mask) == (Sides(3, 0, 4, 0), 0.9, None)
    restyled = request_of(Session(), photo(), Form(**{**_fields(form), "tool": "restyle"}))
    assert (restyled.strength, restyled.mask, restyled.sides) == (0.4, None, Sides())
    created = request_of(Session(), None, Form(**{**_fields(form), "tool": "create"}))
    assert (created.size, created.strength, created.photo.size) == ((128, 64), None, (128, 64))
    assert created.tool is Tool.CREATE


def test_shortcuts_are_the_forms_and_hidden_they_are_none() -> None:
    form = Form("sea", tool="extend", left=9, guidance_until=0.5, reuse=3.0)
    asked = request_of(Session(), photo(), form)
    assert (asked.guidance_until, asked.reuse) == (0.5, 3)
    info = FakePainter().info
    hidden = suited(asked, info)
    assert (hidden.guidance_until, hidden.reuse) == (1.0, 1)
    assert suited(asked, replace(info, shortcuts=True)).reuse == 3
    emptied = request_of(Session(), photo(), replace(form, guidance_until=None, reuse=None))
    assert (emptied.guidance_until, emptied.reuse) == (1.0, 1)


def _fields(form: Form) -> dict[str, object]:
    names = ("prompt", "strength", "look", "left", "right", "width", "height")
    return {name: getattr(form, name) for name in names}


@pytest.mark.parametrize("side", [0, -5, 5000, 1e9, "a", None, float("nan")])
def test_a_size_that_is_none_is_refused_before_anything_is_made(side: object) -> None:
    with pytest.raises(BadRequest):
        request_of(Session(), None, Form(tool="create", width=side))


@pytest.mark.parametrize(
    ("text", "loras"),
    [
        ("", ()),
        (None, ()),
        ("grain", (LoraUse("grain"),)),
        (
            "grain:0.8, ink:-1\n paper",
            (LoraUse("grain", 0.8), LoraUse("ink", -1), LoraUse("paper")),
        ),
    ],
)
def test_lora_files_are_read_from_a_line(text: object, loras: tuple[LoraUse, ...]) -> None:
    assert loras_from(text) == loras
    assert loras_from(loras_text(loras)) == loras


@pytest.mark.parametrize("text", ["grain:much", ":0.8", "grain:nan", "grain:"])
def test_a_lora_line_that_cannot_be_read_is_a_sentence(text: str) -> None:
    with pytest.raises(BadRequest, match="LoRA"):
        loras_from(text)


def test_a_lora_file_is_added_once() -> None:
    assert with_lora("", "grain") == "grain:1"
    assert with_lora("grain:0.5,", "ink") == "grain:0.5, ink:1"
    assert with_lora("grain:0.5", "grain") == "grain:0.5"
    assert with_lora("grain:0.5", None) == "grain:0.5"
