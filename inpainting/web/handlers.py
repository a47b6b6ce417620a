"""What the page does on each event: plain functions from values to values."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from inpainting.errors import BadRequest, PointPaintError
from inpainting.requests import MAX_SEED
from inpainting.studio import Studio, photo_limits
from inpainting.types import Region
from inpainting.web import editing, history
from inpainting.web.actions import Data, mapping, number, reducer_of, uploaded_file
from inpainting.web.answer import pack_one
from inpainting.web.desk import Desk, Desks
from inpainting.web.examples import Example, example_of
from inpainting.web.form import tool_of
from inpainting.web.kept import keep_display
from inpainting.web.maskfile import uploaded_mask
from inpainting.web.proposing import photo_on, take_found, take_segment, take_subject
from inpainting.web.queries import ENDED
from inpainting.web.receiving import put, receive
from inpainting.web.restoring import Restored
from inpainting.web.selecting import UNEXPECTED, settle
from inpainting.web.session import Session
from inpainting.web.tooling import NOTES, WHOLE
from inpainting.web.views import View, abilities, view

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Acted:
    """What the page shows after an event: the canvas's `view`; `region` for the switch, None when
    it stays; and whether the result panel is to be drawn anew.
    """

    view: View
    region: str | None = None
    results: bool = False


@dataclass(frozen=True, slots=True)
class Resumed:
    """What a page that was loaded goes on with: its desk, the canvas's `view`, switch and form."""

    desk: Desk
    view: View
    region: str
    form: dict[str, Any] = field(default_factory=dict)


def act(studio: Studio, desk: Desk, data: object) -> Acted:
    """Follow an action of the canvas (`actions.reducer_of`) and return what to draw."""
    return _acted(studio, desk, data, partial(_follow, studio, desk, data))


def act_alone(studio: Studio, desks: Desks, data: object) -> View | None:
    """Follow an action that touches nothing but the canvas, and return what to draw.

    None where it takes an event to do it: for other actions (`BEYOND`), and for a desk that is not
    known. It costs a few milliseconds, where an event costs twenty.
    """
    fields: Mapping[Any, Any] = data if isinstance(data, Mapping) else {}
    desk = desks.find(fields.get("desk"))
    if desk is None or fields.get("action") in BEYOND:
        return None
    return act(studio, desk, data).view


def further(studio: Studio, desk: Desk, data: object) -> Acted:
    """Go on with a result as the photo; `data` has its id as "result"."""
    return _acted(studio, desk, data, partial(_go_further, studio, desk, data))


def show(studio: Studio, desk: Desk, data: object) -> Acted:
    """Show a result, or none; `data` has its id as "result"."""

    def change() -> None:
        shown = number(mapping(data), "result")
        desk.change(partial(editing.show_result, number=shown))

    return _acted(studio, desk, data, change)


def choose_region(studio: Studio, desk: Desk, value: object) -> Acted:
    """Take the region that the switch names; the whole photo is one of them."""

    def change() -> None:
        if value == WHOLE:
            desk.change(editing.set_whole)
        elif isinstance(value, str) and value in tuple(Region):
            desk.change(partial(editing.set_region, region=Region(value)))
        else:
            raise BadRequest("Choose background or subject.")

    return _acted(studio, desk, None, change)


def choose_tool(studio: Studio, desk: Desk, value: object) -> Acted:
    """Take the tool that the switch names."""

    def change() -> None:
        tool, before = tool_of(value), desk.session.tool
        after = desk.change(partial(editing.choose_tool, tool=tool))
        if after.tool is not before:  # what a recipe told stays: it has changed the tool itself
            desk.change(partial(history.remark, sentence=NOTES[tool]))

    return _acted(studio, desk, None, change)


def find(studio: Studio, desk: Desk, text: object) -> Acted:
    """Select what a text names, as a part."""

    def change() -> None:
        take_found(studio, desk, text)

    return _acted(studio, desk, None, change)


def upload_mask(studio: Studio, desk: Desk, data: object, folder: Path) -> Acted:
    """Add the mask file that the canvas uploaded into `folder` as a part; the file is removed."""

    def change() -> None:
        path, _ = uploaded_file(data, folder)
        with _removed_after(path):
            _require_desk(desk, data)
            session = desk.session
            if number(mapping(data), "photo") == session.serial:
                _add_mask(studio, desk, session, path)

    return _acted(studio, desk, data, change)


def open_upload(
    studio: Studio, desk: Desk, data: object, folder: Path
) -> tuple[Acted, Restored | None]:
    """Open the file that the canvas uploaded into `folder`; a bad one leaves all as it was.

    Return what to draw, and what a recipe brings back: one in a picture that was made here, or one
    alone. A recipe of the photo on the desk is put in place there; else the picture is opened. The
    file is removed, opened or not: it may tell more than the photo does, such as where it was
    taken.
    """
    brought: list[Restored] = []

    def change() -> None:
        path, name = uploaded_file(data, folder)
        with _removed_after(path):
            restored = receive(studio, desk, path, name)
        brought.extend([restored] if restored else [])

    return _acted(studio, desk, data, change), brought[0] if brought else None


def open_example(
    studio: Studio, desk: Desk, data: object, paths: Sequence[Path]
) -> tuple[Acted, Example]:
    """Open an example with its selection in place; return what to draw, and it."""
    chosen: list[Example] = []

    def change() -> None:
        path = _chosen(data, paths)
        photo, example = studio.open(path, path.name), example_of(path)
        put(desk, photo, example.region)
        desk.change(partial(editing.point_at, prompts=example.prompts))
        chosen.append(example)

    return _acted(studio, desk, data, change), chosen[0] if chosen else Example()


def resume(studio: Studio, desks: Desks, desk: Desk, data: object) -> Resumed:
    """Give a page that was loaded again its old desk, or `desk` where that has gone."""
    key = data.get("desk") if isinstance(data, Mapping) else None
    found = desks.find(key) or desk
    session = found.session
    return Resumed(found, look(studio, found), session.choice, dict(found.form))


def look(studio: Studio, desk: Desk) -> View:
    """Return what the canvas shows now, without what was told of the last action."""
    session = history.told_nothing(settle(studio, desk))
    _show_again(desk, session)
    return view(session, desk=desk.key, can=abilities(studio))


def _show_again(desk: Desk, session: Session) -> None:
    """Write the copy on the screen once more where it was cleared, as old files are."""
    sheet = session.now.sheet
    if sheet is not None and sheet.display and not Path(sheet.display).exists():
        keep_display(desk.photo(sheet))


def seed_of(data: object) -> int:
    """Return the seed that the result panel sends; raises BadRequest."""
    seed = data.get("seed") if isinstance(data, Mapping) else None
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed <= MAX_SEED:
        raise BadRequest(f"A seed is a whole number from 0 to {MAX_SEED}.")
    return seed


def draw_seed() -> str:
    """Return a seed by chance, for the seed's field."""
    return str(secrets.randbelow(MAX_SEED + 1))


BEYOND = ("undo", "redo", "show", "further", "close")
"""The actions that may change the region, the results, or the job of the page."""


# ---- one event


def _acted(studio: Studio, desk: Desk, data: object, change: Callable[[], None]) -> Acted:
    """Make a change and return what to draw; what it raises becomes its sentence."""
    before = desk.session
    try:
        change()
    except PointPaintError as error:
        desk.change(partial(history.say, sentence=str(error)))
    except Exception:
        _LOG.exception("an event failed")
        desk.change(partial(history.say, sentence=UNEXPECTED))
    after = settle(studio, desk)
    region = None if after.choice == before.choice else after.choice
    told = after.results is not before.results or after.now.result != before.now.result
    return Acted(view(after, _echo(data), desk.key, abilities(studio)), region, told)


def _follow(studio: Studio, desk: Desk, data: object) -> None:
    fields = mapping(data)
    asking = ASKING.get(str(fields.get("action")))
    reduce = None if asking else reducer_of(fields)
    _require_desk(desk, fields)
    if asking:
        asking(studio, desk, fields)
    elif reduce:
        before = desk.session
        _follow_photo(studio, desk, before, desk.change(reduce))


def _go_further(studio: Studio, desk: Desk, fields: object) -> None:
    """The picture is read before the step is made: one that has gone changes nothing."""
    chosen = number(mapping(fields), "result")
    before = desk.session
    result = before.result(chosen)
    if result is not None:
        desk.photo(result.sheet)
    _follow_photo(studio, desk, before, desk.change(partial(editing.further, number=chosen)))


ASKING: Mapping[str, Callable[[Studio, Desk, Data], object]] = MappingProxyType(
    {"subject": take_subject, "segment": take_segment, "further": _go_further}
)
"""The actions that need more than the session."""


def _follow_photo(studio: Studio, desk: Desk, before: Session, after: Session) -> None:
    """Start the embedding of a photo that has come back to the desk."""
    sheet = after.now.sheet
    if sheet is not None and sheet != before.now.sheet:
        studio.embed(desk.photo(sheet))


def _require_desk(desk: Desk, data: object) -> None:
    """Refuse a page that acts on a photo of a desk that the server has forgotten."""
    if desk.session.now.sheet is None and mapping(data).get("desk") != desk.key:
        raise BadRequest(ENDED)


def _echo(data: object) -> Any:
    return data.get("seq", 0) if isinstance(data, Mapping) else 0


# ---- files


def _add_mask(studio: Studio, desk: Desk, session: Session, path: Path) -> None:
    photo = photo_on(desk, session)
    mask, note = uploaded_mask(path, photo.size, photo_limits(studio.settings))
    answer = pack_one(mask)

    def add(now: Session) -> Session:
        return history.remark(editing.give(now, answer), note) if now.serial == serial else now

    serial = session.serial
    desk.change(add)


@contextmanager
def _removed_after(path: Path) -> Iterator[None]:
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _chosen(data: object, paths: Sequence[Path]) -> Path:
    index = number(data, "index") if isinstance(data, Mapping) else len(paths)
    if index >= len(paths):
        raise BadRequest("There is no such example.")
    return paths[index]
