"""A painter on a tiny real pipeline, a job for it, and faults to put into its parts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from inpainting.ports import Painter
from inpainting.types import Mask, ModelInfo, PaintDefaults, Painted, PaintSettings, Rgb
from models.catalog import SCHEDULERS
from tests.support.tiny import NATIVE_SIDE

INFO = ModelInfo(
    "tiny",
    "Tiny",
    "tests",
    "1",
    "Apache-2.0",
    native_side=NATIVE_SIDE,
    schedulers=SCHEDULERS,
    defaults=PaintDefaults(4, 3.0, 0.99, "Euler"),
    soft=True,
    shortcuts=True,
    lora_base="sdxl",
)
SETTINGS = PaintSettings("red brick", "", 1, 4, 3.0, 1.0, "Euler")

RGB: Rgb = np.random.default_rng(0).integers(0, 256, (64, 96, 3), dtype=np.uint8)
HOLE: Mask = np.zeros((64, 96), np.bool_)
HOLE[16:48, 24:80] = True
WHOLE: Mask = np.ones((64, 96), np.bool_)


def paint(painter: Painter, hole: Mask = HOLE, **changes: Any) -> Painted:
    """Paint in the picture and return what came out; `changes` to `SETTINGS`."""
    *_, last = painter.paint(RGB, hole, replace(SETTINGS, **changes))
    assert isinstance(last, Painted)
    return last


def same(one: Painted, other: Painted) -> bool:
    return np.array_equal(one.rgb, other.rgb)


def state_of(pipeline: Any) -> tuple[object, ...]:
    """All that a job changes in a pipeline and must put back."""
    vae = pipeline.vae
    return pipeline.scheduler, vae.dtype, vae.config.force_upcast, vae.use_tiling


class Fault:
    """Stands in for a method of a module: does `act(result)` in the calls numbered `when`."""

    def __init__(
        self,
        owner: Any,
        name: str,
        act: Callable[[Any], Any],
        when: Callable[[int], bool] = lambda _: True,
    ) -> None:
        self.calls = 0
        self._original = getattr(owner, name)
        self._act, self._when = act, when
        setattr(owner, name, self)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.calls += 1
        due = self._when(self.calls)
        result = self._original(*args, **kwargs)
        return self._act(result) if due else result


def out_of_memory(_result: Any) -> Any:
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")


def times_nan(result: Any) -> Any:
    return tuple(tensor * float("nan") for tensor in result)


def to_black(result: Any) -> Any:
    return tuple(torch.full_like(tensor, -40.0) for tensor in result)
