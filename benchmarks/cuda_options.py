"""What each option gives that leaves the picture as it is: `python -m benchmarks.cuda_options`.

One repaint by SDXL, as in benchmarks.cuda, by this project's painter with one thing changed at a
time, in turn in one process; "gave" is over the painter without it, PSNR to plain diffusers with
the same VAE. Expected figures are those that others published, or the arithmetic (291 TFLOP a
repaint). The last rows are other schedulers, for their time alone: their pictures differ.
`--schedulers 0` leaves them out. Ends with 1 where an option that claims the same picture gives
another one.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from functools import partial
from typing import Any

from benchmarks.cuda_setup import (
    EQUAL,
    NO_CUDA,
    SETTINGS,
    Place,
    info,
    paint,
    parser,
    place,
    plain,
    sdxl,
    work,
)
from benchmarks.cuda_switches import (
    channels_last,
    chosen_convolutions,
    fused_projections,
    half_sums,
    stock_vae,
)
from benchmarks.in_turn import (
    TITLES,
    Found,
    Rival,
    figures_of,
    in_turn,
    lines_of,
    rows_of,
    unlike,
)
from benchmarks.timing import cannot, keep, markdown, say
from inpainting.types import Rgb
from models.stable import StablePainter
from models.tiny_preview import TinyDecoder

BASE = "this project"
ALWAYS = 10_000
"""Number of the repaint that is done again and again, to see what is remembered."""


def tiny_decoder(at: Place) -> TinyDecoder:
    """Return a preview decoder of TAESD's size with random weights."""
    from diffusers import AutoencoderTiny

    vae: Any = AutoencoderTiny()
    return TinyDecoder(vae.to(at.device, at.dtype))


def again(painter: StablePainter, at: Place, *, prompt: bool, picture: bool) -> Any:
    """Return a run that repeats the prompt, or the picture with its hole, or both.

    It returns no picture: there is none to compare with.
    """

    def run(number: int) -> None:
        new, old = work(at, number), work(at, ALWAYS)
        job = old if picture else new
        settings = old.settings if prompt else new.settings
        paint(painter, replace(job, settings=settings))

    return run


def rivals(pipeline: Any, at: Place) -> list[Rival]:
    """Return plain diffusers, the painter, and the painter with one option at a time."""
    told, unet, vae = info(pipeline, at), pipeline.unet, pipeline.vae
    painter = StablePainter(pipeline, told)
    seeing = StablePainter(pipeline, told, tiny=tiny_decoder(at))

    def ours(number: int, painter: StablePainter = painter) -> Rgb:
        return paint(painter, work(at, number))

    upcast = partial(stock_vae, pipeline)
    return [
        Rival("plain diffusers", lambda number: plain(pipeline, work(at, number))),
        Rival(BASE, ours, same=True),
        Rival("VAE in 32 bits", ours, upcast, "slower: 20 TFLOP in 32 bits", same=True),
        Rival(
            "UNet channels-last",
            ours,
            partial(channels_last, unet),
            "1.02 x compiled (A100), 0.97-1 x else",
            same=True,
        ),
        Rival("VAE channels-last", ours, partial(channels_last, vae), "safe; no figure", same=True),
        Rival(
            "fused projections",
            ours,
            partial(fused_projections, unet),
            "1.006 x, 1 GB more (A100)",
            same=True,
        ),
        Rival("cuDNN's own choice", ours, chosen_convolutions, "no figure", same=True),
        Rival("sums in fp16", ours, half_sums, "1.25 x (GeForce), 1 x else", same=True),
        Rival(
            "same prompt again", again(painter, at, prompt=True, picture=False), expected="1.001 x"
        ),
        Rival(
            "same picture and hole again",
            again(painter, at, prompt=False, picture=True),
            expected="1.03 x",
        ),
        Rival("both again", again(painter, at, prompt=True, picture=True), expected="1.03 x"),
        Rival(
            "previews by a tiny decoder",
            partial(ours, painter=seeing),
            expected="0.98 x: 4 TFLOP in 20 previews",
            same=True,
        ),
    ]


def schedulers(pipeline: Any, at: Place) -> list[Rival]:
    """Return the painter with each scheduler that it lists; the first is the one used above."""
    told = info(pipeline, at)
    painter = StablePainter(pipeline, told)

    def run(number: int, name: str) -> Rgb:
        return paint(painter, work(at, number, replace(SETTINGS, scheduler=name)))

    return [Rival(name, partial(run, name=name), expected="1 x") for name in told.schedulers]


def without_pictures(found: list[Found]) -> list[Found]:
    """Forget how near the pictures are, where that says nothing."""
    for one in found:
        one.near = None
    return found


def measure(chosen: argparse.Namespace, at: Place) -> int:
    """Measure all; write the file after each round."""
    pipeline = sdxl(at)

    def save(found: Any, before: tuple[Found, ...] = ()) -> None:
        every = [*before, *found]
        keep(chosen.json, rows_of(every), {"on": at.name, **figures_of(every)})

    found = in_turn(rivals(pipeline, at), chosen.rounds, at, chosen.seconds, save)
    say(f"{at.name}\n\n{markdown(TITLES, lines_of(found, BASE))}\n")
    if chosen.schedulers:
        field = schedulers(pipeline, at)
        saved = partial(save, before=tuple(found))
        timed = without_pictures(in_turn(field, chosen.schedulers, at, chosen.seconds / 3, saved))
        save(timed, tuple(found))
        say(f"{markdown(TITLES, lines_of(timed, field[0].name))}\n")
    others = unlike(found, EQUAL)
    say(f"not the same picture: {', '.join(others) or 'none'} (promised: {EQUAL:g} dB)")
    return int(at.on_cuda and bool(others))


def main(arguments: list[str]) -> int:
    """Measure where there is a GPU; 1 where a promise does not hold."""
    options = parser(__doc__, 3, 60)
    options.add_argument("--schedulers", type=int, default=1, help="rounds of the schedulers")
    chosen = options.parse_args(arguments)
    at = place(chosen.tiny)
    return cannot(NO_CUDA) if at is None else measure(chosen, at)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
