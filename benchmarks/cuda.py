"""A repaint by SDXL on a CUDA GPU beside its rivals: `python -m benchmarks.cuda [--rounds N]`.

1024 x 1024, 20 steps with guidance (21 at a strength of 0.99), weights random, at full size,
another prompt and picture in each round, so that nothing is remembered. Rivals, in turn in one
process:

- this project's painter, as it is, and with its blocks compiled (`--compile` of the app);
- diffusers as its documentation shows it: fp16, the checkpoint's own VAE, which runs in 32 bits;
  and the same with the VAE that runs in half precision;
- the original notebook's way: `enable_model_cpu_offload`, the VAE in 32 bits, a square of 512
  pixels, which the pipeline brings to 1024, and all of SAM ViT-B in 32 bits at Run; at the same 20
  steps, and once with its default of 50.

Promised: at least 1.5 x faster than plain diffusers at an equal picture (30 dB), 3 x than the
notebook's way. Aimed at: twice the physical limit, measured here by square products.

On a machine with a GPU that is new to this project, in this order (eight minutes on an H200):

    make .venv/.test-ready            or: pip install -r requirements.txt -r requirements-test.txt
    .venv/bin/python -m benchmarks.gpu --out outputs/gpu

which runs this script, cuda_fast, cuda_options, cuda_batch, cuda_clicks, cuda_beside, memory and
cuda_compile, each in a process of its own, the most important first, and writes
outputs/gpu/RESULTS.md after each. `--tiny` runs any of them on the CPU with tiny models, to see
that it works.
"""

from __future__ import annotations

import argparse
import sys
from functools import partial
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.cuda_limit import multiplied, of
from benchmarks.cuda_setup import (
    EQUAL,
    NO_CUDA,
    SETTINGS,
    Place,
    info,
    paint,
    parser,
    place,
    plain,
    sdxl,
    verdict,
    work,
)
from benchmarks.cuda_switches import Compiled, offloaded, stock_vae, together
from benchmarks.in_turn import TITLES, Found, Rival, figures_of, in_turn, lines_of, rows_of
from benchmarks.timing import cannot, keep, markdown, say
from inpainting.types import Rgb
from models.compiling import compile_blocks
from models.sam import run_segmentation
from models.stable import StablePainter

OURS, COMPILED, PLAIN = "this project", "this project, compiled", "plain diffusers"
NOTEBOOK = "the notebook's way"
PROMISED, PROMISED_NOTEBOOK, AIM = 1.5, 3.0, 2.0
REGIONAL = "1.1-1.3 x over not compiled"
NOTEBOOK_GUIDANCE, NOTEBOOK_STEPS = 7.0, 50


def sam_in_32_bits(at: Place) -> Any:
    """Return SAM ViT-B as the notebook loads it."""
    import torch

    if at.on_cuda:
        from benchmarks.full_size import sam_vit_base

        return sam_vit_base(at.device, torch.float32)
    from tests.support.tiny import tiny_sam

    return tiny_sam()


def notebook(pipeline: Any, sam: Any, at: Place, steps: int, strength: float | None) -> Any:
    """Return what repaints as the notebook does; `strength` None leaves the pipeline's default."""
    import torch

    side = at.side // 2
    given: dict[str, Any] = {} if strength is None else {"strength": strength}
    if not at.on_cuda:
        # A pipeline's own size is its UNet's, and the tiny one's is not twice the square.
        given |= {"height": at.side, "width": at.side}

    def run(number: int) -> None:
        job = work(at, number)
        square = Image.fromarray(job.rgb).resize((side, side))
        points = [[[side // 2, side // 2]]]
        mask = run_segmentation(square, points, None, sam)
        # Random weights select anything: the hole is the one that all have, at the same cost.
        hole = Image.fromarray(job.hole.astype(np.uint8) * 255).resize(square.size)
        assert mask.shape == (side, side)
        found = pipeline(
            prompt=job.settings.prompt,
            image=square,
            mask_image=hole,
            num_inference_steps=steps,
            guidance_scale=NOTEBOOK_GUIDANCE,
            generator=torch.Generator("cpu").manual_seed(job.settings.seed),
            **given,
        )
        found.images[0].resize(square.size)

    return run


def compiled(pipeline: Any, at: Place) -> tuple[StablePainter, Compiled]:
    """Return a painter and its compiled blocks: compiled as the app does it, when it starts."""
    painter = StablePainter(pipeline, info(pipeline, at), compiled=True)
    backend = "inductor" if at.on_cuda else "eager"

    def build() -> None:
        if not (compile_blocks(pipeline.unet, backend) and painter.warm_up()):
            raise RuntimeError("torch's compiler does not work here; it has said why")

    return painter, Compiled(pipeline.unet, build)


def rivals(pipeline: Any, sam: Any, at: Place) -> list[Rival]:
    """Return all rivals, the one with whose picture all are compared first."""
    painter = StablePainter(pipeline, info(pipeline, at))
    inner = partial(stock_vae, pipeline)
    quick, blocks = compiled(pipeline, at)

    def ours(number: int, painter: StablePainter = painter) -> Rgb:
        return paint(painter, work(at, number))

    def others(number: int) -> Rgb:
        return plain(pipeline, work(at, number))

    def old() -> Any:
        return together(offloaded(pipeline, at), stock_vae(pipeline))

    same = partial(notebook, pipeline, sam, at)
    return [
        Rival(PLAIN, others, inner),
        Rival(OURS, ours, same=True),
        Rival(COMPILED, partial(ours, painter=quick), blocks.on, REGIONAL, same=True),
        Rival(f"{PLAIN}, VAE in half precision", others),
        Rival(f"{NOTEBOOK}, 20 steps", same(SETTINGS.steps, SETTINGS.strength), old),
        Rival(f"{NOTEBOOK}, its 50 steps", same(NOTEBOOK_STEPS, None), old, once=True),
    ]


def report(found: list[Found], rates: dict[str, float], at: Place) -> int:
    """Write table, limit and promises; return the exit code."""
    rows = {row.name: row for row in rows_of(found)}
    say(f"{at.name}\n\n{markdown(TITLES, lines_of(found, PLAIN))}\n")
    limit = of(SETTINGS) / max(rates.values())
    told = ", ".join(f"{rate:.0f} TFLOP/s in {name}" for name, rate in rates.items())
    say(f"{told}: {of(SETTINGS):.0f} TFLOP take at least {limit:.3f} s\n")
    best = min(
        (rows[name] for name in (OURS, COMPILED) if name in rows), key=lambda row: row.median
    )
    near = {one.rival.name: one.near for one in found}
    old = rows.get(f"{NOTEBOOK}, 20 steps")
    promises = [(f"{best.name}: its picture, dB", near[best.name] or 0.0, "at least", EQUAL)]
    for who, other, times in (
        (PLAIN, rows.get(PLAIN), PROMISED),
        (NOTEBOOK, old, PROMISED_NOTEBOOK),
    ):
        ratio = other.median / best.median if other else 0.0
        promises.append((f"{best.name}: times faster than {who}", ratio, "at least", times))
    text, code = verdict(promises, at.on_cuda)
    aim, _ = verdict([("times the physical limit", best.median / limit, "at most", AIM)], False)
    say(f"{text}\n{aim}")
    return code


def measure(chosen: argparse.Namespace, at: Place) -> int:
    """Measure all; write the file after each round."""
    rates = dict(multiplied(at))

    def save(found: Any) -> None:
        keep(chosen.json, rows_of(found), {"on": at.name, "rates": rates, **figures_of(found)})

    field = rivals(sdxl(at), sam_in_32_bits(at), at)
    return report(in_turn(field, chosen.rounds, at, chosen.seconds, save), rates, at)


def main(arguments: list[str]) -> int:
    """Measure where there is a GPU; 1 where a promise does not hold."""
    chosen = parser(__doc__, 5, 95).parse_args(arguments)
    at = place(chosen.tiny)
    return cannot(NO_CUDA) if at is None else measure(chosen, at)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
