"""What a repaint takes of the GPU on each rung of the memory ladder: `python -m benchmarks.memory`.

SDXL at full size with random weights in float16 beside SAM ViT-B, one job at 1024 x 1024 in 20
steps with guidance. Cards of 12, 8 and 6 GB are simulated by the share of this one's memory that
the process may have, less what CUDA itself takes. For each: the rung that is chosen for it, the
peak, seconds, and the likeness to the picture of the first. Then a job that does not fit its card:
it must step down and paint the same. `--tiny` runs the same on the CPU with tiny models, without
cards, to see that the script works.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from benchmarks.timing import Row, cannot, keep, markdown, options, say, seconds_of
from inpainting.types import Mask, Painted, PaintSettings, Rgb
from models.catalog import painter_info, painter_row, segmenter_info, segmenter_row
from models.device import release_memory
from models.ladder import (
    STEPPED_DOWN,
    Ladder,
    Rung,
    choose_rung,
    needs,
    store_in_eight_bits,
)
from models.sam import SamSegmenter
from models.stable import StablePainter

GB = 10**9
CONTEXT = GB // 2
"""About what CUDA's context takes of a card, which a process's share does not count."""

TARGET = 10.5
"""Peak in GB that the first rung is allowed."""

TIGHT = 8.2
"""GB of a card that holds the weights, and has too little left for the job."""

ALIKE = 30.0
"""PSNR in dB to the first rung, at least."""

SETTINGS = PaintSettings("a beach at sunset", "", 7, 20, 8.0, 0.99, "Euler")


@dataclass(frozen=True, slots=True)
class Case:
    """A card of so many GB and the rung meant for it; `eight_bit`: weights in 8 bits."""

    card: int
    rung: Rung
    eight_bit: bool = False

    @property
    def name(self) -> str:
        """Words for the table."""
        return f"{self.card} GB: {self.rung.value}{', 8 bits' * self.eight_bit}"


CASES = (
    Case(12, Rung.RESIDENT),
    Case(8, Rung.OFFLOAD),
    Case(6, Rung.GROUPS),
    Case(8, Rung.RESIDENT, eight_bit=True),
    Case(6, Rung.OFFLOAD, eight_bit=True),
)
"""What was stored in 8 bits stays so: such cases come last."""


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What one case gave; memory in GB, None on the CPU."""

    case: Case
    chosen: str
    seconds: tuple[float, ...]
    allocated: float | None
    reserved: float | None
    rgb: Rgb


class Bench:
    """The models and the job."""

    def __init__(self, tiny: bool) -> None:
        self.row = painter_row("sdxl-inpainting")
        self.tiny = tiny
        self.side = 64 if tiny else self.row.native_side
        self.device = torch.device("cpu") if tiny else torch.device("cuda", 0)
        self.dtype = torch.float32 if tiny else torch.float16
        self.pipeline, sam = self._models()
        self.segmenter = SamSegmenter(sam, segmenter_info(segmenter_row("sam-vit-base")))
        rng = np.random.default_rng(0)
        self.rgb: Rgb = rng.integers(0, 256, (self.side, self.side, 3), np.uint8)
        self.hole: Mask = np.zeros((self.side, self.side), np.bool_)
        self.hole[self.side // 4 :] = True

    def _models(self) -> tuple[Any, Any]:
        if self.tiny:
            from tests.support.tiny import tiny_sam, tiny_sdxl_inpaint

            return tiny_sdxl_inpaint(), tiny_sam()
        from benchmarks.full_size import sam_vit_base, sdxl_inpainting

        pipeline: Any = sdxl_inpainting(self.device, self.dtype)
        pipeline.to("cpu", silence_dtype_warnings=True)
        return pipeline, sam_vit_base(self.device, self.dtype)

    def card(self, gigabytes: float | None) -> None:
        """Let this process have what a card of that size has; None for all there is."""
        if self.tiny:
            return
        whole = torch.cuda.mem_get_info(self.device)[1]
        share = 1.0 if gigabytes is None else min(1.0, (gigabytes * GB - CONTEXT) / whole)
        torch.cuda.set_per_process_memory_fraction(share, self.device)

    def chosen(self, case: Case) -> str:
        """Return the rung that is chosen for an empty card of that size."""
        if self.tiny:
            return "-"
        sizes = needs(self.row, case.eight_bit)
        return choose_rung(self.row.title, *sizes, self.device, self.dtype).value

    def painter(self, ladder: Ladder) -> StablePainter:
        """Return a painter on the pipeline, placed."""
        ladder.place()
        info = painter_info(self.row, str(self.device), str(self.dtype))
        return StablePainter(self.pipeline, replace(info, native_side=self.side), ladder=ladder)

    def paint(self, painter: StablePainter) -> Painted:
        """Do the job."""
        *_, last = painter.paint(self.rgb, self.hole, SETTINGS)
        assert isinstance(last, Painted)
        return last

    def clear(self) -> None:
        """Take the painter off the GPU, so that the next card is empty."""
        Ladder(self.pipeline, torch.device("cpu"), Rung.RESIDENT).place()
        release_memory()
        if not self.tiny:
            torch.cuda.reset_peak_memory_stats(self.device)

    def peaks(self) -> tuple[float | None, float | None]:
        """Return the most GB that were in use, and that torch had taken, since `clear`."""
        if self.tiny:
            return None, None
        used = torch.cuda.max_memory_allocated(self.device)
        return used / GB, torch.cuda.max_memory_reserved(self.device) / GB


def measured(bench: Bench, case: Case, rounds: int) -> Found:
    """Embed the picture and paint, first to warm up, on a card of the case's size."""
    bench.clear()
    bench.card(case.card)
    chosen = bench.chosen(case)
    painter = bench.painter(Ladder(bench.pipeline, bench.device, case.rung))
    bench.segmenter.embed(bench.rgb)
    painted = bench.paint(painter)
    seconds = tuple(seconds_of(lambda: bench.paint(painter)) for _ in range(rounds))
    return Found(case, chosen, seconds, *bench.peaks(), painted.rgb)


def stepped_down(bench: Bench, expected: Rgb) -> tuple[str, bool]:
    """Paint on a card that holds the weights and not the job; tell how it went, and if well."""
    bench.clear()
    bench.card(TIGHT)
    ladder = Ladder(bench.pipeline, bench.device, Rung.RESIDENT)
    painted = bench.paint(bench.painter(ladder))
    likeness = psnr(painted.rgb, expected)
    well = STEPPED_DOWN in painted.notes and ladder.rung is Rung.OFFLOAD and likeness >= ALIKE
    ended = f"ended on {ladder.rung.value}, PSNR {likeness:.1f} dB"
    return f"{TIGHT} GB, first all of it resident: {ended}", well


def psnr(one: Rgb, other: Rgb) -> float:
    """Return the likeness of two pictures in dB, at most 99."""
    error = float(((one.astype(np.float64) - other) ** 2).mean())
    return min(99.0, float(10 * np.log10(255**2 / max(error, 1e-9))))


def wrong(found: Found, first: Found) -> list[str]:
    """Return which promises a case breaks."""
    case, told = found.case, []
    if found.chosen not in ("-", case.rung.value):
        told.append(f"{case.name}: {found.chosen} is chosen")
    if found.reserved is not None and found.reserved > case.card - CONTEXT / GB:
        told.append(f"{case.name}: takes {found.reserved:.1f} GB")
    if found is first and found.allocated is not None and found.allocated > TARGET:
        told.append(f"{case.name}: takes more than {TARGET} GB")
    if not case.eight_bit and psnr(found.rgb, first.rgb) < ALIKE:
        told.append(f"{case.name}: paints something else")
    return told


def line(found: Found, first: Found) -> tuple[str, ...]:
    """Return a case's cells."""
    median, base = sorted(found.seconds)[len(found.seconds) // 2], min(first.seconds)
    peaks = ("" if peak is None else f"{peak:.2f}" for peak in (found.allocated, found.reserved))
    likeness = f"{psnr(found.rgb, first.rgb):.1f}"
    return found.case.name, found.chosen, *peaks, f"{median:.2f}", f"{median / base:.2f}", likeness


def main(arguments: list[str]) -> int:
    """Measure; write the table to stdout, and JSON where it is asked for. 1 if a promise fails."""
    parser: argparse.ArgumentParser = options(__doc__, 2)
    parser.add_argument("--tiny", action="store_true")
    chosen = parser.parse_args(arguments)
    if not chosen.tiny and not torch.cuda.is_available():
        return cannot("there is no CUDA GPU here.")
    bench = Bench(chosen.tiny)
    found: list[Found] = []
    told, well = "", True
    for case in CASES:
        if case.eight_bit and not any(one.case.eight_bit for one in found):
            if not chosen.tiny:  # the CPU has no lower rung to step down to
                told, well = stepped_down(bench, found[0].rgb)
            bench.clear()
            store_in_eight_bits(bench.pipeline, bench.dtype)
        found.append(measured(bench, case, chosen.rounds))
    bench.card(None)
    titles = ("card: rung", "chosen", "in use GB", "taken GB", "s", "ratio", "PSNR dB")
    say(markdown(titles, [line(one, found[0]) for one in found]))
    say(f"\n{told}")
    faults = [fault for one in found for fault in wrong(one, found[0])]
    faults += [] if well else ["a job that did not fit did not step down well"]
    say("\n".join(faults))
    rows = [Row(one.case.name, one.seconds, one.reserved) for one in found]
    keep(chosen.json, rows, {"stepped down": told, "broken promises": faults})
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
