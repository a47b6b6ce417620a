"""Deep layers of a UNet that run in some steps alone: what they gave is used again in the others.

The idea is DeepCache: Ma, Fang and Wang, "DeepCache: Accelerating Diffusion Models for Free"
(2023), arXiv 2312.00858. What the deep layers see changes slowly from step to step. In a full step
all runs, and what the last up block takes from the block below it is kept; in a step between, only
the first down block and the last up block run, which add the fine detail.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch


class _Rhythm:
    """Which runs of a UNet are full: the first, each `every`-th after it, and every new shape."""

    def __init__(self, every: int) -> None:
        self.kept: torch.Tensor | None = None
        self._every = every
        self._since = 0
        self._form: tuple[object, ...] = ()

    def begin(self, sample: torch.Tensor) -> None:
        """Note that a run begins with `sample`, n x C x h x w."""
        form = (sample.shape, sample.dtype, sample.device)
        self._since += 1
        if self._since >= self._every or form != self._form:
            self.kept, self._since, self._form = None, 0, form


class _Block:
    """Stands in for a block of a UNet while steps are reused; the block itself is left alone."""

    def __init__(self, block: Any, rhythm: _Rhythm) -> None:
        self._block = block
        self._rhythm = rhythm
        # What UNet2DConditionModel.forward asks of its blocks.
        self.has_cross_attention = bool(getattr(block, "has_cross_attention", False))
        self.resnets = block.resnets


class _First(_Block):
    """The first down block, which runs in each step."""

    def __call__(self, *given: Any, **named: Any) -> Any:
        self._rhythm.begin(named["hidden_states"])
        return self._block(*given, **named)


class _Down(_Block):
    """A down block that rests between full steps: only the number of its skips is looked at."""

    _skips = 0

    def __call__(self, *given: Any, **named: Any) -> Any:
        sample = named["hidden_states"]
        if self._rhythm.kept is not None:
            return sample, (sample,) * self._skips
        sample, skips = self._block(*given, **named)
        self._skips = len(skips)
        return sample, skips


class _Deep(_Block):
    """The middle, or an up block, that rests between full steps."""

    def __call__(self, *given: Any, **named: Any) -> Any:
        if self._rhythm.kept is not None:
            return self._rhythm.kept
        return self._block(*given, **named)


class _Last(_Deep):
    """The last of the blocks that rest; what it gave is kept."""

    def __call__(self, *given: Any, **named: Any) -> Any:
        self._rhythm.kept = super().__call__(*given, **named)
        return self._rhythm.kept


@contextmanager
def reusing(unet: Any, every: int) -> Iterator[None]:
    """Run the deep layers of a `UNet2DConditionModel` in every `every`-th of its runs inside.

    1 changes nothing. A run is full after a change of batch, size or precision too. Hooks, LoRAs
    and compiled layers work on: the UNet's forward finds stand-ins in place of its blocks, which
    themselves are not touched. Not for a UNet that is compiled as a whole, nor with a ControlNet.
    """
    if every <= 1 or len(unet.up_blocks) < 2:
        yield
        return
    rhythm = _Rhythm(every)
    first, *down = unet.down_blocks
    *up, before, last = unet.up_blocks
    stand_ins: dict[str, Any] = {
        "down_blocks": (_First(first, rhythm), *(_Down(block, rhythm) for block in down)),
        "up_blocks": (*(_Deep(block, rhythm) for block in up), _Last(before, rhythm), last),
    }
    if unet.mid_block is not None:
        stand_ins["mid_block"] = _Deep(unet.mid_block, rhythm)
    # An attribute of the object itself is found before the registered module of the same name,
    # which keeps its place among the UNet's modules and parameters.
    vars(unet).update(stand_ins)
    try:
        yield
    finally:
        for name in stand_ins:
            del vars(unet)[name]
