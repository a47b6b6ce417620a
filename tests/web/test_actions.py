from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inpainting.errors import BadRequest
from inpainting.types import Box, Point
from inpainting.web.actions import ACTIONS, KEPT, reducer_of, uploaded_file
from inpainting.web.session import Session, load
from tests.support.photos import photo

LOADED = load(Session(), photo(), "photo.jpg")
SERIAL = LOADED.serial


def click(**fields: object) -> dict[str, object]:
    return {"action": "include", "photo": SERIAL, "x": 5, "y": 6, **fields}


def test_a_click_of_the_canvas_becomes_a_point() -> None:
    assert reducer_of(click())(LOADED).now.prompts.points == (Point(5, 6),)
    excluded = reducer_of(click(action="exclude"))(LOADED)
    assert excluded.now.prompts.points == (Point(5, 6, include=False),)


def test_a_drag_of_the_canvas_becomes_a_box() -> None:
    data = {"action": "box", "photo": SERIAL, "x0": 1, "y0": 2, "x1": 30, "y1": 40}
    assert reducer_of(data)(LOADED).now.prompts.box == Box(1, 2, 30, 40)


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
names = st.sampled_from(["action", "photo", "x", "y", "x0", "y0", "x1", "y1", "index"])
values = json | st.sampled_from([*ACTIONS, SERIAL, 0, 1, 63])


@given(json | st.dictionaries(names, values))
def test_any_json_is_followed_or_refused(data: object) -> None:
    try:
        after = reducer_of(data)(LOADED)
    except BadRequest as error:
        assert str(error).endswith(".")
    else:
        assert after.version >= LOADED.version


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
