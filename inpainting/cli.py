"""The command line: the same Studio without a browser. Its options and exit codes are kept stable.

Exit codes: 0 done; 1 a model could not do it; 2 bad input; 130 stopped. Whatever goes wrong is one
sentence on stderr. Progress goes to stderr; the last line of stdout is `seed N`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import NoReturn, TextIO

from inpainting.errors import BadPhoto, BadRequest, PointPaintError
from inpainting.files import save_atomically
from inpainting.photo import encode_mask, encode_result, open_mask
from inpainting.settings import Settings, read_settings
from inpainting.studio import Studio
from inpainting.types import (
    Box,
    Mask,
    PaintRequest,
    PaintResult,
    Photo,
    Point,
    Progress,
    Prompts,
    Region,
)

DONE, FAILED, BAD_INPUT, STOPPED = 0, 1, 2, 130

StudioMaker = Callable[[Settings, Callable[[str], None]], Studio]
"""Makes a Studio whose models are loaded; is given the settings and where to tell progress."""


def main(
    arguments: Sequence[str],
    make_studio: StudioMaker,
    environment: Mapping[str, str],
    out: TextIO,
    err: TextIO,
) -> int:
    """Run one command and return its exit code; never raises what a user could cause."""
    say = Narrator(err)
    try:
        options = build_parser().parse_args(arguments)
        settings = read_settings(environment, {"preset": getattr(options, "preset", None)})
        options.run(options, make_studio(settings, say.line), say, out)
    except (BadRequest, BadPhoto) as error:
        return _end(say, str(error), BAD_INPUT)
    except PointPaintError as error:
        return _end(say, str(error), FAILED)
    except KeyboardInterrupt:
        return _end(say, "Stopped; nothing was written.", STOPPED)
    except OSError as error:
        return _end(say, f"A file could not be read or written: {error.strerror}.", BAD_INPUT)
    except Exception as error:
        return _end(say, f"The program failed inside ({type(error).__name__}).", FAILED)
    return DONE


def _end(say: Narrator, sentence: str, code: int) -> int:
    say.line(sentence)
    return code


class Narrator:
    """Tells what is going on: progress over itself on a terminal, else in whole lines."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._open = False
        self._last = ""

    def line(self, sentence: str) -> None:
        """Write a line of its own."""
        start = "\n" if self._open else ""
        self._open = False
        self._stream.write(f"{start}{sentence}\n")
        self._stream.flush()

    def progress(self, event: Progress) -> None:
        """Write how far a repaint is, once for each change."""
        text = event.note or f"step {event.step} of {event.total}"
        if text == self._last:
            return
        self._last = text
        if self._stream.isatty():
            self._stream.write(f"\r\x1b[K{text}")
            self._stream.flush()
            self._open = True
        else:
            self.line(text)


class _Parser(argparse.ArgumentParser):
    """A parser whose complaint is one sentence instead of the whole usage."""

    def error(self, message: str) -> NoReturn:
        raise BadRequest(f"{message[:1].upper()}{message[1:]}. See --help.")


def build_parser() -> argparse.ArgumentParser:
    """Return the parser; each command sets `run`, a function of (options, studio, say, out)."""
    parser = _Parser(prog="python -m inpainting", description="Select and repaint photos.")
    commands = parser.add_subparsers(required=True, metavar="select|paint", parser_class=_Parser)
    select = commands.add_parser("select", help="clicks on a photo to a mask")
    select.set_defaults(run=run_select)
    _add_photo(select)
    select.add_argument("-o", "--output", type=_png, required=True, metavar="MASK.png")
    paint = commands.add_parser("paint", help="repaint the background or the subject of a photo")
    paint.set_defaults(run=run_paint)
    _add_photo(paint)
    _add_painting(paint)
    return parser


def _add_photo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("photo", type=Path, metavar="PHOTO", help="PNG, JPEG or WebP")
    clicks = parser.add_argument_group("selection, in pixels of the upright photo")
    clicks.add_argument("--at", type=_xy, action="append", default=[], metavar="X,Y")
    clicks.add_argument("--not-at", type=_xy, action="append", default=[], metavar="X,Y")
    clicks.add_argument("--box", type=_box, metavar="X0,Y0,X1,Y1")
    parser.add_argument("--preset", metavar="NAME", help="auto, sdxl or embedded")


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
    add("-o", "--output", type=_png, required=True, metavar="OUT.png")
    add("--mask-out", type=_png, metavar="MASK.png", help="write the subject mask as it was used")


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
    if not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f"the folder {str(path.parent)!r} does not exist")
    return path


def run_select(options: argparse.Namespace, studio: Studio, say: Narrator, out: TextIO) -> None:
    """Write the best mask for the clicks, 8-bit, 255 = subject, at the photo's size."""
    photo = _open(options, studio, say)
    mask = studio.select(photo, _prompts(options)).masks[0]
    save_atomically(options.output, encode_mask(mask))
    out.write(f"{options.output}\n")


def run_paint(options: argparse.Namespace, studio: Studio, say: Narrator, out: TextIO) -> None:
    """Repaint, then write the picture and, where asked for, the mask; the seed ends the output."""
    photo = _open(options, studio, say)
    mask = _mask(options, studio, photo)
    result = _paint(studio, _request(options, photo, mask), say)
    data = encode_result(result)
    if options.mask_out:
        save_atomically(options.mask_out, encode_mask(mask))
    save_atomically(options.output, data)
    for note in result.notes:
        say.line(note)
    out.write(f"{options.output}\nseed {result.seed}\n")


def _open(options: argparse.Namespace, studio: Studio, say: Narrator) -> Photo:
    photo = studio.open(options.photo, options.photo.name)
    for note in photo.notes:
        say.line(note)
    return photo


def _prompts(options: argparse.Namespace) -> Prompts:
    include = [Point(x, y) for x, y in options.at]
    exclude = [Point(x, y, include=False) for x, y in options.not_at]
    return Prompts((*include, *exclude), options.box)


def _mask(options: argparse.Namespace, studio: Studio, photo: Photo) -> Mask:
    prompts = _prompts(options)
    if options.mask is None:
        return studio.select(photo, prompts).masks[0]
    if prompts:
        raise BadRequest("Give either --mask or clicks (--at, --not-at, --box), not both.")
    return open_mask(options.mask, photo.size)


def _request(options: argparse.Namespace, photo: Photo, mask: Mask) -> PaintRequest:
    return PaintRequest(
        photo,
        mask,
        region=Region(options.region),
        prompt=options.prompt,
        negative_prompt=options.negative,
        seed=options.seed,
        steps=options.steps,
        guidance=options.guidance,
        strength=options.strength,
        scheduler=options.scheduler,
        prompts=_prompts(options),
    )


def _paint(studio: Studio, request: PaintRequest, say: Narrator) -> PaintResult:
    with closing(studio.paint(request)) as events:
        for event in events:
            if isinstance(event, PaintResult):
                return event
            say.progress(event)
    raise PointPaintError("The painter stopped without a picture. Please try again.")
