"""The painters of the newer families on tiny real pipelines: one test run for each row."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from io import BytesIO
from typing import Any

import diffusers
import numpy as np
import pytest
import torch
from PIL import Image

from inpainting.photo import open_photo
from inpainting.studio import Studio
from inpainting.types import (
    Painted,
    PaintRequest,
    PaintResult,
    Photo,
    Region,
    Sides,
    Tool,
)
from models.catalog import painter_row
from models.pipeline_calls import ANOTHER_SIZE, NO_GUIDANCE, NO_STRENGTH
from models.rows.base import PainterRow
from models.rows.flow import FLOW
from tests.support.fakes import FakeSegmenter
from tests.support.flow_painters import (
    HOLE,
    RGB,
    WHOLE,
    Tiny,
    built,
    one,
    small_pictures,
    tiny,
)
from tests.support.stable import same

__all__ = ["built", "one", "small_pictures", "tiny"]

CLASSES = {
    ("z-image-turbo", Tool.REPAINT): "ZImageInpaintPipeline",
    ("z-image-turbo", Tool.RESTYLE): "ZImageImg2ImgPipeline",
    ("z-image-turbo", Tool.CREATE): "ZImagePipeline",
    ("flux2-klein", Tool.REPAINT): "Flux2KleinInpaintPipeline",
    ("flux2-klein", Tool.RESTYLE): "Flux2KleinInpaintPipeline",
    ("flux2-klein", Tool.CREATE): "Flux2KleinPipeline",
    ("sd35-medium", Tool.REPAINT): "StableDiffusion3InpaintPipeline",
    ("sd35-medium", Tool.RESTYLE): "StableDiffusion3Img2ImgPipeline",
    ("sd35-medium", Tool.CREATE): "StableDiffusion3Pipeline",
    ("flux-fill", Tool.REPAINT): "FluxFillPipeline",
    ("qwen-image-edit", Tool.REPAINT): "QwenImageEditInpaintPipeline",
    ("qwen-image-edit", Tool.RESTYLE): "QwenImageEditInpaintPipeline",
    ("kandinsky22-inpainting", Tool.REPAINT): "KandinskyV22InpaintCombinedPipeline",
    ("kandinsky22", Tool.RESTYLE): "KandinskyV22Img2ImgCombinedPipeline",
    ("kandinsky22", Tool.CREATE): "KandinskyV22CombinedPipeline",
}


def rows_for(tool: Tool) -> list[PainterRow]:
    return [row for row in FLOW if tool in row.tools]


def key_of(row: PainterRow) -> str:
    return row.key


# -- what a job gives --------------------------------------------------------------------------


def test_every_tool_tells_its_steps_with_previews_and_ends_with_a_picture_of_the_size(
    tiny: Tiny,
) -> None:
    for tool in tiny.row.tools:
        *events, last = tiny.events(tool)
        steps = [event for event in events if not event.note]
        totals = {event.total for event in steps}
        assert len(totals) == 1
        assert [event.step for event in steps] == list(range(1, totals.pop() + 1))
        assert last.rgb.shape == RGB.shape
        assert last.rgb.dtype == np.uint8
        assert ANOTHER_SIZE not in last.notes
        previews = [event.preview for event in steps]
        assert all(preview.shape[1] == 2 * preview.shape[0] <= 128 for preview in previews)
        assert all(preview.dtype == np.uint8 and preview.std() > 0 for preview in previews)


def _heard(call: Callable[..., Any], asked: list[str]) -> Callable[..., Any]:
    """Return `call`, which also notes the class that it is called of."""

    def hear(pipeline: Any, **given: Any) -> Any:
        asked.append(type(pipeline).__name__)
        return call(pipeline, **given)

    return hear


def test_every_tool_is_served_by_its_class(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    for mode in tiny.family.modes:
        kind = getattr(diffusers, mode.pipeline)
        call = kind.__call__
        monkeypatch.setattr(kind, "__call__", _heard(call, asked))
    expected = {tool: name for (key, tool), name in CLASSES.items() if key == tiny.row.key}
    for tool, name in expected.items():
        asked.clear()
        tiny.paint(tool)
        assert asked[0] == name


def test_all_pipelines_of_a_row_are_made_of_the_same_parts(tiny: Tiny) -> None:
    before = {id(part) for part in tiny.pipeline.components.values()}
    for each in tiny.painter._pipelines.values():
        assert {id(part) for part in each.components.values()} <= before


def test_the_same_arguments_give_the_same_bytes_and_each_tells(tiny: Tiny) -> None:
    first = tiny.paint()
    assert same(first, tiny.paint())
    assert not same(first, tiny.paint(seed=2))
    assert not same(first, tiny.paint(prompt="blue sea"))
    assert not same(first, tiny.paint(steps=4))


@pytest.mark.parametrize("tiny", rows_for(Tool.RESTYLE), indirect=True, ids=key_of)
def test_the_picture_and_the_strength_tell(tiny: Tiny) -> None:
    assert not same(
        tiny.paint(Tool.RESTYLE, steps=10, strength=0.3),
        tiny.paint(Tool.RESTYLE, steps=10, strength=0.9),
    )
    settings = replace(tiny.settings, strength=0.5)
    *_, other = tiny.painter.paint(255 - RGB, WHOLE, settings)
    assert isinstance(other, Painted)
    assert not same(other, tiny.paint(Tool.RESTYLE, strength=0.5))


def latents_of(tiny: Tiny, seed: int) -> torch.Tensor:
    """Return what the decoder gets of a job, Cxhxw."""
    seen: list[torch.Tensor] = []
    decoder = getattr(tiny.pipeline, tiny.family.vae).decoder
    handle = decoder.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    tiny.paint(Tool.REPAINT, seed=seed, strength=1.0)
    handle.remove()
    return seen[-1].reshape(seen[-1].shape[1], *seen[-1].shape[-2:])


@pytest.mark.parametrize(
    "tiny",
    [row for row in rows_for(Tool.REPAINT) if row.key != "flux-fill"],
    indirect=True,
    ids=key_of,
)
def test_outside_the_hole_the_latents_are_those_of_the_picture(tiny: Tiny) -> None:
    change = latents_of(tiny, 1) - latents_of(tiny, 2)
    inside = torch.from_numpy(HOLE)[4::8, 4::8]
    spread = change.abs().mean(0)
    assert spread[~inside].mean() * 3 < spread[inside].mean()


@pytest.mark.parametrize("tiny", [painter_row("flux-fill")], indirect=True, ids=key_of)
def test_flux_fill_is_shown_the_picture_without_the_hole(tiny: Tiny) -> None:
    seen: list[torch.Tensor] = []
    hook = tiny.pipeline.vae.encoder.register_forward_pre_hook(lambda _, x: seen.append(x[0]))
    tiny.paint()
    hook.remove()
    masked = seen[-1][0].permute(1, 2, 0).numpy()
    assert not masked[HOLE].any()
    assert np.allclose(masked[~HOLE], RGB[~HOLE] / 127.5 - 1, atol=1e-5)


@pytest.mark.parametrize("tiny", rows_for(Tool.REPAINT), indirect=True, ids=key_of)
def test_the_hole_tells(tiny: Tiny) -> None:
    *_, other = tiny.painter.paint(RGB, ~HOLE, replace(tiny.settings, strength=0.9))
    assert isinstance(other, Painted)
    assert not same(other, tiny.paint(Tool.REPAINT))


def test_a_part_of_the_picture_can_be_painted_over(one: Tiny) -> None:
    """RESTYLE of a selection: the rest is pasted back by others."""
    *_, last = one.painter.paint(RGB, HOLE, replace(one.settings, strength=0.6))
    assert isinstance(last, Painted)
    assert last.rgb.shape == RGB.shape


def test_the_global_random_state_is_neither_used_nor_changed(one: Tiny) -> None:
    first = one.paint()
    torch.rand(3)
    before = torch.get_rng_state()
    assert same(first, one.paint())
    assert torch.equal(before, torch.get_rng_state())


def test_without_guidance_it_still_paints(tiny: Tiny) -> None:
    assert tiny.paint(guidance=0.0).rgb.std() > 0


# -- prompts -----------------------------------------------------------------------------------


@pytest.mark.parametrize("prompt", ["", "brick " * 300, "<|endoftext|> (dog:1.2) é🙂"])
def test_prompts_of_any_length_leave_no_trace_in_the_log(
    tiny: Tiny, caplog: pytest.LogCaptureFixture, prompt: str
) -> None:
    with caplog.at_level(logging.DEBUG):
        painted = tiny.paint(prompt=prompt, negative_prompt=prompt, steps=1, strength=1.0)
    said = " ".join(record.getMessage() for record in caplog.records)
    assert not any(word in said for word in ("brick", "dog", "🙂", "truncated"))
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert not any("brick" in note for note in painted.notes)


def test_a_negative_prompt_tells_or_is_told_to_be_left_out(tiny: Tiny) -> None:
    above = tiny.family.negative_above
    if above is not None:
        guided = partial(tiny.paint, guidance=above + 3.0)
        assert not same(guided(), guided(negative_prompt="people"))
        assert guided(negative_prompt="people").notes == guided().notes
    idle = tiny.paint(guidance=0.0, negative_prompt="people")
    assert any("negative prompt" in note and "left out" in note for note in idle.notes)
    assert same(idle, tiny.paint(guidance=0.0))


def test_settings_that_do_nothing_are_told(tiny: Tiny) -> None:
    takes_none = tiny.family.guidance is None
    assert (NO_GUIDANCE in tiny.paint(guidance=7.0).notes) is takes_none
    always_full = tiny.row.kind == "kandinsky-inpaint"
    assert (NO_STRENGTH in tiny.paint(strength=0.6).notes) is always_full


# -- through the studio ------------------------------------------------------------------------


def photo() -> Photo:
    buffer = BytesIO()
    noise = np.random.default_rng(5).integers(0, 256, (90, 150, 3), np.uint8)
    Image.fromarray(noise).save(buffer, "PNG")
    return open_photo(buffer.getvalue())


def request_for(tool: Tool) -> PaintRequest:
    opened = photo()
    mask = np.zeros((90, 150), np.bool_)
    mask[20:60, 30:90] = True
    base = PaintRequest(opened, mask, Region.SUBJECT, "red brick", seed=3, steps=2, tool=tool)
    if tool is Tool.EXTEND:
        return replace(base, mask=None, sides=Sides(right=40))
    if tool is Tool.CREATE:
        return replace(base, mask=None, size=(150, 90))
    return replace(base, strength=0.6 if tool is Tool.RESTYLE else None)


def test_every_tool_works_through_the_studio(tiny: Tiny) -> None:
    studio = Studio(FakeSegmenter(), tiny.painter)
    for tool in tiny.row.tools:
        request = request_for(tool)
        first, again = (
            next(event for event in studio.paint(request) if isinstance(event, PaintResult))
            for _ in range(2)
        )
        width = 190 if tool is Tool.EXTEND else 150
        assert first.photo.size == (width, 90)
        assert np.array_equal(first.photo.pixels, again.photo.pixels)
        if tool is Tool.EXTEND:
            assert np.array_equal(first.photo.pixels[:, :150], request.photo.pixels)
        elif request.mask is not None:
            kept = ~request.mask
            assert np.array_equal(first.photo.pixels[kept], request.photo.pixels[kept])
            assert (first.photo.pixels[~kept] != request.photo.pixels[~kept]).any()
