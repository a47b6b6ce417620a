"""What the page does on each event: plain functions from values to values."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from inpainting.errors import BadRequest, PointPaintError
from inpainting.requests import MAX_SEED
from inpainting.studio import Studio
from inpainting.types import Photo, Region
from inpainting.web import session as sessions
from inpainting.web.actions import number, reducer_of, uploaded_file
from inpainting.web.canvas import View, keep_display, view
from inpainting.web.desk import Desk
from inpainting.web.examples import Example, example_of
from inpainting.web.selecting import UNEXPECTED, settle
from inpainting.web.session import Session

_LOG = logging.getLogger(__name__)


def act(studio: Studio, desk: Desk, data: object) -> View:
    """Follow an action of the canvas (`actions.reducer_of`) and return what to draw."""
    try:
        desk.change(reducer_of(data))
        session = settle(studio, desk)
    except BadRequest as error:
        session = desk.change(partial(sessions.say, sentence=str(error)))
    return view(session, _echo(data))


def open_upload(studio: Studio, desk: Desk, data: object, folder: Path) -> View:
    """Open the file that the canvas uploaded into `folder`; a bad one leaves all as it was."""
    try:
        path, name = uploaded_file(data, folder)
        session = _put(desk, studio.open(path, name))
    except PointPaintError as error:
        session = desk.change(partial(sessions.say, sentence=str(error)))
    except Exception:
        _LOG.exception("opening failed")
        session = desk.change(partial(sessions.say, sentence=UNEXPECTED))
    return view(session, _echo(data))


def open_example(
    studio: Studio, desk: Desk, data: object, paths: Sequence[Path]
) -> tuple[View, Example]:
    """Open an example with its selection in place; return what to draw, and it."""
    try:
        path = _chosen(data, paths)
        example = example_of(path)
        _put(desk, studio.open(path, path.name))
        desk.change(partial(sessions.set_region, region=example.region))
        desk.change(partial(sessions.point_at, prompts=example.prompts))
        return view(settle(studio, desk)), example
    except PointPaintError as error:
        return view(desk.change(partial(sessions.say, sentence=str(error)))), Example()


def choose_region(desk: Desk, value: object) -> View:
    """Take the region that the switch names."""
    try:
        region = Region(str(value))
    except ValueError:
        return view(desk.change(partial(sessions.say, sentence="Choose background or subject.")))
    return view(desk.change(partial(sessions.set_region, region=region)))


def seed_of(data: object) -> int:
    """Return the seed that the result panel sends; raises BadRequest."""
    seed = data.get("seed") if isinstance(data, Mapping) else None
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed <= MAX_SEED:
        raise BadRequest(f"A seed is a whole number from 0 to {MAX_SEED}.")
    return seed


def draw_seed() -> str:
    """Return a seed by chance, for the seed's field."""
    return str(secrets.randbelow(MAX_SEED + 1))


def _put(desk: Desk, photo: Photo) -> Session:
    desk.stop()
    return desk.change(partial(sessions.load, photo=photo, display=keep_display(photo)))


def _chosen(data: object, paths: Sequence[Path]) -> Path:
    index = number(data, "index") if isinstance(data, Mapping) else len(paths)
    if index >= len(paths):
        raise BadRequest("There is no such example.")
    return paths[index]


def _echo(data: object) -> Any:
    return data.get("seq", 0) if isinstance(data, Mapping) else 0
