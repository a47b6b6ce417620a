"""What torch.compile gives a repaint by SDXL: `python -m benchmarks.cuda_compile [--ways W ...]`.

Each way in a process of its own with a limit, since it may fail or take too long, and then its row
says so: the blocks alone, as the app compiles them; the blocks with CUDA graphs (reduce-overhead);
and, asked for by name, the whole UNet. Compared in that process with the same painter uncompiled;
"first" is how long the first repaint took, compiling included. Expected: blocks 1.1-1.3 x
(stable-fast's torch.compile, H100: 18.5 over 14.9 it/s, whole UNet), CUDA graphs more on a quick
GPU, where launching is what costs; compiling 9 s in blocks, 67 s as a whole (Flux, PyTorch's log).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.cuda import compiled
from benchmarks.cuda_setup import EQUAL, NO_CUDA, Place, info, paint, parser, place, sdxl, work
from benchmarks.cuda_switches import Compiled, CompiledWhole
from benchmarks.in_turn import Rival, figures_of, in_turn, rows_of
from benchmarks.timing import Row, cannot, keep, markdown, say
from inpainting.types import Rgb
from models.stable import StablePainter

BLOCKS, GRAPHS, WHOLE = "blocks", "blocks-graphs", "whole"
EXPECTED: Mapping[str, str] = {
    BLOCKS: "1.1-1.3 x",
    GRAPHS: "more, on a quick GPU",
    WHOLE: "1.24-1.31 x (H100, A100)",
}
Around = Callable[[], AbstractContextManager[None]]

TITLES = ("what", "expected", "gave", "median s", "uncompiled s", "first, s", "PSNR, dB")
EAGER = "uncompiled"
PATIENCE: Mapping[str, float] = {BLOCKS: 90, GRAPHS: 100, WHOLE: 600}


def switch(way: str, pipeline: Any, at: Place) -> tuple[StablePainter, Around]:
    """Return a painter, and what compiles its UNet one way and puts that in place for a while."""
    if way == BLOCKS:
        painter, blocks = compiled(pipeline, at)
        return painter, blocks.on
    painter, unet = StablePainter(pipeline, info(pipeline, at), compiled=True), pipeline.unet

    def warm() -> None:
        if not painter.warm_up():
            raise RuntimeError("compiling failed; it has said why")

    if way == WHOLE:
        given = {} if at.on_cuda else {"backend": "eager"}
        return painter, CompiledWhole(unet, warm, **given).on

    def build() -> None:
        given = {"mode": "reduce-overhead"} if at.on_cuda else {"backend": "eager"}
        unet.compile_repeated_blocks(fullgraph=True, **given)
        warm()

    return painter, Compiled(unet, build).on


def one(way: str, chosen: argparse.Namespace, at: Place) -> int:
    """Measure one way in this process; write its file."""
    pipeline = sdxl(at)
    eager = StablePainter(pipeline, info(pipeline, at))
    painter, around = switch(way, pipeline, at)

    def run(number: int, painter: StablePainter) -> Rgb:
        return paint(painter, work(at, number))

    started = time.perf_counter()
    try:
        with around():
            run(0, painter)
    except Exception as error:  # compilers fail in ways of their own, and that is the answer
        keep(chosen.json, [], {"failed": f"{type(error).__name__}: {error}"[:200]})
        return 1
    first = time.perf_counter() - started
    field = [
        Rival(EAGER, partial(run, painter=eager)),
        Rival(way, partial(run, painter=painter), around, EXPECTED[way], same=True),
    ]
    found = in_turn(field, chosen.rounds, at, chosen.seconds)
    keep(chosen.json, rows_of(found), {"on": at.name, "first": first, **figures_of(found)})
    return int(any(this.failed for this in found))


def line(way: str, told: Mapping[str, Any]) -> tuple[str, ...]:
    """Return a row for what a way's process wrote; `failed` in it says why there is nothing."""
    if failed := told.get("failed") or told["figures"].get("failed"):
        return (way, EXPECTED[way], f"failed: {failed}", *[""] * 4)
    rows = {row["name"]: Row(row["name"], tuple(row["seconds"])) for row in told["rows"]}
    figures = told["figures"]
    if way not in rows:
        return (way, EXPECTED[way], f"failed: {figures[way]['failed']}", *[""] * 4)
    eager, quick = rows[EAGER].median, rows[way].median
    near = figures[way]["psnr"]
    return (
        way,
        EXPECTED[way],
        f"{eager / quick:.2f} x",
        f"{quick:.3f}",
        f"{eager:.3f}",
        f"{figures['first']:.1f}",
        "" if near is None else f"{near:.1f}",
    )


def in_process(way: str, chosen: argparse.Namespace) -> dict[str, Any]:
    """Run one way in a process of its own; return what it wrote, or why it did not."""
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "one.json"
        command = [sys.executable, "-m", "benchmarks.cuda_compile", "--one", way]
        command += ["--rounds", str(chosen.rounds), "--json", str(file)]
        command += ["--tiny"] * chosen.tiny
        try:
            done = subprocess.run(command, timeout=PATIENCE[way], check=False)
        except subprocess.TimeoutExpired:
            return {"failed": f"stopped after {PATIENCE[way]:.0f} s"}
        if not file.is_file():
            return {"failed": f"its process ended with {done.returncode}"}
        told: dict[str, Any] = json.loads(file.read_text(encoding="utf8"))
        return told


def measure(chosen: argparse.Namespace, at: Place) -> int:
    """Measure way after way; write table and file after each. 1 where a picture is another one."""
    told: dict[str, dict[str, Any]] = {}
    for way in chosen.ways:
        told[way] = in_process(way, chosen)
        keep(chosen.json, [], {"on": at.name, **told})
        say(f"{markdown(TITLES, [line(name, what) for name, what in told.items()])}\n")
    figures = ((way, what.get("figures", {})) for way, what in told.items())
    near = [figure[way]["psnr"] for way, figure in figures if way in figure]
    return int(at.on_cuda and any(value is not None and value < EQUAL for value in near))


def main(arguments: list[str]) -> int:
    """Measure where there is a GPU; `--one` is for the processes that this starts."""
    options = parser(__doc__, 3, 30)
    options.add_argument("--ways", nargs="+", choices=list(EXPECTED), default=[BLOCKS, GRAPHS])
    options.add_argument("--one", choices=list(EXPECTED), help=argparse.SUPPRESS)
    chosen = options.parse_args(arguments)
    at = place(chosen.tiny)
    if at is None:
        return cannot(NO_CUDA)
    act = partial(one, chosen.one) if chosen.one else measure
    return act(chosen, at)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
