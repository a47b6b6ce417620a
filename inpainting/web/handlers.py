"""What the page does on each event: plain functions from values to values."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
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
from inpainting.web.restoring import Restored, restored_from
from inpainting.web.selecting import UNEXPECTED, settle
from inpainting.web.session import Session

ENDED = "This session has ended; open the photo again."

_LOG = logging.getLogger(__name__)


def act(studio: Studio, desk: Desk, data: object) -> View:
    """Follow an action of the canvas (`actions.reducer_of`) and return what to draw."""
    try:
        reduce = reducer_of(data)
        if _has_ended(desk, data):
            return _told(desk, ENDED, data)
        desk.change(reduce)
        return view(settle(studio, desk), _echo(data), desk.key)
    except BadRequest as error:
        return _told(desk, str(error), data)


def open_upload(
    studio: Studio, desk: Desk, data: object, folder: Path
) -> tuple[View, Restored | None]:
    """Open the file that the canvas uploaded into `folder`; a bad one leaves all as it was.

    Return what to draw, and what a picture that was made here brings back. The file is removed,
    opened or not: it may tell more than the photo does, such as where it was taken.
    """
    try:
        path, name = uploaded_file(data, folder)
        with _removed_after(path):
            photo = studio.open(path, name)
            restored, note = restored_from(path, photo, studio.settings, studio.painter.info)
        _put(desk, photo)
        session = desk.change(partial(_brought_back, restored=restored, note=note))
        return view(session, _echo(data), desk.key), restored
    except PointPaintError as error:
        return _told(desk, str(error), data), None
    except Exception:
        _LOG.exception("opening failed")
        return _told(desk, UNEXPECTED, data), None


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
        return view(settle(studio, desk), _echo(data), desk.key), example
    except PointPaintError as error:
        return _told(desk, str(error), data), Example()
    except Exception:
        _LOG.exception("opening an example failed")
        return _told(desk, UNEXPECTED, data), Example()


def choose_region(desk: Desk, value: object) -> View:
    """Take the region that the switch names."""
    try:
        region = Region(str(value))
    except ValueError:
        return _told(desk, "Choose background or subject.", None)
    return view(desk.change(partial(sessions.set_region, region=region)), desk=desk.key)


def seed_of(data: object) -> int:
    """Return the seed that the result panel sends; raises BadRequest."""
    seed = data.get("seed") if isinstance(data, Mapping) else None
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed <= MAX_SEED:
        raise BadRequest(f"A seed is a whole number from 0 to {MAX_SEED}.")
    return seed


def draw_seed() -> str:
    """Return a seed by chance, for the seed's field."""
    return str(secrets.randbelow(MAX_SEED + 1))


def _told(desk: Desk, sentence: str, data: object) -> View:
    session = desk.change(partial(sessions.say, sentence=sentence))
    return view(session, _echo(data), desk.key)


def _has_ended(desk: Desk, data: object) -> bool:
    """Whether a page acts on a photo of a desk that the server has forgotten."""
    known = isinstance(data, Mapping) and data.get("desk") == desk.key
    return desk.session.photo is None and not known


def _brought_back(session: Session, restored: Restored | None, note: str) -> Session:
    """Put back what there is, and only then tell it: each change clears what was told before."""
    notes = " ".join(filter(None, (note, session.note)))
    if restored is not None:
        session = sessions.set_region(session, restored.region)
        if restored.answer is not None:
            session = sessions.restore(session, restored.prompts, restored.answer)
    return sessions.remark(session, notes)


@contextmanager
def _removed_after(path: Path) -> Iterator[None]:
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


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
