"""The words of the command line: its commands and options, each checked as far as it goes alone."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NoReturn

from inpainting.errors import BadRequest
from inpainting.types import Box, Region


class _Parser(argparse.ArgumentParser):
    """A parser whose complaint is one sentence instead of the whole usage."""

    def error(self, message: str) -> NoReturn:
        raise BadRequest(f"{message[:1].upper()}{message[1:]}. See --help.")


def build_parser() -> argparse.ArgumentParser:
    """Return the parser; what it parsed has `command`, "select" or "paint", beside the options.

    It raises BadRequest for words that it does not understand.
    """
    parser = _Parser(prog="python -m inpainting", description="Select and repaint photos.")
    commands = parser.add_subparsers(
        required=True, dest="command", metavar="select|paint", parser_class=_Parser
    )
    select = commands.add_parser("select", help="clicks on a photo to a mask")
    _add_photo(select)
    _add_selecting(select)
    _add_edges(select, widened="the subject")
    paint = commands.add_parser("paint", help="repaint the background or the subject of a photo")
    _add_photo(paint)
    _add_painting(paint)
    _add_edges(paint, widened="what is repainted")
    return parser


def _add_photo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("photo", type=Path, metavar="PHOTO", help="PNG, JPEG or WebP")
    clicks = parser.add_argument_group("selection, in pixels of the upright photo")
    clicks.add_argument("--at", type=_xy, action="append", default=[], metavar="X,Y")
    clicks.add_argument("--not-at", type=_xy, action="append", default=[], metavar="X,Y")
    clicks.add_argument("--box", type=_box, metavar="X0,Y0,X1,Y1")
    parser.add_argument("--preset", metavar="NAME", help="auto, sdxl or embedded")


def _add_selecting(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--subject", action="store_true", help="propose the subject, instead of clicks")
    add("-o", "--output", type=_png, required=True, metavar="MASK.png")
    add("--cutout", type=_png, metavar="FILE.png", help="write the subject with transparency")


def _add_painting(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--mask", type=Path, metavar="MASK.png", help="instead of clicks; white = subject")
    add("--region", choices=[r.value for r in Region], default=Region.BACKGROUND.value)
    add("--prompt", required=True, metavar="TEXT", help="what to paint")
    add("--negative", default="", metavar="TEXT", help="what to avoid")
    add("--seed", type=int, metavar="N", help="0 to 4294967295; drawn when left out")
    add("--steps", type=int, metavar="N")
    add("--guidance", type=float, metavar="F", help="how closely to follow the prompt")
    add("--strength", type=float, metavar="F", help="1 paints anew, less keeps some of the old")
    add("--scheduler", metavar="NAME")
    add("--feather", type=int, metavar="N", help="soften the repainted side by N pixels")
    add("-o", "--output", type=_png, required=True, metavar="OUT.png")
    add("--mask-out", type=_png, metavar="MASK.png", help="write the subject mask as it was used")


def _add_edges(parser: argparse.ArgumentParser, widened: str) -> None:
    edges = parser.add_argument_group("edges of the selection, in pixels; 0 leaves them")
    for name, does in (
        ("grow", f"widen {widened}; below 0 narrow it"),
        ("smooth", "round corners of up to that radius"),
        ("fill", "close gaps smaller than a square of that side"),
        ("specks", "drop crumbs smaller than a square of that side"),
    ):
        edges.add_argument(f"--{name}", type=int, default=0, metavar="N", help=does)


def _numbers(text: str, count: int) -> tuple[int, ...]:
    try:
        numbers = tuple(int(part) for part in text.split(","))
    except ValueError:
        numbers = ()
    if len(numbers) != count:
        wanted = "X,Y" if count == 2 else "X0,Y0,X1,Y1"
        raise argparse.ArgumentTypeError(f"{text[:40]!r} must be {wanted} in whole pixels")
    return numbers


def _xy(text: str) -> tuple[int, ...]:
    return _numbers(text, 2)


def _box(text: str) -> Box:
    x0, y0, x1, y1 = _numbers(text, 4)
    return Box(x0, y0, x1, y1)


def _png(text: str) -> Path:
    """A path to write to, refused now rather than after the work."""
    path = Path(text)
    if path.suffix.lower() != ".png":
        raise argparse.ArgumentTypeError(f"{path.name!r} must end in .png: it keeps every pixel")
    if path.is_dir():
        raise argparse.ArgumentTypeError(f"{path.name!r} is a folder; give the name of a file")
    if not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f"the folder {str(path.parent)!r} does not exist")
    return path
