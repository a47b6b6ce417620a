"""The command line: the same Studio without a browser. Its options and exit codes are kept stable.

Exit codes: 0 done; 1 a model could not do it; 2 bad input; 130 stopped. Whatever goes wrong is one
sentence on stderr. Progress goes to stderr; the last line of stdout is `seed N`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, Protocol, TextIO

from inpainting.errors import BadPhoto, BadRequest, PointPaintError
from inpainting.files import save_atomically
from inpainting.photo import encode_mask, encode_result, open_mask, open_photo
from inpainting.settings import Settings, read_settings
from inpainting.studio import Studio, photo_limits
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


class StudioMaker(Protocol):
    """Makes a Studio with the models of `settings` that the command needs, telling `say` of it."""

    def __call__(
        self, settings: Settings, say: Callable[[str], None], /, *, segment: bool, paint: bool
    ) -> Studio:
        """Return the Studio; raises ModelUnavailable."""
        ...


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
        options.run(Run(options, settings, make_studio, say, out))
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
    if path.is_dir():
        raise argparse.ArgumentTypeError(f"{path.name!r} is a folder; give the name of a file")
    if not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f"the folder {str(path.parent)!r} does not exist")
    return path


@dataclass(frozen=True, slots=True)
class Run:
    """One command: its options, the settings, how to get a Studio, and where to tell and write."""

    options: argparse.Namespace
    settings: Settings
    make_studio: StudioMaker
    say: Narrator
    out: TextIO


def run_select(run: Run) -> None:
    """Write the best mask for the clicks, 8-bit, 255 = subject, at the photo's size."""
    photo, prompts = _open(run), _prompts(run.options)
    studio = run.make_studio(run.settings, run.say.line, segment=True, paint=False)
    mask = studio.select(photo, prompts).masks[0]
    save_atomically({run.options.output: encode_mask(mask)})
    run.out.write(f"{run.options.output}\n")


def run_paint(run: Run) -> None:
    """Repaint, then write the picture and, where asked for, the mask; the seed ends the output."""
    options = run.options
    if options.mask_out and options.mask_out.resolve() == options.output.resolve():
        raise BadRequest("--output and --mask-out name the same file; give them different names.")
    photo = _open(run)
    given = _given_mask(options, photo)
    studio = run.make_studio(run.settings, run.say.line, segment=given is None, paint=True)
    mask = studio.select(photo, _prompts(options)).masks[0] if given is None else given
    result = _paint(studio, _request(options, photo, mask), run.say)
    files = {options.mask_out: encode_mask(mask)} if options.mask_out else {}
    save_atomically({**files, options.output: encode_result(result)})
    for note in result.notes:
        run.say.line(note)
    run.out.write(f"{options.output}\nseed {result.seed}\n")


def _open(run: Run) -> Photo:
    """Open the photo before any model is loaded for it."""
    path = run.options.photo
    photo = open_photo(path, path.name, photo_limits(run.settings))
    for note in photo.notes:
        run.say.line(note)
    return photo


def _prompts(options: argparse.Namespace) -> Prompts:
    include = [Point(x, y) for x, y in options.at]
    exclude = [Point(x, y, include=False) for x, y in options.not_at]
    return Prompts((*include, *exclude), options.box)


def _given_mask(options: argparse.Namespace, photo: Photo) -> Mask | None:
    """Return the mask of `--mask`, None where clicks are given instead."""
    if options.mask is None:
        return None
    if _prompts(options):
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
