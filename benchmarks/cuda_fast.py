"""What options give that trade likeness for time: `python -m benchmarks.cuda_fast`.

One repaint by SDXL at 1024 x 1024, as in benchmarks.cuda: guidance in the first share of the steps
alone, deep layers used again, both, and few steps as LoRA files for them ask: Hyper-SD's 12 and 8
steps with guidance, LCM's 8 and 4 without. For those a random LoRA of such a file's size lies
beside the weights, as the app loads it, and then is added to them for good. One step more than
named is asked for, as the last is lost at a strength of 0.99. "Gave" is over the painter's 20
guided steps, PSNR to them: with random weights it says how far the option moves the numbers, not
how good its picture is. `--compile 0` leaves out the compiled rows.

Aimed at on an H200: 0.6 s with both; promised there: under 0.4 s in the fast mode.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from benchmarks.cuda import compiled
from benchmarks.cuda_limit import BEST_GUESS, multiplied, of, tflop
from benchmarks.cuda_setup import (
    NO_CUDA,
    SETTINGS,
    Place,
    info,
    paint,
    parser,
    place,
    sdxl,
    verdict,
    work,
)
from benchmarks.cuda_switches import add_lora, fuse_lora
from benchmarks.in_turn import TITLES, Found, Rival, figures_of, in_turn, lines_of, rows_of
from benchmarks.timing import Row, cannot, keep, markdown, say
from inpainting.types import PaintSettings, Rgb
from models.stable import StablePainter

BASE = "20 steps, guided"
BOTH = "guided until 0.5, reuse 3"
AIM, PROMISED = 0.6, 0.4

LCM = replace(SETTINGS, scheduler="LCM", guidance=1.0)
HYPER = replace(SETTINGS, scheduler="DDIM", guidance=6.0)

SHORTCUTS = {
    "guided until 0.7": replace(SETTINGS, guidance_until=0.7),
    "guided until 0.5": replace(SETTINGS, guidance_until=0.5),
    "reuse 2": replace(SETTINGS, reuse=2),
    "reuse 3": replace(SETTINGS, reuse=3),
    BOTH: replace(SETTINGS, guidance_until=0.5, reuse=3),
}

FEW = {
    "12 steps, guided": replace(HYPER, steps=13),
    "8 steps, guided": replace(HYPER, steps=9),
    "8 steps": replace(LCM, steps=9),
    "4 steps": replace(LCM, steps=5),
}

EXPECTED = {
    "guided until 0.7": "1.16 x; Step AG: 1.2-1.3 x",
    "guided until 0.5": "1.30 x",
    "reuse 2": "DeepCache: 1.9 x (A5000)",
    "reuse 3": "DeepCache: 2.3-2.6 x",
}


@dataclass(frozen=True, slots=True)
class Group:
    """Rivals that are measured together, after `before` was done to the pipeline for good."""

    settings: dict[str, PaintSettings]
    label: str = ""
    before: Callable[[Any], None] = lambda _pipeline: None


def groups() -> Sequence[Group]:
    """Return the groups in the order in which they can follow each other on one pipeline."""
    return (
        Group(SHORTCUTS),
        Group(FEW, ", LoRA beside", add_lora),
        Group(FEW, ", LoRA added", fuse_lora),
    )


def expected(name: str, settings: PaintSettings) -> str:
    """Return a published gain, or that of the arithmetic for few steps."""
    steps = min(int(settings.steps * settings.strength), settings.steps)
    work_of_it = tflop(steps * (2 if settings.guidance > 1 else 1))
    few = settings.steps < SETTINGS.steps
    return (
        f"{of(SETTINGS) / work_of_it:.1f} x: {work_of_it:.0f} TFLOP"
        if few
        else EXPECTED.get(name, "")
    )


def rivals(painter: StablePainter, at: Place, group: Group, around: Any = None) -> list[Rival]:
    """Return the painter with 20 guided steps and with each of a group's settings."""

    def run(number: int, settings: PaintSettings) -> Rgb:
        return paint(painter, work(at, number, settings))

    extra = {} if around is None else {"around": around}
    tail = group.label + (", compiled" if around is not None else "")
    named = {
        f"{name}{tail}": (settings, expected(name, settings))
        for name, settings in group.settings.items()
    }
    field = [Rival(BASE, partial(run, settings=SETTINGS))]
    return field + [
        Rival(name, partial(run, settings=settings), expected=hope, **extra)
        for name, (settings, hope) in named.items()
    ]


def judge(found: Sequence[Found], at: Place) -> int:
    """Say what was aimed at and what promised; the promise binds where the GPU is as quick."""
    rows = {row.name: row for row in rows_of(found)}
    quick = max(multiplied(at).values()) >= 0.9 * BEST_GUESS
    both = _least(rows, BOTH)
    fast = _least(rows, "4 steps")
    aim, _ = verdict([("guidance and reuse, s", both, "at most", AIM)], False)
    text, code = verdict([("fast mode, s", fast, "at most", PROMISED)], at.on_cuda and quick)
    say(f"{aim}\n{text}")
    return code


def _least(rows: dict[str, Row], start: str) -> float:
    return min((row.median for name, row in rows.items() if name.startswith(start)), default=1e9)


def measure(chosen: argparse.Namespace, at: Place) -> int:
    """Measure group after group; write the file after each round."""
    pipeline = sdxl(at)
    painter, found = StablePainter(pipeline, info(pipeline, at)), list[Found]()

    def save(new: Sequence[Found]) -> None:
        every = [*found, *new]
        keep(chosen.json, rows_of(every), {"on": at.name, **figures_of(every)})

    def add(field: list[Rival], seconds: float) -> None:
        new = in_turn(field, chosen.rounds, at, seconds, save)
        say(f"{markdown(TITLES, lines_of(new, BASE))}\n")
        found.extend(new)

    say(f"{at.name}\n")
    share = chosen.seconds / (len(groups()) + bool(chosen.compile))
    for group in groups():
        group.before(pipeline)
        add(rivals(painter, at, group), share)
    if chosen.compile:
        quick, blocks = compiled(pipeline, at)
        last = Group({BOTH: SHORTCUTS[BOTH], "4 steps": FEW["4 steps"]})
        add(rivals(quick, at, last, blocks.on), share)
    return judge(found, at)


def main(arguments: list[str]) -> int:
    """Measure where there is a GPU; 1 where a promise does not hold."""
    options = parser(__doc__, 3, 60)
    options.add_argument("--compile", type=int, default=1, help="0: without compiled rows")
    chosen = options.parse_args(arguments)
    at = place(chosen.tiny)
    return cannot(NO_CUDA) if at is None else measure(chosen, at)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
