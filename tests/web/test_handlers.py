from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from gradio.utils import get_upload_folder
from PIL import Image

from inpainting.errors import BadRequest
from inpainting.photo import ANIMATED
from inpainting.requests import MAX_SEED
from inpainting.studio import Studio
from inpainting.types import Region
from inpainting.web import handlers
from inpainting.web.canvas import keep
from inpainting.web.desk import Desk
from inpainting.web.selecting import UNEXPECTED
from tests.support.photos import fake_studio, noise, png

EXAMPLES = sorted((Path(__file__).parents[2] / "assets" / "photos").glob("*.jpg"))


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "cache"))


def upload(tmp_path: Path, data: bytes, name: str = "my photo.png") -> dict[str, object]:
    path = tmp_path / name
    path.write_bytes(data)
    return {"path": str(path), "name": name, "seq": 7}


def opened(tmp_path: Path, studio: Studio, desk: Desk) -> dict[str, Any]:
    data = upload(tmp_path, png(noise()))
    view, restored = handlers.open_upload(studio, desk, data, tmp_path)
    assert restored is None
    return view


def click(view: dict[str, Any], **fields: object) -> dict[str, object]:
    """An action of a page that shows `view`."""
    return {"action": "include", "desk": view["desk"], "photo": view["serial"], **fields}


def test_an_upload_is_shown_at_its_size_with_a_copy_for_the_screen(tmp_path: Path) -> None:
    desk = Desk()
    view = opened(tmp_path, fake_studio(), desk)
    assert (view["photo"]["width"], view["photo"]["height"]) == (64, 48)
    assert view["photo"]["name"] == "my photo"
    assert view["echo"] == 7
    assert Path(view["photo"]["file"]["path"]).read_bytes()[:2] == b"\xff\xd8"


@pytest.mark.parametrize("data", [b"", b"<svg onload=alert(1)>", b"\x89PNG\r\n\x1a\n" + b"0" * 99])
def test_a_bad_file_is_one_sentence_and_the_photo_stays(tmp_path: Path, data: bytes) -> None:
    studio, desk = fake_studio(), Desk()
    opened(tmp_path, studio, desk)
    before = desk.session.photo
    view, _ = handlers.open_upload(studio, desk, upload(tmp_path, data, "bad.png"), tmp_path)
    assert view["message"].endswith(".")
    assert desk.session.photo is before
    assert view["photo"] is not None


@pytest.mark.parametrize("data", [png(noise()), b"no picture"])
def test_an_upload_is_removed_opened_or_not(tmp_path: Path, data: bytes) -> None:
    sent = upload(tmp_path, data)
    handlers.open_upload(fake_studio(), Desk(), sent, tmp_path)
    assert not Path(str(sent["path"])).exists()


def test_a_file_of_the_page_itself_is_no_upload() -> None:
    kept = Path(keep(png(noise()), "result.png"))
    sent = {"path": str(kept), "name": "result.png"}
    view, _ = handlers.open_upload(fake_studio(), Desk(), sent, Path(get_upload_folder()))
    assert "did not arrive" in view["message"]
    assert kept.exists()


def test_a_path_outside_the_uploads_is_refused_and_stays(tmp_path: Path) -> None:
    desk, folder = Desk(), tmp_path / "uploads"
    folder.mkdir()
    sent = upload(tmp_path, png(noise()))
    view, _ = handlers.open_upload(fake_studio(), desk, sent, folder)
    assert Path(str(sent["path"])).exists()
    assert "did not arrive" in view["message"]
    assert desk.session.photo is None


def test_a_click_is_answered_with_mask_points_and_three_thumbs(tmp_path: Path) -> None:
    studio, desk = fake_studio(), Desk()
    data = click(opened(tmp_path, studio, desk), x=30, y=20, seq=3)
    view = handlers.act(studio, desk, data)
    assert view["points"] == [[30, 20, 1]]
    assert view["mask"].startswith("data:image/png;base64,")
    assert len(view["thumbs"]) == 3
    assert (view["echo"], view["undo"], view["redo"]) == (3, True, False)


@pytest.mark.parametrize(
    "fields",
    [
        {"x": 1e9, "y": 0},
        {"x": None, "y": 0},
        {"x": 64, "y": 0},
        {"x": 0, "y": -1},
        {"x": "../../x", "y": 0},
        {},
    ],
)
def test_a_bad_click_leaves_the_session_and_says_why(
    tmp_path: Path, fields: dict[str, object]
) -> None:
    studio, desk = fake_studio(), Desk()
    serial = opened(tmp_path, studio, desk)["serial"]
    before = desk.session
    view = handlers.act(studio, desk, {"action": "include", "photo": serial, **fields})
    assert view["message"]
    assert desk.session.now == before.now
    assert desk.session.version == before.version


def test_a_page_whose_session_has_gone_is_told(tmp_path: Path) -> None:
    studio, fresh = fake_studio(), Desk()
    old = opened(tmp_path, studio, Desk())
    view = handlers.act(studio, fresh, click(old, x=30, y=20, seq=3))
    assert view["message"] == handlers.ENDED
    assert (view["photo"], view["echo"]) == (None, 3)
    assert view["desk"] == fresh.key != old["desk"]


def test_a_click_that_comes_after_the_photo_was_closed_is_nothing(tmp_path: Path) -> None:
    studio, desk = fake_studio(), Desk()
    view = opened(tmp_path, studio, desk)
    handlers.act(studio, desk, click(view, action="close"))
    late = handlers.act(studio, desk, click(view, x=30, y=20))
    assert (late["photo"], late["message"]) == (None, "")


def test_what_was_done_at_opening_is_no_refusal(tmp_path: Path) -> None:
    frames = [Image.fromarray(noise(seed=n)) for n in range(2)]
    frames[0].save(tmp_path / "two.webp", save_all=True, append_images=frames[1:])
    studio, desk = fake_studio(), Desk()
    data = upload(tmp_path, (tmp_path / "two.webp").read_bytes(), "two.webp")
    view, _ = handlers.open_upload(studio, desk, data, tmp_path)
    assert (view["note"], view["message"]) == (ANIMATED, "")
    assert handlers.act(studio, desk, click(view, x=3, y=3))["note"] == ""


@pytest.mark.parametrize("data", [None, 5, "x", [], {"action": "rm"}, {"seq": "<b>"}])
def test_raw_json_is_no_action(data: object) -> None:
    view = handlers.act(fake_studio(), Desk(), data)
    assert view["message"]
    assert view["echo"] == 0


@pytest.mark.parametrize("index", range(len(EXAMPLES)))
def test_an_example_comes_with_selection_and_prompt(index: int) -> None:
    studio, desk = fake_studio(), Desk()
    view, example = handlers.open_example(studio, desk, {"index": index}, EXAMPLES)
    assert view["photo"]["name"] == EXAMPLES[index].stem
    assert view["mask"]
    assert example.prompt
    assert desk.session.mask is not None


@pytest.mark.parametrize("data", [None, {}, {"index": 99}, {"index": -1}, {"index": "0"}])
def test_an_example_that_is_not_there_is_a_sentence(data: object) -> None:
    view, _ = handlers.open_example(fake_studio(), Desk(), data, EXAMPLES)
    assert view["message"].endswith(".")
    assert view["photo"] is None


def test_an_example_takes_the_place_of_photo_points_and_repaint(tmp_path: Path) -> None:
    studio, desk = fake_studio(), Desk()
    serial = opened(tmp_path, studio, desk)["serial"]
    handlers.act(studio, desk, {"action": "include", "photo": serial, "x": 1, "y": 1})
    ticket = desk.begin()
    view, example = handlers.open_example(studio, desk, {"index": 0}, EXAMPLES)
    assert len(view["points"]) == len(example.prompts.points)
    assert not desk.wants(ticket)
    assert view["serial"] > 1


def test_the_region_switch() -> None:
    desk = Desk()
    assert handlers.choose_region(desk, "subject")["region"] == "subject"
    assert handlers.choose_region(desk, "<b>")["message"]
    assert desk.session.region is Region.SUBJECT


def test_something_unforeseen_is_worded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    studio = fake_studio()

    def fail(*_: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(studio, "open", fail)
    view = opened(tmp_path, studio, Desk())
    assert (view["message"], view["echo"]) == (UNEXPECTED, 7)
    view, example = handlers.open_example(studio, Desk(), {"index": 0, "seq": 4}, EXAMPLES)
    assert (view["message"], view["echo"], example.prompt) == (UNEXPECTED, 4, "")


def test_seeds() -> None:
    assert handlers.seed_of({"seed": MAX_SEED}) == MAX_SEED
    assert 0 <= int(handlers.draw_seed()) <= MAX_SEED
    for bad in (None, {}, {"seed": -1}, {"seed": 2**32}, {"seed": "1"}, {"seed": True}):
        with pytest.raises(BadRequest):
            handlers.seed_of(bad)
