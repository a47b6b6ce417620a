"""The embedded painter: 20 steps at its native size, its first preview, and what could help it.

`python -m benchmarks.embedded [--rounds N] [--compile] [--json FILE]`: rivals in turn in one
process, all on the same weights and seed: this project's painter as the app loads it, which knows
prompt and picture from the round before, and the same with others each time; diffusers' pipeline as
its documentation shows it; the painter in channels-first order, in bfloat16 and in both. Each says
how far its picture is from the first one (PSNR). `--compile` adds the UNet's repeated blocks
compiled by torch.compile, which needs a C++ compiler and a minute of its own, told apart.
"""

from __future__ import annotations

import math
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from benchmarks.timing import Row, cannot, keep, markdown, measure, options, say, seconds_of, table
from inpainting.ports import Painter
from inpainting.types import Mask, Painted, PaintSettings, Progress, Rgb
from models.catalog import painter_info, painter_row, preset
from models.loading import load_painter
from models.quiet import quiet
from models.schedulers import build_scheduler
from models.sdxl import SdxlPainter

ROW = painter_row(preset("embedded").painter)
SETTINGS = PaintSettings("a beach at sunset", "", 7, 20, 8.0, 0.99, "Euler")
PROMISED, PROMISED_PREVIEW = 4.0, 0.5
LAST, FIRST = torch.channels_last, torch.contiguous_format


def pipeline(dtype: torch.dtype = torch.float32, order: torch.memory_format = FIRST) -> Any:
    """Return the embedded pipeline with its UNet and VAE in this precision and order."""
    from diffusers import StableDiffusionXLInpaintPipeline

    with quiet():
        made = StableDiffusionXLInpaintPipeline.from_pretrained(
            ROW.source, local_files_only=True, dtype=dtype, add_watermarker=False
        )
    made.set_progress_bar_config(disable=True)
    for part in (made.unet, made.vae):
        part.to(memory_format=order)
    return made


def compiled() -> Any:
    """Return the embedded pipeline with the repeated blocks of its UNet compiled."""
    made = pipeline()
    made.unet.compile_repeated_blocks(fullgraph=True)
    return made


class Rival:
    """A painter; keeps the last picture, and when its first preview came."""

    def __init__(self, painter: Painter) -> None:
        self._painter = painter
        self.picture: Rgb | None = None
        self.previews: list[float] = []

    def paint(self, rgb: Rgb, hole: Mask) -> None:
        """Paint the hole once."""
        self._run(rgb, hole, SETTINGS)

    def _run(self, rgb: Rgb, hole: Mask, settings: PaintSettings) -> None:
        started, waiting = time.perf_counter(), True
        for event in self._painter.paint(rgb, hole, settings):
            if isinstance(event, Painted):
                self.picture = event.rgb
            elif waiting and isinstance(event, Progress) and event.preview is not None:
                waiting = False
                self.previews.append(time.perf_counter() - started)


class Fresh(Rival):
    """The same with another prompt and picture each time, of which nothing can be remembered."""

    _count = 0

    def paint(self, rgb: Rgb, hole: Mask) -> None:
        """Paint the hole once."""
        self._count += 1
        words = f"{SETTINGS.prompt} {self._count}"
        self._run(np.roll(rgb, self._count, axis=0), hole, replace(SETTINGS, prompt=words))
        self.picture = None  # not to be compared with the others'


def on(pipe: Any) -> Painter:
    """Return this project's painter on a pipeline."""
    return SdxlPainter(pipe, painter_info(ROW))


def product() -> Painter:
    """Return the painter as the app loads it."""
    return load_painter(ROW, torch.device("cpu"), torch.float32, offline=True)


class Plain:
    """The pipeline called as diffusers' documentation shows it."""

    def __init__(self, pipe: Any) -> None:
        self._pipeline, self._config = pipe, dict(pipe.scheduler.config)
        self.picture: Rgb | None = None
        self.previews: list[float] = []

    def paint(self, rgb: Rgb, hole: Mask) -> None:
        """Paint the hole once."""
        height, width = hole.shape
        self._pipeline.scheduler = build_scheduler(SETTINGS.scheduler, self._config, SETTINGS.steps)
        found = self._pipeline(
            prompt=SETTINGS.prompt,
            image=Image.fromarray(rgb),
            mask_image=Image.fromarray(hole.astype(np.uint8) * 255),
            height=height,
            width=width,
            num_inference_steps=SETTINGS.steps,
            guidance_scale=SETTINGS.guidance,
            strength=SETTINGS.strength,
            generator=torch.Generator("cpu").manual_seed(SETTINGS.seed),
        )
        self.picture = np.asarray(found.images[0])


def rivals(with_compiled: bool) -> dict[str, Rival | Plain]:
    """Return what is measured, by name; the first is what all are compared with."""
    found: dict[str, Rival | Plain] = {
        "this project": Rival(product()),
        "this project, other words and photo": Fresh(product()),
        "plain diffusers": Plain(pipeline()),
        "channels first": Rival(on(pipeline())),
        "bfloat16": Rival(on(pipeline(torch.bfloat16))),
        "bfloat16, channels last": Rival(on(pipeline(torch.bfloat16, LAST))),
    }
    if with_compiled:
        found["compiled blocks"] = Rival(on(compiled()))
    return found


def case(side: int) -> tuple[Rgb, Mask]:
    """Return a photo of the project at the painter's size, and its lower three quarters as hole."""
    folder = Path(__file__).parents[1] / "assets" / "photos"
    with Image.open(folder / "coffee.jpg") as picture:
        rgb = np.asarray(picture.convert("RGB").resize((side, side)))
    hole = np.zeros((side, side), np.bool_)
    hole[side // 4 :] = True
    return rgb, hole


def psnr(one: Rgb | None, other: Rgb | None) -> float:
    """Return how near two pictures are, in dB; infinite where they are the same."""
    if one is None or other is None:
        return math.nan
    error = float(np.mean((one.astype(np.float64) - other) ** 2))
    return math.inf if error == 0 else 10 * math.log10(255**2 / error)


def _decibels(one: Rgb | None, other: Rgb | None) -> str:
    return "" if other is None else f"{psnr(one, other):.1f}"


def parts(pipe: Any, rgb: Rgb, hole: Mask) -> dict[str, float]:
    """Return the seconds of a job spent in each model, and the calls of each."""
    spent, calls = dict[str, float](), dict[str, int]()

    def timed(name: str, run: Callable[..., Any]) -> Callable[..., Any]:
        def around(*given: Any, **named: Any) -> Any:
            started = time.perf_counter()
            answer = run(*given, **named)
            spent[name] = spent.get(name, 0.0) + time.perf_counter() - started
            calls[name] = calls.get(name, 0) + 1
            return answer

        return around

    painter = Rival(on(pipe))
    painter.paint(rgb, hole)
    models = {
        "text encoder 1": pipe.text_encoder,
        "text encoder 2": pipe.text_encoder_2,
        "UNet": pipe.unet,
        "VAE encoder": pipe.vae.encoder,
        "VAE decoder": pipe.vae.decoder,
    }
    for name, model in models.items():
        model.forward = timed(name, model.forward)
    whole = seconds_of(lambda: painter.paint(rgb, hole))
    named = {f"{name}, calls: {calls[name]}": seconds for name, seconds in spent.items()}
    return {**named, "all the rest": whole - sum(spent.values())}


def main(arguments: list[str]) -> int:
    """Measure all rivals in turn; write the tables."""
    parser = options(__doc__, 5)
    parser.add_argument("--compile", action="store_true")
    chosen = parser.parse_args(arguments)
    if chosen.compile and not shutil.which("g++"):
        return cannot("torch.compile needs a C++ compiler, and there is no g++ here.")
    rgb, hole = case(ROW.native_side)
    found = rivals(chosen.compile)
    runs: dict[str, Callable[[], object]] = {
        name: partial(one.paint, rgb, hole) for name, one in found.items()
    }
    warm = {name: seconds_of(run) for name, run in runs.items()}
    rows = measure(runs, chosen.rounds, warm_up=False)
    own = next(iter(found.values()))
    rows.append(Row("this project: first preview", tuple(own.previews[1:])))
    say(f"{ROW.native_side} x {ROW.native_side}, {SETTINGS.steps} steps\n\n{table(rows)}\n")
    lines = [
        (name, _decibels(own.picture, one.picture), f"{warm[name]:.2f}")
        for name, one in found.items()
    ]
    say(f"{markdown(('what', 'PSNR to the first, dB', 'first run, s'), lines)}\n")
    share = parts(pipeline(), rgb, hole)
    say(f"{markdown(('part', 's'), [(n, f'{s:.3f}') for n, s in share.items()])}\n")
    say(f"{rows[0].median:.2f} s (promised: {PROMISED})")
    say(f"first preview {rows[-1].median:.2f} s (promised: {PROMISED_PREVIEW})")
    keep(chosen.json, rows, {"first run": warm, "parts": share})
    return 0 if rows[0].median <= PROMISED and rows[-1].median <= PROMISED_PREVIEW else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
