"""The words of the command line: its commands and options, each checked as far as it goes alone."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NoReturn

from inpainting.errors import BadRequest
from inpainting.requests import MAX_VARIATIONS
from inpainting.settings import SETTINGS, Setting
from inpainting.types import PREFILLS, Box, Region, Sides, Size, Tool

MODEL_OPTIONS = (
    *("preset", "segmenter", "painter", "loras"),
    *("device", "memory", "eight_bit", "compile", "batch"),
)
"""Settings that every command takes as options."""


QUICK_FINISH = "the share of the steps that the prompt guides; those after it take half the time"
REUSE = "do the full work in every Nth step alone, 1 to 5: quicker, with less detail"


class _Parser(argparse.ArgumentParser):
    """A parser whose complaint is one sentence instead of the whole usage."""

    def error(self, message: str) -> NoReturn:
        raise BadRequest(f"{message[:1].upper()}{message[1:]}. See --help.")


def build_parser() -> argparse.ArgumentParser:
    """Return the parser; what it parsed has `command` ("select" ...) beside the options.

    It raises BadRequest for words that it does not understand.
    """
    parser = _Parser(prog="python -m inpainting", description="Select and repaint photos.")
    commands = parser.add_subparsers(
        required=True, dest="command", metavar="select|paint|repeat", parser_class=_Parser
    )
    select = commands.add_parser("select", help="clicks on a photo to a mask")
    select.add_argument("photo", type=Path, metavar="PHOTO", help="PNG, JPEG or WebP")
    _add_clicks(select)
    _add_selecting(select)
    _add_edges(select, widened="the subject")
    _add_models(select)
    paint = commands.add_parser("paint", help="repaint, remove, extend, restyle or create")
    _add_painting(paint)
    _add_clicks(paint)
    _add_edges(paint, widened="what is repainted")
    _add_frames(paint)
    _add_many(paint)
    _add_models(paint)
    repeat = commands.add_parser("repeat", help="make a picture again by its recipe")
    _add_repeating(repeat)
    _add_models(repeat)
    return parser


def _add_clicks(parser: argparse.ArgumentParser) -> None:
    clicks = parser.add_argument_group("selection, in pixels of the upright photo")
    clicks.add_argument("--at", type=_xy, action="append", default=[], metavar="X,Y")
    clicks.add_argument("--not-at", type=_xy, action="append", default=[], metavar="X,Y")
    clicks.add_argument("--box", type=_box, metavar="X0,Y0,X1,Y1")


def _add_models(parser: argparse.ArgumentParser) -> None:
    models = parser.add_argument_group("models")
    for row in SETTINGS:
        if row.name in MODEL_OPTIONS:
            models.add_argument(row.option, metavar=_metavar(row), help=row.help)


def _metavar(row: Setting) -> str:
    return "NAME" if isinstance(row.default, str) else "N"


def _add_selecting(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--subject", action="store_true", help="propose the subject, instead of clicks")
    add("--find", metavar="TEXT", help='what to select, such as "the dog", instead of clicks')
    add("-o", "--output", type=_png, required=True, metavar="MASK.png")
    add("--cutout", type=_png, metavar="FILE.png", help="write the subject with transparency")


def _add_painting(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    tools, start = [tool.value for tool in Tool], Tool.REPAINT.value
    add("photo", type=Path, nargs="?", metavar="PHOTO", help="PNG, JPEG or WebP; not for create")
    add("--tool", choices=tools, default=start, help=f"what to do; {start} unless given")
    add("--mask", type=Path, metavar="MASK.png", help="instead of clicks; white = subject")
    add("--region", choices=[r.value for r in Region], default=Region.BACKGROUND.value)
    add("--prompt", metavar="TEXT", help="what to paint; {a|b} takes the next text each time")
    add("--negative", default="", metavar="TEXT", help="what to avoid")
    add("--seed", type=int, metavar="N", help="0 to 4294967295; drawn when left out")
    add("--steps", type=int, metavar="N")
    add("--guidance", type=float, metavar="F", help="how closely to follow the prompt")
    add("--strength", type=float, metavar="F", help="1 paints anew, less keeps some of the old")
    add("--scheduler", metavar="NAME")
    add("--guidance-until", type=float, default=1.0, metavar="F", help=QUICK_FINISH)
    add("--reuse", type=int, default=1, metavar="N", help=REUSE)
    add("--lora", type=_lora, action="append", default=[], metavar="NAME:WEIGHT")
    add("--extend", type=_sides, metavar="L,T,R,B", help="pixels on each side, for extend")
    add("--size", type=_size, metavar="WxH", help="of the picture, for create")
    add("--method", metavar="NAME", help="how to fill, for remove")
    add("-o", "--output", type=_png, required=True, metavar="OUT.png")
    add("--mask-out", type=_png, metavar="MASK.png", help="write the subject mask as it was used")
    add("--recipe", type=_json, metavar="FILE.json", help="write the recipe as a file too")
    add("--film", type=_png, metavar="FILE.png", help="write the steps as a filmstrip")


def _add_edges(parser: argparse.ArgumentParser, widened: str) -> None:
    edges = parser.add_argument_group("edges of the selection, in pixels; 0 leaves them")
    for name, does in (
        ("grow", f"widen {widened}; below 0 narrow it"),
        ("smooth", "round corners of up to that radius"),
        ("fill", "close gaps smaller than a square of that side"),
        ("specks", "drop crumbs smaller than a square of that side"),
    ):
        edges.add_argument(f"--{name}", type=int, default=0, metavar="N", help=does)


def _add_frames(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("how it is painted in").add_argument
    add("--feather", type=int, metavar="N", help="soften the repainted side by N pixels")
    add("--softness", type=int, default=0, metavar="N", help="let it begin over N pixels")
    add("--context", type=float, metavar="F", help="what is seen around, as a share: 0 to 3")
    add("--separate", action="store_true", help="paint separate places one by one")
    add("--prefill", choices=PREFILLS, default="auto", help="what is there before painting")
    add(
        "--match-colour",
        action=argparse.BooleanOptionalAction,
        help="fit the colours to those around; left to the painter unless given",
    )


def _add_many(parser: argparse.ArgumentParser) -> None:
    many = parser.add_argument_group("many pictures: OUT.png, OUT-2.png, OUT-3.png ...")
    add = many.add_argument
    add("--variations", type=_count, default=1, metavar="N", help="with seeds that count up")
    add("--grid-x", type=_axis, metavar="SETTING:VALUES", help='as "steps: 10, 20" or "steps:1-5"')
    add("--grid-y", type=_axis, metavar="SETTING:VALUES", help="a second setting, downwards")
    add("--sheet", type=_png, metavar="FILE.png", help="write all on one labelled picture too")


def _add_repeating(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "photo", type=Path, nargs="?", metavar="PHOTO", help="what it was made from, unless created"
    )
    add("source", type=Path, metavar="RECIPE", help="a picture made here, or a recipe as .json")
    add("-o", "--output", type=_png, required=True, metavar="OUT.png")


def _numbers(text: str, wanted: str) -> tuple[int, ...]:
    """Return as many whole numbers as `wanted` ("X,Y") has names."""
    try:
        numbers = tuple(int(part) for part in text.split(","))
    except ValueError:
        numbers = ()
    if len(numbers) != len(wanted.split(",")):
        raise argparse.ArgumentTypeError(f"{text[:40]!r} must be {wanted} in whole pixels")
    return numbers


def _xy(text: str) -> tuple[int, ...]:
    return _numbers(text, "X,Y")


def _box(text: str) -> Box:
    x0, y0, x1, y1 = _numbers(text, "X0,Y0,X1,Y1")
    return Box(x0, y0, x1, y1)


def _sides(text: str) -> Sides:
    left, top, right, bottom = _numbers(text, "LEFT,TOP,RIGHT,BOTTOM")
    return Sides(left, top, right, bottom)


def _size(text: str) -> Size:
    found = re.fullmatch(r"(\d{1,5})[xX\u00d7](\d{1,5})", text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} must be WIDTHxHEIGHT, as 1024x768")
    return int(found[1]), int(found[2])


def _lora(text: str) -> tuple[str, float]:
    name, colon, weight = text.rpartition(":")
    try:
        return (name, float(weight)) if colon else (text, 1.0)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} must be NAME or NAME:WEIGHT") from error


def _count(text: str) -> int:
    if re.fullmatch(r"\d{1,3}", text) is None or not 1 <= int(text) <= MAX_VARIATIONS:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} must be from 1 to {MAX_VARIATIONS}")
    return int(text)


def _axis(text: str) -> tuple[str, str]:
    setting, colon, values = text.partition(":")
    if not colon:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} must be SETTING:VALUES, as steps: 10, 20")
    return setting.strip(), values


def _file(ending: str, why: str, text: str) -> Path:
    """A path to write to, refused now rather than after the work."""
    path = Path(text)
    if path.suffix.lower() != ending:
        raise argparse.ArgumentTypeError(f"{path.name!r} must end in {ending}: {why}")
    if path.is_dir():
        raise argparse.ArgumentTypeError(f"{path.name!r} is a folder; give the name of a file")
    if not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f"the folder {str(path.parent)!r} does not exist")
    return path


_png: Callable[[str], Path] = partial(_file, ".png", "it keeps every pixel")
_json: Callable[[str], Path] = partial(_file, ".json", "that is its form")
