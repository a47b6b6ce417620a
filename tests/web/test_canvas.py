from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from inpainting.settings import Settings
from inpainting.types import Box, Combine, Edges
from inpainting.web import editing
from inpainting.web.canvas import keep, kept_folder, point_canvas, served, view
from inpainting.web.desk import Desk, Desks
from inpainting.web.finished import Finished, Sheet
from inpainting.web.selecting import settle
from inpainting.web.session import Session
from inpainting.web.views import abilities
from tests.support.photos import fake_studio, photo
from tests.support.views import mask_of

KEYS = {
    *("echo", "desk", "serial", "version", "photo", "region", "parts", "active", "points", "box"),
    *("thumbs", "scores", "chosen", "mask", "edges", "feather", "pending", "undo", "redo"),
    *("message", "note", "can", "result"),
}


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "cache"))


def loaded() -> Desk:
    desk, made = Desk(), photo()
    desk.open(made)
    sheet = Sheet(made.digest, made.size, made.name, "shown.jpg")
    desk.change(partial(editing.load, sheet=sheet))
    return desk


def test_a_view_says_all_that_the_canvas_draws() -> None:
    desk, studio = loaded(), fake_studio()
    desk.change(partial(editing.click, x=20, y=24))
    desk.change(partial(editing.exclude, x=30, y=24))
    desk.change(partial(editing.box, corners=Box(1, 2, 60, 40)))
    desk.change(partial(editing.set_edges, edges=Edges(grow=2)))
    shown = view(settle(studio, desk), 9, desk.key, abilities(studio))
    assert set(shown) == KEYS
    assert (shown["echo"], shown["desk"]) == (9, desk.key)
    assert (shown["photo"]["width"], shown["photo"]["height"]) == (64, 48)
    assert shown["photo"]["file"]["path"] == "shown.jpg"
    assert (shown["points"], shown["box"]) == ([[20, 24, 1], [30, 24, 0]], [1, 2, 60, 40])
    assert (len(shown["thumbs"]), shown["scores"]) == (3, [0.9, 0.8, 0.7])
    assert shown["edges"] == {"grow": 2, "smooth": 0, "fill": 0, "specks": 0, "feather": None}
    assert shown["feather"] > 0
    assert (shown["undo"], shown["redo"], shown["pending"]) == (True, False, False)
    assert json.loads(json.dumps(shown)) == shown


def test_the_mask_travels_whole() -> None:
    desk = loaded()
    desk.change(partial(editing.click, x=20, y=24))
    session = settle(fake_studio(), desk)
    seen = view(session)
    assert (seen["mask"]["width"], seen["mask"]["height"]) == (64, 48)
    assert session.mask is not None
    assert np.array_equal(mask_of(seen), session.mask)


def test_parts_are_listed_and_points_are_those_of_the_active_one() -> None:
    desk = loaded()
    desk.change(partial(editing.click, x=20, y=24))
    desk.change(partial(editing.new_part, op=Combine.SUBTRACT))
    waiting = view(desk.change(partial(editing.click, x=22, y=24)))
    first, second = waiting["parts"]
    assert first["pending"] and second["pending"] and waiting["pending"]
    assert (waiting["mask"], waiting["thumbs"]) == (None, [])
    shown = view(settle(fake_studio(), desk))
    assert shown["parts"] == [
        {
            "key": 0,
            "op": "add",
            "shown": True,
            "given": False,
            "points": 1,
            "strokes": 0,
            "box": False,
            "pending": False,
        },
        {
            "key": 1,
            "op": "subtract",
            "shown": True,
            "given": False,
            "points": 1,
            "strokes": 0,
            "box": False,
            "pending": False,
        },
    ]
    assert (shown["active"], shown["points"]) == (1, [[22, 24, 1]])


def test_nothing_selected_is_no_mask() -> None:
    shown = view(settle(fake_studio(), loaded()))
    assert (shown["mask"], shown["feather"], shown["pending"]) == (None, 0, False)
    empty = view(Session(), "<b>")
    assert (empty["photo"], empty["echo"], empty["pending"]) == (None, 0, False)
    assert empty["can"] == {"hover": False, "subject": False, "everything": False}


def test_a_result_that_is_not_listed_any_more_is_not_shown() -> None:
    desk = loaded()
    sheet = Sheet("b" * 64, (64, 48), "noise", "1.jpg", "1.png")
    result = Finished(1, sheet, "shown.jpg", "thumb.jpg", "1.png", 1, 1.0, source="shown.jpg")
    session = desk.change(partial(editing.finished, result=result))
    assert view(session)["result"] == 1
    session = editing.load(session, sheet)
    assert view(session)["result"] == 0


def test_the_canvas_has_its_server_functions() -> None:
    desks = Desks()
    canvas = point_canvas(Settings(), fake_studio(), desks)
    names = ["follow", "hover", "everything", "fetch"]
    assert [function.__name__ for function in canvas.server_fns] == names
    assert canvas.follow({"desk": "x", "action": "clear"}) is None
    for name in names[1:]:
        assert "ended" in getattr(canvas, name)({"desk": "x", "photo": 1})["error"]


def test_a_fetched_file_is_cleared_in_time() -> None:
    desks = Desks()
    canvas = point_canvas(Settings(), fake_studio(), desks)
    desk, made = desks.new(), photo()
    desk.open(made)
    desk.change(partial(editing.load, sheet=Sheet(made.digest, made.size, made.name, "x.jpg")))
    desk.change(partial(editing.click, x=20, y=24))
    (fetch,) = (function for function in canvas.server_fns if function.__name__ == "fetch")
    answer = fetch({"desk": desk.key, "photo": desk.session.serial, "what": "mask"})
    assert answer["path"] in canvas.temp_files


def test_what_is_kept_lies_apart_by_its_content(tmp_path: Path) -> None:
    one, same, other = keep(b"1", "a.png"), keep(b"1", "a.png"), keep(b"2", "a.png")
    assert one == same != other
    assert Path(other).read_bytes() == b"2"
    assert kept_folder("x").parent == (tmp_path / "cache" / "kept").resolve()
    assert served("") == {}
