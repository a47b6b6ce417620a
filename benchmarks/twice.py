"""What runs again though nothing changed: models called for the same words and the same hole.

`python -m benchmarks.twice [--json FILE]`: calls of each model of the embedded painter are counted
in a first job, in one with another seed, one with another prompt and one with another hole, and the
same for diffusers' pipeline called twice. Counts do not depend on the machine; no time is taken.
Promised: a job like the one before runs no encoder.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.embedded import ROW, SETTINGS, Plain, case, pipeline
from benchmarks.timing import keep, markdown, options, say
from inpainting.types import Mask, PaintSettings, Rgb
from models.catalog import painter_info
from models.sdxl import SdxlPainter

STEPS = 4
MODELS = ("text_encoder", "text_encoder_2", "vae.encoder", "unet", "vae.decoder")


@contextmanager
def counting(pipe: Any) -> Iterator[Counter[str]]:
    """Count the calls of each model while the block runs."""
    calls = Counter[str]()

    def note(name: str) -> Any:
        def hook(*_: Any) -> None:
            calls[name] += 1

        return hook

    handles = []
    for name in MODELS:
        model: Any = pipe
        for part in name.split("."):
            model = getattr(model, part)
        handles.append(model.register_forward_pre_hook(note(name)))
    yield calls
    for handle in handles:
        handle.remove()


def jobs(rgb: Rgb, hole: Mask) -> dict[str, tuple[Rgb, Mask, PaintSettings]]:
    """Return jobs that differ from the first in one thing each."""
    first = replace(SETTINGS, steps=STEPS)
    other = hole.copy()
    other[: len(hole) // 2] = False
    return {
        "first job": (rgb, hole, first),
        "the very same": (rgb, hole, first),
        "another seed": (rgb, hole, replace(first, seed=8)),
        "another prompt": (rgb, hole, replace(first, prompt="snow")),
        "the first prompt again": (rgb, hole, first),
        "another hole": (rgb, other, first),
    }


def main(arguments: list[str]) -> int:
    """Count; write the table."""
    chosen = options(__doc__, 1).parse_args(arguments)
    rgb, hole = case(ROW.native_side)
    counts: dict[str, dict[str, int]] = {}
    ours = pipeline()
    painter = SdxlPainter(ours, painter_info(ROW))
    for name, (picture, part, settings) in jobs(np.ascontiguousarray(rgb), hole).items():
        with counting(ours) as calls:
            for _ in painter.paint(picture, part, settings):
                pass
        counts[name] = dict(calls)
    other = pipeline()
    rival = Plain(other)
    rival.paint(rgb, hole)
    with counting(other) as calls:
        rival.paint(rgb, hole)
    counts[f"plain diffusers, again ({SETTINGS.steps} steps)"] = dict(calls)
    lines = [(name, *(found.get(one, 0) for one in MODELS)) for name, found in counts.items()]
    say(markdown((f"calls, {STEPS} steps", *MODELS), lines))
    keep(chosen.json, [], counts)
    again = [counts[name] for name in ("the very same", "another seed")]
    return 0 if all(found.keys() <= {"unet", "vae.decoder"} for found in again) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
