"""Pictures a minute where several are painted together: `python -m benchmarks.cuda_batch`.

One, two and four repaints by SDXL at 1024 x 1024, 20 guided steps, through the painter's own
batches, in turn in one process. Expected: on an H100 or H200 batches of 2-4 fill what single
pictures leave idle, 70-80 %; a small card is at its limit with one.
"""

from __future__ import annotations

import argparse
import sys
from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import Any

from benchmarks.cuda_setup import NO_CUDA, Place, info, parser, place, sdxl, work
from benchmarks.in_turn import Found, Rival, figures_of, in_turn, rows_of
from benchmarks.timing import Row, cannot, keep, markdown, say
from inpainting.types import Painted
from models.stable import StablePainter

BATCHES = (1, 2, 4)
TITLES = ("pictures together", "pictures a minute", "median s", "min-max s", "peak GB")


def rivals(pipeline: Any, at: Place) -> list[Rival]:
    """Return one rival a batch: it paints that many pictures together."""

    def run(number: int, painter: StablePainter, count: int) -> None:
        works = [work(at, number * count + extra) for extra in range(count)]
        with closing(painter.paint_together(works)) as events:
            done = [index for index, event in events if isinstance(event, Painted)]
        if sorted(done) != list(range(count)):
            raise RuntimeError(f"{len(done)} of {count} pictures were painted")

    told = info(pipeline, at)
    painters = {count: StablePainter(pipeline, replace(told, batch=count)) for count in BATCHES}
    return [Rival(str(n), partial(run, painter=one, count=n)) for n, one in painters.items()]


def line(row: Row) -> tuple[str, ...]:
    """Return a row as a line below TITLES."""
    rate = 60 * int(row.name) / row.median
    spread = f"{min(row.seconds):.3f}-{max(row.seconds):.3f}"
    peak = "" if row.peak_gb is None else f"{row.peak_gb:.2f}"
    return row.name, f"{rate:.1f}", f"{row.median:.3f}", spread, peak


def measure(chosen: argparse.Namespace, at: Place) -> int:
    """Measure all; write the file after each round."""

    def save(found: Any) -> None:
        keep(chosen.json, rows_of(found), {"on": at.name, **figures_of(found)})

    found: list[Found] = in_turn(rivals(sdxl(at), at), chosen.rounds, at, chosen.seconds, save)
    say(f"{at.name}\n\n{markdown(TITLES, map(line, rows_of(found)))}")
    return int(any(one.failed for one in found))


def main(arguments: list[str]) -> int:
    """Measure where there is a GPU; 1 where a batch cannot be painted."""
    chosen = parser(__doc__, 3, 40).parse_args(arguments)
    at = place(chosen.tiny)
    return cannot(NO_CUDA) if at is None else measure(chosen, at)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
