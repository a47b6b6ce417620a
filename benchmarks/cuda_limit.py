"""The physical limit: the arithmetic of a job over what the GPU multiplies in a second."""

from __future__ import annotations

import time
from collections.abc import Mapping

import torch

from benchmarks.cuda_setup import Place
from inpainting.types import PaintSettings

FORWARD, ENCODE, DECODE, TEXTS = 6.762, 4.879, 10.470, 0.2222
"""TFLOP at 1024 x 1024, two to a multiply-add, counted by torch's FlopCounterMode on the public
configs: one UNet forward, one encoding, the decoding, and two prompts by both text encoders."""

BEST_GUESS = 790.0
"""TFLOP/s in bfloat16 measured on an H200; the promises in seconds are made for about as much."""


def tflop(forwards: float, encodes: int = 2, decodes: int = 1, texts: int = 1) -> float:
    """Return the work of a repaint at 1024 x 1024; a guided step is two forwards."""
    return forwards * FORWARD + encodes * ENCODE + decodes * DECODE + texts * TEXTS


def steps_run(settings: PaintSettings) -> int:
    """Return how many of the steps run at the strength."""
    return min(int(settings.steps * settings.strength), settings.steps)


def of(settings: PaintSettings) -> float:
    """Return the work of a guided repaint with these settings."""
    return tflop(2 * steps_run(settings))


def multiplied(at: Place, side: int = 8192, rounds: int = 10) -> Mapping[str, float]:
    """Return TFLOP/s of square products, in both halves; the better of two goes of `rounds`."""
    side = side if at.on_cuda else 128
    return {
        str(dtype).removeprefix("torch."): max(_rate(at, dtype, side, rounds) for _ in range(2))
        for dtype in (torch.bfloat16, torch.float16)
    }


@torch.no_grad()
def _rate(at: Place, dtype: torch.dtype, side: int, rounds: int) -> float:
    one = torch.randn(side, side, device=at.device).to(dtype)
    for _ in range(3):
        one @ one
    at.wait()
    started = time.perf_counter()
    for _ in range(rounds):
        one @ one
    at.wait()
    return 2 * side**3 * rounds / (time.perf_counter() - started) / 1e12
