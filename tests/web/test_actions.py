from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inpainting.errors import BadRequest
from inpainting.types import Box, Combine, Edges, Point, Stroke
from inpainting.web import editing
from inpainting.web.actions import ACTIONS, KEPT, reducer_of, uploaded_file
from inpainting.web.finished import Sheet
from inpainting.web.session import Session

LOADED = editing.load(Session(), Sheet("a" * 64, (64, 48), "noise", "x.jpg"))
SERIAL = LOADED.serial
TWO = editing.new_part(editing.click(LOADED, 5, 5), Combine.SUBTRACT)


def click(**fields: object) -> dict[str, object]:
    return {"action": "include", "photo": SERIAL, "x": 5, "y": 6, **fields}


def stroke(**fields: object) -> dict[str, object]:
    line = [1, 2.5, 3, 4]
    return {"action": "stroke", "photo": SERIAL, "erase": True, "size": 9, "line": line, **fields}


def edges(**fields: object) -> dict[str, object]:
    numbers = {"grow": -3, "smooth": 1, "fill": 2, "specks": 4}
    return {"action": "edges", "photo": SERIAL, **numbers, "feather": None, **fields}


def test_a_click_of_the_canvas_becomes_a_point() -> None:
    assert reducer_of(click())(LOADED).now.part.prompts.points == (Point(5, 6),)
    excluded = reducer_of(click(action="exclude"))(LOADED)
    assert excluded.now.part.prompts.points == (Point(5, 6, include=False),)


def test_a_drag_of_the_canvas_becomes_a_box() -> None:
    data = {"action": "box", "photo": SERIAL, "x0": 1, "y0": 2, "x1": 30, "y1": 40}
    assert reducer_of(data)(LOADED).now.part.prompts.box == Box(1, 2, 30, 40)


def test_points_are_moved_and_removed() -> None:
    clicked = editing.click(editing.click(LOADED, 1, 1), 2, 2)
    moved = reducer_of(click(action="move", index=1, x=9, y=8))(clicked)
    assert moved.now.part.prompts.points == (Point(1, 1), Point(9, 8))
    removed = reducer_of({"action": "remove", "photo": SERIAL, "index": 0})(clicked)
    assert removed.now.part.prompts.points == (Point(2, 2),)


def test_a_line_of_the_canvas_becomes_a_stroke() -> None:
    assert reducer_of(stroke())(LOADED).now.part.strokes == (
        Stroke(((1.0, 2.5), (3.0, 4.0)), 9.0, erase=True),
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"line": []},
        {"line": [1]},
        {"line": [1, 2, 3]},
        {"line": [1, "2"]},
        {"line": [1, math.nan]},
        {"line": [1, math.inf]},
        {"line": [1, 10**400]},
        {"line": [1, True]},
        {"line": [[1, 2]]},
        {"line": "12"},
        {"line": None},
        {"line": [0.5] * 10_002},
        {"line": [1, 900_000]},
        {"size": 0},
        {"size": 5000},
        {"size": None},
        {"size": math.nan},
        {"erase": None},
        {"erase": 1},
    ],
)
def test_a_stroke_that_is_none_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(BadRequest):
        reducer_of(stroke(**fields))(LOADED)


def test_the_fields_of_the_edges_are_taken() -> None:
    assert reducer_of(edges())(LOADED).now.edges == Edges(-3, 1, 2, 4, None)
    assert reducer_of(edges(feather=12))(LOADED).now.edges.feather == 12


@pytest.mark.parametrize(
    "fields",
    [{"grow": 65}, {"grow": 1.5}, {"smooth": -1}, {"fill": "1"}, {"specks": None}, {"feather": ""}],
)
def test_edges_out_of_their_range_are_refused(fields: dict[str, object]) -> None:
    with pytest.raises(BadRequest):
        reducer_of(edges(**fields))(LOADED)


def part_shown(session: Session) -> bool:
    return session.now.parts[0].shown


@pytest.mark.parametrize(
    ("fields", "what", "value"),
    [
        ({"action": "part-pick", "key": 0}, lambda s: s.now.active, 0),
        ({"action": "part-op", "key": 1, "op": "intersect"}, lambda s: s.now.part.op, "intersect"),
        ({"action": "part-show", "key": 0, "shown": False}, part_shown, False),
        ({"action": "part-delete", "key": 0}, lambda s: len(s.now.parts), 1),
        ({"action": "part-new", "op": "add"}, lambda s: s.now.part.op, "add"),
        ({"action": "show", "result": 0}, lambda s: s.now.result, 0),
        ({"action": "undo"}, lambda s: len(s.future), 1),
        ({"action": "clear"}, lambda s: len(s.now.parts), 1),
        ({"action": "close"}, lambda s: s.now.sheet, None),
    ],
)
def test_parts_results_and_the_history(
    fields: dict[str, object], what: Callable[[Session], object], value: object
) -> None:
    assert what(reducer_of({"photo": SERIAL, **fields})(TWO)) == value


@pytest.mark.parametrize(
    "fields",
    [
        {"action": "part-new", "op": "xor"},
        {"action": "part-new"},
        {"action": "part-new", "op": ["add"]},
        {"action": "part-pick", "key": 9},
        {"action": "part-pick", "key": "0"},
        {"action": "part-show", "key": 0, "shown": "no"},
        {"action": "part-delete", "key": -1},
        {"action": "choose", "index": 0},
        {"action": "show", "result": 3},
    ],
)
def test_what_does_not_fit_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(BadRequest):
        reducer_of({"photo": SERIAL, **fields})(TWO)


def test_an_action_for_a_photo_that_another_took_the_place_of_changes_nothing() -> None:
    assert reducer_of(click(photo=SERIAL + 1))(LOADED) is LOADED


@pytest.mark.parametrize(
    "value", [None, "5", 5.0, 5.5, math.nan, math.inf, -1, 2**80, True, [5], {"x": 5}]
)
@pytest.mark.parametrize("field", ["x", "y", "photo"])
def test_what_is_no_number_is_refused(field: str, value: object) -> None:
    with pytest.raises(BadRequest):
        reducer_of(click(**{field: value}))


@pytest.mark.parametrize("place", [(64, 0), (0, 48), (999_999, 0)])
def test_a_place_off_the_photo_is_refused(place: tuple[int, int]) -> None:
    with pytest.raises(BadRequest):
        reducer_of(click(x=place[0], y=place[1]))(LOADED)


@pytest.mark.parametrize("corners", [(5, 5, 5, 9), (5, 5, 2, 9), (0, 0, 65, 9)])
def test_a_box_without_area_or_off_the_photo_is_refused(corners: tuple[int, ...]) -> None:
    data = dict(zip(("x0", "y0", "x1", "y1"), corners, strict=True))
    with pytest.raises(BadRequest):
        reducer_of({"action": "box", "photo": SERIAL, **data})(LOADED)


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
PLACES = ("x", "y", "x0", "y0", "x1", "y1", "line", "size", "erase")
EDGES = ("grow", "smooth", "fill", "specks", "feather")
NAMES = (*PLACES, *EDGES, "index", "key", "op", "shown", "result")
numbers = st.lists(st.integers(-9, 99) | st.floats(), max_size=6)
values = json | numbers | st.sampled_from([*ACTIONS, *Combine, SERIAL, 0, 1, 63])


actions = st.fixed_dictionaries(
    {"action": st.sampled_from(sorted(ACTIONS)), "photo": st.just(TWO.serial)},
    optional={name: values for name in NAMES},
)


@given(json | actions)
def test_any_json_is_followed_or_refused(data: object) -> None:
    try:
        after = reducer_of(data)(TWO)
    except BadRequest as error:
        assert str(error).endswith(".")
    else:
        assert after.version >= TWO.version


def test_an_uploaded_file_must_lie_in_the_folder_of_uploads(tmp_path: Path) -> None:
    folder = tmp_path / "uploads"
    (folder / "abc").mkdir(parents=True)
    good = folder / "abc" / "photo.png"
    good.write_bytes(b"x")
    (folder / KEPT).mkdir()
    (folder / KEPT / "result.png").write_bytes(b"x")
    secret = tmp_path / "secret.png"
    secret.write_bytes(b"x")
    (folder / "link.png").symlink_to(secret)
    assert uploaded_file({"path": str(good), "name": "photo.png"}, folder) == (good, "photo.png")
    for path in (
        secret,
        folder / ".." / "secret.png",
        folder / "link.png",
        folder,
        folder / "none.png",
        folder / KEPT / "result.png",
        "/etc/passwd",
        "http://127.0.0.1/x.png",
        "a\0b",
        None,
        7,
    ):
        with pytest.raises(BadRequest):
            uploaded_file({"path": path if path is None else str(path), "name": "x.png"}, folder)
    with pytest.raises(BadRequest):
        uploaded_file([str(good)], folder)
