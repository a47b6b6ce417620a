"""A repaint of a small hole in a 12-megapixel photo, beside IOPaint (Apache-2.0).

`python -m benchmarks.peer_iopaint --python PATH [--rounds N] [--megapixels N] [--steps N]
[--json FILE]`: both paint in 20 steps on the CPU, on pipelines with the same weights: those of the
embedded painter, but for an untrained VAE with the attention that IOPaint's diffusers asks for.
IOPaint runs through its own model class, as its server calls it, in its cropper's default of 512 x
512 round the hole, which is also the least that it paints; this project in the frame that it
chooses. Of IOPaint's 20 steps 19 run, as it lowers a strength of 1. Neither reads a file or writes
one. Told apart: how many pixels outside the hole changed, also with IOPaint's softened edge off.

IOPaint 1.6.0 pins diffusers 0.27.2, huggingface-hub 0.25.2 and Pillow 9.5.0, so it cannot live in
this project's environment. One for it alone, on Python 3.11, whose torch is up to you:

    python3.11 -m venv PEER && PEER/bin/pip install --no-deps iopaint==1.6.0 controlnet-aux==0.0.3 \
        peft==0.7.1 accelerate==1.2.1
    PEER/bin/pip install torch transformers==4.48.3 diffusers==0.27.2 huggingface-hub==0.25.2 \
        fastapi==0.108.0 uvicorn python-multipart python-socketio==5.7.2 typer rich loguru yacs \
        piexif==1.1.3 omegaconf easydict gradio==4.21.0 typer-config==1.4.0 Pillow==9.5.0 \
        opencv-python-headless psutil einops scipy 'setuptools<81'
    python -m benchmarks.peer_iopaint --python PEER/bin/python
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

import numpy as np

from benchmarks.frames import hole_in, picture
from benchmarks.timing import Row, cannot, keep, markdown, measure, options, say, table
from inpainting.repainting import plan, prepare, put_back
from inpainting.types import Mask, ModelInfo, Painted, PaintSettings, Rgb

SIDE = 512
BLUR = 11
"""The default of IOPaint, by which it softens the edge of what it puts back."""

SETTINGS = PaintSettings("a beach at sunset", "", 7, 20, 2.5, 1.0, "Euler")
OURS, THEIRS = "this project", "IOPaint"


@dataclass(frozen=True, slots=True)
class Judged:
    """What a result is like: its size, and the pixels outside the hole that are not the photo's."""

    size: tuple[int, int]
    changed: int


def judged(photo: Rgb, hole: Mask, result: Rgb) -> Judged:
    """Compare a result with the photo that it was made from."""
    size = (result.shape[1], result.shape[0])
    if result.shape != photo.shape:
        return Judged(size, int((~hole).sum()))
    return Judged(size, int((result != photo).any(axis=2)[~hole].sum()))


def box_round(hole: Mask, side: int) -> list[int]:
    """Return left, top, width, height of a square of `side` round the hole, inside the photo."""
    rows, columns = np.flatnonzero(hole.any(axis=1)), np.flatnonzero(hole.any(axis=0))
    corner = [int(line[0] + line[-1] + 1 - side) // 2 for line in (columns, rows)]
    room = (hole.shape[1] - side, hole.shape[0] - side)
    left, top = (max(0, min(at, most)) for at, most in zip(corner, room, strict=True))
    return [left, top, side, side]


def with_old_names(states: dict[str, Any]) -> dict[str, Any]:
    """Return a CLIP text model's weights by the names that transformers 4 knows them by."""
    return {f"text_model.{name.removeprefix('text_model.')}": w for name, w in states.items()}


def pipeline() -> Any:
    """Return a pipeline of the embedded painter's sizes, its VAE with the attention of old ones."""
    from diffusers import AutoencoderKL

    from benchmarks.embedded import pipeline as embedded

    made = embedded()
    config = {**made.vae.config, "mid_block_add_attention": True}
    made.vae = AutoencoderKL.from_config(config).eval()
    return made


def save(made: Any, folder: Path) -> None:
    """Write a pipeline so that diffusers 0.27 and transformers 4 can read it."""
    from safetensors.torch import load_file, save_file

    made.save_pretrained(folder, variant="fp16")
    weights = folder / "text_encoder" / "model.fp16.safetensors"
    save_file(with_old_names(load_file(weights)), weights, metadata={"format": "pt"})
    for name in ("tokenizer", "tokenizer_2"):
        known = json.loads((folder / name / "tokenizer.json").read_text(encoding="utf8"))["model"]
        vocabulary, merges = json.dumps(known["vocab"]), "\n".join(map(" ".join, known["merges"]))
        (folder / name / "vocab.json").write_text(vocabulary, encoding="utf8")
        (folder / name / "merges.txt").write_text(f"#version: 0.2\n{merges}", encoding="utf8")


def ours(made: Any, rgb: Rgb, hole: Mask, steps: int) -> tuple[ModelInfo, Any]:
    """Return our painter's info, and what paints the photo once and returns the result."""
    from benchmarks.embedded import ROW
    from models.catalog import painter_info
    from models.sdxl import SdxlPainter

    painter = SdxlPainter(made, painter_info(ROW))

    def paint() -> Rgb:
        job = plan(hole, painter.info)
        events = painter.paint(*prepare(rgb, job), replace(SETTINGS, steps=steps))
        painted = next(event for event in events if isinstance(event, Painted))
        return put_back(rgb, painted.rgb, job)

    return painter.info, paint


class Other:
    """IOPaint in its own process: asked by a line, answers by a line."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._in: IO[str] = process.stdin  # type: ignore[assignment]
        self._out: IO[str] = process.stdout  # type: ignore[assignment]
        self.version = str(self._answer()["version"])

    def paint(self, box: list[int], steps: int, out: Path, blur: int = BLUR) -> dict[str, float]:
        """Let it paint once into `out`; return its seconds, and those of the processor."""
        asked = {"steps": steps, "blur": blur, "box": box, "out": str(out)}
        self._in.write(f"{json.dumps(asked)}\n")
        self._in.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self._out.readline() or "null") or {}
        if not answer:
            raise ChildProcessError("IOPaint ended; what it said is above.")
        return answer


@contextmanager
def other(python: str, folder: Path, rgb: Rgb, hole: Mask) -> Iterator[Other]:
    """Start IOPaint on a pipeline's folder, a photo and its hole; end it on leaving."""
    for name, array in (("photo", rgb), ("hole", hole)):
        np.save(folder / f"{name}.npy", array)
    source = Path(__file__).with_name("iopaint_side.py").read_text(encoding="utf8")
    given = (str(folder), str(folder / "photo.npy"), str(folder / "hole.npy"))
    # The text, not the file: beside that lie modules whose names hide those of libraries.
    process = subprocess.Popen(
        [python, "-c", source, *given],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=folder,
    )
    try:
        yield Other(process)
    finally:
        process.kill()
        process.communicate()


def compare(
    python: str, rgb: Rgb, hole: Mask, rounds: int, steps: int
) -> tuple[list[Row], list[Sequence[object]]]:
    """Measure both in turn; return rows, and lines on what they gave."""
    made, box = pipeline(), box_round(hole, SIDE)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        save(made, folder)
        info, paint = ours(made, rgb, hole, steps)
        with other(python, folder, rgb, hole) as rival:
            out = folder / "theirs.npy"
            result = paint()
            rival.paint(box, 2, out)  # to warm it up
            rows, told = list[Row](), list[dict[str, float]]()
            for _ in range(rounds):
                rows += measure({OURS: paint}, 1, warm_up=False)
                told.append(rival.paint(box, steps, out))
            label = f"{THEIRS} {rival.version}"
            theirs = np.load(out)
            rival.paint(box, 2, out, blur=0)
            hard = np.load(out)
    frame = plan(hole, info).frame
    ends = (
        (OURS, judged(rgb, hole, result), "{} x {}".format(*frame.window_size)),
        (label, judged(rgb, hole, theirs), f"{SIDE} x {SIDE}"),
        (f"{label}, edge not softened", judged(rgb, hole, hard), f"{SIDE} x {SIDE}"),
    )
    lines = [(who, area, f"{e.size[0]} x {e.size[1]}", e.changed) for who, e, area in ends]
    return [_joined(OURS, rows), _told(label, told)], [*lines]


def _joined(name: str, rows: list[Row]) -> Row:
    seconds = tuple(second for row in rows for second in row.seconds)
    return Row(name, seconds, worked=tuple(work for row in rows for work in row.worked))


def _told(name: str, told: list[dict[str, float]]) -> Row:
    seconds = tuple(answer["seconds"] for answer in told)
    return Row(name, seconds, worked=tuple(answer["worked"] for answer in told))


def main(arguments: list[str]) -> int:
    """Measure and write the tables; 1 where a kept pixel of ours changed."""
    parser = options(__doc__, 3)
    parser.add_argument("--megapixels", type=int, default=12)
    parser.add_argument("--steps", type=int, default=SETTINGS.steps)
    parser.add_argument("--python", help="a Python that has IOPaint")
    chosen = parser.parse_args(arguments)
    if not chosen.python:
        return cannot("IOPaint needs an environment of its own, given by --python; see the script.")
    rgb = picture(chosen.megapixels)
    hole = hole_in(rgb)
    rows, lines = compare(chosen.python, rgb, hole, chosen.rounds, chosen.steps)
    titles = ("what", "pixels of the photo it painted", "result", "kept pixels changed")
    say(f"{table(rows)}\n\n{markdown(titles, lines)}")
    keep(chosen.json, rows, {str(line[0]): line[1:] for line in lines})
    return 0 if lines[0][-1] == 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
