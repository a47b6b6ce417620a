"""What every command of the command line has: its options, a voice, and a way to get a Studio."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TextIO

from inpainting.errors import BadRequest
from inpainting.photo import open_photo
from inpainting.requests import check_edges
from inpainting.settings import Settings
from inpainting.studio import Studio, photo_limits
from inpainting.types import Edges, Photo, Point, Progress, Prompts


class StudioMaker(Protocol):
    """Makes a Studio with the models of `settings` that the command needs, telling `say` of it."""

    def __call__(
        self, settings: Settings, say: Callable[[str], None], /, *, segment: bool, paint: bool
    ) -> Studio:
        """Return the Studio; raises ModelUnavailable."""
        ...


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


def opened(run: Run, path: Path) -> Photo:
    """Open a photo before any model is loaded for it."""
    photo = open_photo(path, path.name, photo_limits(run.settings))
    for note in photo.notes:
        run.say.line(note)
    return photo


def require_different(files: list[tuple[str, Path]]) -> None:
    """Refuse to write two things into one file; pairs of an option's name and a path."""
    seen: dict[Path, str] = {}
    for name, path in files:
        other = seen.setdefault(path.resolve(), name)
        if other != name:
            raise BadRequest(
                f"--{other} and --{name} name the same file; give them different names."
            )


def edges_of(options: argparse.Namespace) -> Edges:
    """Return what is to be done to the border of a selection."""
    feather = getattr(options, "feather", None)
    return check_edges(Edges(options.grow, options.smooth, options.fill, options.specks, feather))


def prompts_of(options: argparse.Namespace) -> Prompts:
    """Return the clicks, those that include first."""
    include = [Point(x, y) for x, y in options.at]
    exclude = [Point(x, y, include=False) for x, y in options.not_at]
    return Prompts((*include, *exclude), options.box)
