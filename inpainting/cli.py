"""The command line: the same Studio without a browser. Its options and exit codes are kept stable.

Exit codes: 0 done; 1 a model could not do it; 2 bad input; 130 stopped. Whatever goes wrong is one
sentence on stderr. Progress goes to stderr; the last line of stdout is `seed N`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Protocol, TextIO

from inpainting.arguments import build_parser
from inpainting.cutout import cutout
from inpainting.errors import BadPhoto, BadRequest, PointPaintError
from inpainting.files import save_atomically
from inpainting.photo import encode_mask, encode_png, encode_result, open_mask, open_photo
from inpainting.requests import check_edges
from inpainting.selection import refine
from inpainting.settings import Settings, read_settings
from inpainting.studio import Studio, photo_limits
from inpainting.types import (
    Edges,
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
        run = {"select": run_select, "paint": run_paint}[options.command]
        run(Run(options, settings, make_studio, say, out))
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


@dataclass(frozen=True, slots=True)
class Run:
    """One command: its options, the settings, how to get a Studio, and where to tell and write."""

    options: argparse.Namespace
    settings: Settings
    make_studio: StudioMaker
    say: Narrator
    out: TextIO


def run_select(run: Run) -> None:
    """Write the best mask, 8-bit, 255 = subject, at the photo's size, and the cut-out subject."""
    options = run.options
    _require_two(options, "output", "cutout")
    edges, prompts = _edges(options), _prompts(options)
    if options.subject and prompts:
        raise BadRequest("Give either --subject or clicks (--at, --not-at, --box), not both.")
    photo = _open(run)
    studio = run.make_studio(run.settings, run.say.line, segment=True, paint=False)
    found = studio.propose(photo) if options.subject else studio.select(photo, prompts)
    mask = refine(found.masks[0], edges, Region.SUBJECT)
    files = {options.output: encode_mask(mask)}
    if options.cutout:
        files[options.cutout] = encode_png(cutout(photo, mask))
    save_atomically(files)
    run.out.writelines(f"{path}\n" for path in files)


def run_paint(run: Run) -> None:
    """Repaint, then write the picture and, where asked for, the mask; the seed ends the output."""
    options = run.options
    _require_two(options, "output", "mask_out")
    edges, region = _edges(options), Region(options.region)
    photo = _open(run)
    given = _given_mask(options, photo)
    studio = run.make_studio(run.settings, run.say.line, segment=given is None, paint=True)
    mask = studio.select(photo, _prompts(options)).masks[0] if given is None else given
    mask = refine(mask, edges, region)
    result = _paint(studio, _request(options, photo, mask), run.say)
    files = {options.mask_out: encode_mask(mask)} if options.mask_out else {}
    save_atomically({**files, options.output: encode_result(result)})
    for note in result.notes:
        run.say.line(note)
    run.out.write(f"{options.output}\nseed {result.seed}\n")


def _require_two(options: argparse.Namespace, one: str, other: str) -> None:
    """Refuse to write two things into one file."""
    paths = [getattr(options, name) for name in (one, other)]
    if None not in paths and paths[0].resolve() == paths[1].resolve():
        flag = other.replace("_", "-")
        raise BadRequest(f"--{one} and --{flag} name the same file; give them different names.")


def _edges(options: argparse.Namespace) -> Edges:
    feather = getattr(options, "feather", None)
    return check_edges(Edges(options.grow, options.smooth, options.fill, options.specks, feather))


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
        feather=options.feather,
        prompts=_prompts(options),
    )


def _paint(studio: Studio, request: PaintRequest, say: Narrator) -> PaintResult:
    with closing(studio.paint(request)) as events:
        for event in events:
            if isinstance(event, PaintResult):
                return event
            say.progress(event)
    raise PointPaintError("The painter stopped without a picture. Please try again.")
