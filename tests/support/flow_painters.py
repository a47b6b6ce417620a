"""A painter on each tiny pipeline of the newer families, with jobs for every tool, and faults."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
from diffusers.pipelines.qwenimage import pipeline_qwenimage_edit, pipeline_qwenimage_edit_inpaint

from inpainting.types import Mask, ModelInfo, Painted, PaintSettings, Rgb, Tool
from models.catalog import painter_info, painter_row
from models.families import FAMILIES
from models.pipeline_painter import PipelinePainter
from models.rows.base import PainterRow
from models.rows.flow import FLOW
from tests.support.tiny_flow import tiny_pipeline

WIDTH, HEIGHT = 128, 64
RGB: Rgb = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
HOLE: Mask = np.zeros((HEIGHT, WIDTH), np.bool_)
HOLE[16:48, 24:80] = True
WHOLE: Mask = np.ones_like(HOLE)

JOBS = {
    Tool.REPAINT: (HOLE, 0.9),
    Tool.EXTEND: (HOLE, 1.0),
    Tool.RESTYLE: (WHOLE, 0.6),
    Tool.CREATE: (WHOLE, 1.0),
}
"""What a painter is given for each tool: the hole and the strength."""


class Tiny:
    """A row with a painter on its tiny pipeline, and settings that it does well with."""

    def __init__(self, row: PainterRow) -> None:
        self.row = row
        self.family = FAMILIES[row.kind]
        self.pipeline: Any = tiny_pipeline(row.kind)
        self.painter = PipelinePainter(self.pipeline, self.family, tiny_info(row))
        defaults = row.defaults
        self.settings = PaintSettings(
            "red brick", "", 1, 2, defaults.guidance, 1.0, defaults.scheduler
        )
        self.hole, self.strength = JOBS[row.tools[0]]

    @property
    def denoiser(self) -> Any:
        """What runs once or twice a step."""
        return self.pipeline.unet if self.family.prior else self.pipeline.transformer

    def paint(self, tool: Tool | None = None, **changes: Any) -> Painted:
        """Do a job and return its picture."""
        *_, last = self.events(tool, **changes)
        assert isinstance(last, Painted)
        return last

    def events(self, tool: Tool | None = None, **changes: Any) -> Any:
        """Begin a job for a tool, by default the row's first."""
        hole, strength = JOBS[tool or self.row.tools[0]]
        chosen = replace(self.settings, **{"strength": strength, **changes})
        return self.painter.paint(RGB, hole, chosen)


def tiny_info(row: PainterRow) -> ModelInfo:
    return replace(painter_info(row), native_side=64)


@pytest.fixture(scope="module")
def built() -> dict[str, Tiny]:
    """What was built so far, by the row's key."""
    return {}


@pytest.fixture(scope="module", params=FLOW, ids=lambda row: row.key)
def tiny(request: pytest.FixtureRequest, built: dict[str, Tiny]) -> Tiny:
    """Each row in turn."""
    if request.param.key not in built:
        built[request.param.key] = Tiny(request.param)
    return built[request.param.key]


@pytest.fixture(scope="module", params=["flux2-klein", "kandinsky22"])
def one(request: pytest.FixtureRequest, built: dict[str, Tiny]) -> Tiny:
    """A row of each kind: what is tested of these is the same code for all."""
    if request.param not in built:
        built[request.param] = Tiny(painter_row(request.param))
    return built[request.param]


@pytest.fixture(scope="module", autouse=True)
def small_pictures() -> Iterator[None]:
    """Let Qwen's pipelines work on 64 x 128 pixels where they would on a million."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (pipeline_qwenimage_edit, pipeline_qwenimage_edit_inpaint):
            small = partial(module.calculate_dimensions, WIDTH * HEIGHT)
            patch.setattr(
                module, "calculate_dimensions", lambda _, ratio, small=small: small(ratio)
            )
        yield


class Fault:
    """Stands in for a method: counts its calls and does `act(result)` in those numbered `when`."""

    def __init__(
        self,
        patch: pytest.MonkeyPatch,
        owner: Any,
        name: str,
        act: Callable[[Any], Any] = lambda result: result,
        when: Callable[[int], bool] = lambda _: True,
    ) -> None:
        self.calls = 0
        self._original, self._act, self._when = getattr(owner, name), act, when
        patch.setattr(owner, name, self, raising=True)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.calls += 1
        due = self._when(self.calls)
        result = self._original(*args, **kwargs)
        return self._act(result) if due else result
