"""SAM and SDXL on a CUDA GPU: `python -m benchmarks.cuda [--rounds N]`.

Weights are random, at full size. Rivals for a repaint at 1024 x 1024 in 20 steps with guidance:
this project's painter; diffusers' pipeline as its documentation shows it, in fp16. Prints the table
for RESULTS.md. `--tiny` runs the same on the CPU with tiny models, to see that the script works.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from benchmarks.timing import Row, as_json, measure, table
from inpainting.types import ModelInfo, Painted, PaintSettings, Point, Prompts
from models.catalog import painter_info, painter_row, segmenter_info, segmenter_row
from models.sam import SamSegmenter
from models.schedulers import build_scheduler
from models.sdxl import SdxlPainter

STEPS, GUIDANCE, STRENGTH = 20, 8.0, 0.99


def models(tiny: bool) -> tuple[Any, Any, torch.device]:
    """Return an SDXL inpainting pipeline, a SAM and their device."""
    if tiny:
        from tests.support.tiny import tiny_sam, tiny_sdxl_inpaint

        return tiny_sdxl_inpaint(), tiny_sam(), torch.device("cpu")
    from benchmarks.full_size import sam_vit_base, sdxl_inpainting

    device = torch.device("cuda")
    pipeline = sdxl_inpainting(device, torch.float16)
    return pipeline, sam_vit_base(device, torch.float16), device


def repaints(pipeline: Any, info: ModelInfo, side: int) -> dict[str, Callable[[], object]]:
    """Return the rivals: each paints the same hole in the same picture with the same settings."""
    rgb = np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8)
    hole = np.zeros((side, side), np.bool_)
    hole[side // 4 :, :] = True
    painter = SdxlPainter(pipeline, info)
    settings = PaintSettings("a beach at sunset", "", 7, STEPS, GUIDANCE, STRENGTH, "Euler")
    config = dict(pipeline.scheduler.config)

    def ours() -> object:
        return [e for e in painter.paint(rgb, hole, settings) if isinstance(e, Painted)]

    def plain() -> object:
        from PIL import Image

        pipeline.scheduler = build_scheduler("Euler", config, STEPS)
        return pipeline(
            prompt=settings.prompt,
            image=Image.fromarray(rgb),
            mask_image=Image.fromarray(hole.astype(np.uint8) * 255),
            height=side,
            width=side,
            num_inference_steps=STEPS,
            guidance_scale=GUIDANCE,
            strength=STRENGTH,
            generator=torch.Generator("cpu").manual_seed(7),
        ).images

    return {"this project": ours, "plain diffusers": plain}


def clicks(sam: Any, info: ModelInfo) -> dict[str, Callable[[], object]]:
    """Return a click with the embedding at hand, and one that computes it each time."""
    rgb = np.random.default_rng(1).integers(0, 256, (3000, 4000, 3), np.uint8)
    segmenter = SamSegmenter(sam, info)
    embedding = segmenter.embed(rgb)
    prompts = Prompts((Point(2000, 1500),))
    return {
        "a click, embedding at hand": lambda: segmenter.candidates(embedding, prompts),
        "a click, encoder each time": lambda: segmenter.candidates(segmenter.embed(rgb), prompts),
    }


def with_peak(rows: list[Row], device: torch.device) -> list[Row]:
    """Note the peak of device memory since the last reset on the first row."""
    if device.type != "cuda":
        return rows
    peak = torch.cuda.max_memory_allocated(device) / 1e9
    torch.cuda.reset_peak_memory_stats(device)
    return [replace(rows[0], peak_gb=peak), *rows[1:]]


def main(arguments: list[str]) -> None:
    """Measure and write the tables to stdout, with JSON behind them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tiny", action="store_true")
    options = parser.parse_args(arguments)
    pipeline, sam, device = models(options.tiny)
    row = painter_row("sdxl-inpainting")
    info = painter_info(row, str(device), str(pipeline.dtype).removeprefix("torch."))
    side = 64 if options.tiny else row.native_side
    painted = with_peak(measure(repaints(pipeline, info, side), options.rounds), device)
    clicked = with_peak(
        measure(clicks(sam, segmenter_info(segmenter_row("sam-vit-base"))), options.rounds), device
    )
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU, tiny models"
    sys.stdout.write(f"{name}\n\n{table(painted)}\n\n{table(clicked)}\n\n")
    sys.stdout.write(f"{as_json(painted + clicked)}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
