"""Clicks while SDXL repaints on the same GPU: `python -m benchmarks.cuda_beside [--rounds N]`.

SAM ViT-B and SDXL of full size with random weights, a photo of 12 megapixels; a repaint has 20
guided steps at 1024 x 1024, and somebody clicks, and clicks again a tenth of a second after each
answer. In turn in one process: both models on the GPU's one thread, as the app has them, where a
click is answered between two steps; and each on a thread of its own, where its work stands in the
GPU's queue behind the step's. First lines: a click and a repaint alone. Promised: clicks under
200 ms at the median while a repaint runs.
"""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from benchmarks.click_work import INFO, photo
from benchmarks.cuda_clicks import MEGAPIXELS, TINY_MEGAPIXELS, tiny_sam
from benchmarks.cuda_setup import NO_CUDA, Place, info, paint, parser, place, sdxl, verdict, work
from benchmarks.full_size import sam_vit_base
from benchmarks.timing import Row, cannot, keep, markdown, say, seconds_of, share_of
from inpainting.types import Embedding, Point, Prompts
from models.sam import SamSegmenter
from models.stable import StablePainter
from models.worker import Worker

PAUSE, PROMISED = 0.1, 0.2
ONE, TWO, ALONE = "on one thread", "on a thread each", "alone"
TITLES = ("what", "median s", "95 % under s", "min-max s")


@dataclass(slots=True)
class Way:
    """A segmenter and a painter that share a GPU in one way, and the seconds that each took."""

    name: str
    segmenter: SamSegmenter
    painter: StablePainter
    clicks: list[float] = field(default_factory=list)
    repaints: list[float] = field(default_factory=list)

    @property
    def rows(self) -> tuple[Row, Row]:
        """What was measured, with at least one round."""
        clicks = Row(f"a click {self.name}", tuple(self.clicks))
        return clicks, Row(f"a repaint {self.name}", tuple(self.repaints))


def ways(sam: Any, pipeline: Any, at: Place) -> list[Way]:
    """Return both ways, on the same models, and one where neither waits for the other."""
    told, worker = info(pipeline, at), Worker("gpu")
    together = SamSegmenter(sam, INFO)
    together.work_on(worker)
    own = SamSegmenter(sam, INFO)
    return [
        Way(ALONE, own, StablePainter(pipeline, told)),
        Way(ONE, together, StablePainter(pipeline, told, worker=worker)),
        Way(TWO, own, StablePainter(pipeline, told)),
    ]


def measure_once(way: Way, embedding: Embedding, at: Place, number: int) -> None:
    """Repaint once and click meanwhile, or before; number 0 warms up and is not noted."""
    width, height = embedding.size
    prompts = Prompts((Point(width // 2, height // 2),))
    click = partial(way.segmenter.candidates, embedding, prompts)
    clicks = [seconds_of(click)] if way.name == ALONE or not number else []
    with ThreadPoolExecutor(1) as pool:
        painting = pool.submit(seconds_of, partial(paint, way.painter, work(at, number)))
        while way.name != ALONE and not painting.done():
            clicks.append(seconds_of(click))
            time.sleep(PAUSE)
        painted = painting.result()
    if number:
        way.clicks += clicks
        way.repaints.append(painted)


def line(row: Row) -> tuple[str, ...]:
    """Return a row as a line below TITLES."""
    most = share_of(row.seconds, 0.95)
    spread = f"{min(row.seconds):.3f}-{max(row.seconds):.3f}"
    return row.name, f"{row.median:.3f}", f"{most:.3f}", spread


def measure(chosen: argparse.Namespace, at: Place) -> int:
    """Measure all in turn; write the file after each round."""
    sam = sam_vit_base(at.device, at.dtype) if at.on_cuda else tiny_sam(at.device, at.dtype)
    found = ways(sam, sdxl(at), at)
    rgb = photo(MEGAPIXELS if at.on_cuda else TINY_MEGAPIXELS)
    embedding, started = found[0].segmenter.embed(rgb), time.perf_counter()
    rows: list[Row] = []
    for number in range(chosen.rounds + 1):
        if number > 1 and time.perf_counter() - started > chosen.seconds:
            break
        for way in found:
            measure_once(way, embedding, at, number)
        if number:
            rows = [row for way in found for row in way.rows]
            keep(chosen.json, rows, {"on": at.name})
    say(f"{at.name}\n\n{markdown(TITLES, map(line, rows))}\n")
    text, code = verdict(
        [("a click on one thread, s", rows[2].median, "at most", PROMISED)], at.on_cuda
    )
    say(text)
    return code


def main(arguments: list[str]) -> int:
    """Measure where there is a GPU; 1 where the promise does not hold."""
    chosen = parser(__doc__, 5, 40).parse_args(arguments)
    at = place(chosen.tiny)
    return cannot(NO_CUDA) if at is None else measure(chosen, at)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
