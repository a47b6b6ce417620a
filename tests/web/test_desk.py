from __future__ import annotations

import gc
import weakref
from copy import deepcopy
from functools import partial
from pathlib import Path
from threading import Lock

import numpy as np
import pytest

from inpainting.errors import BadRequest
from inpainting.photo import encode_png
from inpainting.types import Photo
from inpainting.web import editing
from inpainting.web.desk import Desk, Desks, one_at_a_time
from inpainting.web.finished import Sheet
from inpainting.web.shelf import GONE
from tests.support.photos import photo


def kept(folder: Path, made: Photo) -> Sheet:
    """A sheet whose pixels are in a file."""
    path = folder / f"{made.digest}.png"
    path.write_bytes(encode_png(made))
    return Sheet(made.digest, made.size, made.name, "x.jpg", str(path))


def opened(made: Photo) -> Sheet:
    return Sheet(made.digest, made.size, made.name, "x.jpg")


def test_a_desk_is_found_by_its_key_while_someone_holds_it() -> None:
    desks = Desks(most=0)
    desk = desks.new()
    assert desks.find(desk.key) is desk
    for wrong in ("", "0" * 32, None, 7, [desk.key]):
        assert desks.find(wrong) is None
    key = desk.key
    del desk
    gc.collect()
    assert desks.find(key) is None


def test_keys_cannot_be_guessed() -> None:
    keys = {Desk().key for _ in range(50)}
    assert len(keys) == 50
    assert {len(key) for key in keys} == {32}


def test_a_copied_desk_is_a_new_one_that_is_found_too() -> None:
    desks = Desks()
    desk = desks.new()
    desk.change(partial(editing.load, sheet=opened(photo())))
    copy = deepcopy(desk)
    assert copy.key != desk.key
    assert copy.session.now.sheet is None
    assert desks.find(copy.key) is copy


def test_only_the_last_ticket_is_wanted() -> None:
    desk = Desk()
    assert not desk.wants(0)
    first = desk.begin()
    assert desk.wants(first)
    second = desk.begin()
    assert desk.wants(second)
    assert not desk.wants(first)
    desk.stop()
    assert desk.stopped
    assert not desk.wants(second)
    assert not desk.wants(0)


def test_a_window_that_closes_stops_only_what_it_began() -> None:
    desk = Desk()
    old = desk.begin("first window")
    desk.leave("another window")
    assert desk.wants(old)
    new = desk.begin("second window")
    desk.leave("first window")  # the notice comes late
    assert desk.wants(new)
    desk.leave("second window")
    assert desk.stopped


def test_a_desk_knows_whether_its_repaint_was_left_behind() -> None:
    desk = Desk()
    assert not (desk.busy or desk.left)
    ended = desk.begin("window")
    assert desk.busy
    desk.end(ended)
    desk.leave("window")  # nothing was stopped by it
    assert not (desk.busy or desk.left)
    for forget in (desk.begin, desk.stop, desk.told):
        desk.begin("window")
        desk.leave("window")
        desk.leave("window")
        assert (desk.left, desk.busy) == (True, False)
        forget()
        assert not desk.left


def test_a_desk_is_busy_until_the_last_step_is_made() -> None:
    desk = Desk()
    desk.begin("window")
    with desk.work():
        desk.leave("window")
        assert desk.busy
    assert not desk.busy


def test_a_change_that_is_refused_changes_nothing() -> None:
    desk = Desk()
    before = desk.session
    with pytest.raises(BadRequest):
        desk.change(partial(editing.click, x=1, y=1))
    assert desk.session is before


def test_pixels_of_the_opened_photo_and_of_one_more_stay_in_memory(tmp_path: Path) -> None:
    desk, first = Desk(), photo()
    desk.open(first)
    others = [kept(tmp_path, photo(seed=n)) for n in (1, 2)]
    held = desk.photo(others[0])
    assert np.array_equal(held.pixels, photo(seed=1).pixels)
    assert (held.name, held.digest) == ("noise", others[0].digest)
    assert desk.photo(others[0]) is held
    assert desk.photo(others[1]) is not held
    assert desk.photo(others[0]) is not held
    assert desk.photo(opened(first)) is first


def test_another_opened_photo_takes_the_place_of_all(tmp_path: Path) -> None:
    desk, first = Desk(), photo()
    desk.open(first)
    desk.photo(kept(tmp_path, photo(seed=1)))
    desk.open(photo(seed=2))
    with pytest.raises(BadRequest, match="open the photo again"):
        desk.photo(opened(first))


def test_a_file_that_is_gone_or_damaged_is_a_sentence(tmp_path: Path) -> None:
    sheet = kept(tmp_path, photo(seed=1))
    Path(sheet.path).write_bytes(b"no picture")
    with pytest.raises(BadRequest) as damaged:
        Desk().photo(sheet)
    assert str(damaged.value) == GONE
    Path(sheet.path).unlink()
    with pytest.raises(BadRequest, match="not on the server"):
        Desk().photo(sheet)


def test_a_closed_desk_holds_no_photo() -> None:
    desk = Desk()
    made = photo()
    desk.open(made, partial(editing.load, sheet=opened(made)))
    assert desk.photo(opened(made)) is made
    desk.change(editing.reset)
    with pytest.raises(BadRequest):
        desk.photo(opened(made))


def test_a_desk_is_there_for_an_hour_after_it_was_last_asked_for() -> None:
    now = [0.0]
    desks = Desks(clock=lambda: now[0])
    key = desks.new().key
    gc.collect()
    assert desks.find(key) is None  # nobody ever held it
    desk = desks.new()
    key = desk.key
    assert desks.find(key) is desk
    seen = weakref.ref(desk)
    del desk
    for seconds in (3599.0, 3599.0):
        now[0] += seconds
        gc.collect()
        assert desks.find(key) is seen()
    now[0] += 3601.0
    desks.find("another")
    gc.collect()
    assert seen() is None


def test_no_more_desks_are_kept_than_said() -> None:
    desks = Desks(most=2)
    keys = [desks.new() for _ in range(3)]
    names = [desk.key for desk in keys]
    assert all(desks.find(name) for name in names)
    del keys
    gc.collect()
    assert [desks.find(name) is not None for name in names] == [False, True, True]


def test_one_at_a_time_refuses_the_second_and_lets_go_after_an_error() -> None:
    lock = Lock()
    refused = pytest.raises(BadRequest, match="Busy")
    with one_at_a_time(lock, "Busy."), refused, one_at_a_time(lock, "Busy."):
        pass
    with pytest.raises(ValueError, match="x"), one_at_a_time(lock, "Busy."):
        raise ValueError("x")
    assert not lock.locked()
