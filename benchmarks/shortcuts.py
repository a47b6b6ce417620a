"""What the two shortcuts give and take: guidance that ends early, and deep layers that rest.

`python -m benchmarks.shortcuts [--rounds N] [--json FILE]`: the embedded painter's pipeline with
each of them and with both, in turn in one process on the same weights, picture and seed. Work is
counted by torch's FlopCounterMode; likeness is the PSNR to the picture without shortcuts. Then the
work of SDXL's own UNet at 1024 px, counted without running it: a full step, and one in which its
deep layers rest.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.embedded import ROW, SETTINGS, case, pipeline, psnr
from benchmarks.full_size import unet
from benchmarks.timing import Row, keep, markdown, measure, options, say
from inpainting.types import Mask, Rgb
from models.decoding import decode, to_rgb
from models.guiding import guided_steps, needed, unguided
from models.reusing import reusing
from models.schedulers import build_scheduler, count_steps


@dataclass(frozen=True, slots=True)
class Shortcut:
    """Guidance in the first `until` of the steps; deep layers in every `every`-th."""

    until: float = 1.0
    every: int = 1

    @property
    def name(self) -> str:
        """What it is, in words."""
        parts = [f"guidance until {self.until:g}"] if self.until < 1 else []
        parts += [f"deep layers every {self.every}"] if self.every > 1 else []
        return ", ".join(parts) or "no shortcut"


WAYS = (
    Shortcut(),
    Shortcut(until=0.7),
    Shortcut(until=0.5),
    Shortcut(every=2),
    Shortcut(every=3),
    Shortcut(0.5, 2),
    Shortcut(0.5, 3),
)


class Rival:
    """The pipeline with one shortcut; keeps its last picture.

    Not the painter, which works on a thread of its own: FLOPs are counted on one thread alone.
    """

    def __init__(self, pipe: Any, way: Shortcut) -> None:
        self._pipeline, self._way = pipe, way
        self._config = dict(pipe.scheduler.config)
        self.picture: Rgb | None = None

    def paint(self, rgb: Rgb, hole: Mask) -> None:
        """Paint the hole once."""
        pipe, height, width = self._pipeline, *hole.shape
        pipe.scheduler = build_scheduler(SETTINGS.scheduler, self._config, SETTINGS.steps)
        total = count_steps(pipe.scheduler, SETTINGS.steps, SETTINGS.strength)
        guided = guided_steps(total, self._way.until)

        def on_step(running: Any, index: int, _time: Any, seen: dict[str, Any]) -> dict[str, Any]:
            return unguided(running, seen) if index + 1 == guided < total else {}

        with reusing(pipe.unet, self._way.every):
            found = pipe(
                prompt=SETTINGS.prompt,
                image=torch.from_numpy(rgb / np.float32(255)).permute(2, 0, 1)[None],
                mask_image=torch.from_numpy(hole.astype(np.float32))[None, None],
                height=height,
                width=width,
                num_inference_steps=SETTINGS.steps,
                guidance_scale=SETTINGS.guidance,
                strength=SETTINGS.strength,
                generator=torch.Generator("cpu").manual_seed(SETTINGS.seed),
                output_type="latent",
                callback_on_step_end=on_step,
                callback_on_step_end_tensor_inputs=needed(pipe),
            )
        self.picture = to_rgb(decode(pipe.vae, found.images))


def work_of(run: Callable[[], object]) -> float:
    """Return the work of one run in TFLOP, two to a multiply-add."""
    with FlopCounterMode(display=False) as counter:
        run()
    return float(counter.get_total_flops()) / 1e12


@torch.no_grad()
def steps_of_sdxl() -> tuple[float, float]:
    """Return the work of SDXL's UNet on one picture of 1024 px: all of it, and its rim alone."""
    with torch.device("meta"):
        model = unet().eval()
        given: dict[str, Any] = {
            "sample": torch.empty(1, 9, 128, 128),
            "timestep": torch.empty(()),
            "encoder_hidden_states": torch.empty(1, 77, 2048),
            "added_cond_kwargs": {
                "text_embeds": torch.empty(1, 1280),
                "time_ids": torch.empty(1, 6),
            },
        }
        with reusing(model, 2):
            return work_of(partial(model, **given)), work_of(partial(model, **given))


def table(rows: Sequence[Row], work: Mapping[str, float], likeness: Mapping[str, float]) -> str:
    """Return the rows as a Markdown table; ratios are to the first."""
    titles = ("what", "median s", "ratio", "processor s", "TFLOP", "ratio of work", "PSNR, dB")
    first = rows[0]
    lines = [
        (
            row.name,
            f"{row.median:.3f}",
            f"{row.median / first.median:.2f}",
            f"{statistics.median(row.worked):.3f}",
            f"{work[row.name]:.3f}",
            f"{work[row.name] / work[first.name]:.2f}",
            f"{likeness[row.name]:.1f}",
        )
        for row in rows
    ]
    return markdown(titles, lines)


def main(arguments: list[str]) -> int:
    """Measure all shortcuts in turn; write the tables."""
    chosen = options(__doc__, 5).parse_args(arguments)
    rgb, hole = case(ROW.native_side)
    pipe = pipeline()
    found = {way.name: Rival(pipe, way) for way in WAYS}
    runs = {name: partial(one.paint, rgb, hole) for name, one in found.items()}
    # Counting is the warm-up.
    work = {name: work_of(run) for name, run in runs.items()}
    rows = measure(runs, chosen.rounds, warm_up=False)
    plain = found[WAYS[0].name].picture
    likeness = {name: psnr(plain, one.picture) for name, one in found.items()}
    say(f"{ROW.native_side} x {ROW.native_side}, {SETTINGS.steps} steps\n")
    say(f"{table(rows, work, likeness)}\n")
    full, between = steps_of_sdxl()
    titles = ("UNet of SDXL, 1024 x 1024", "TFLOP")
    lines = [("full step", f"{full:.2f}"), ("step between", f"{between:.2f}")]
    say(markdown(titles, lines))
    figures = {
        "TFLOP": work,
        "PSNR": likeness,
        "SDXL step, TFLOP": {"full": full, "between": between},
    }
    keep(chosen.json, rows, figures)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
