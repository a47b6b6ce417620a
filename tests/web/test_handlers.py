from __future__ import annotations

from pathlib import Path

import pytest
from gradio.utils import get_upload_folder
from PIL import Image

from inpainting.photo import ANIMATED
from inpainting.types import Region
from inpainting.web import handlers
from inpainting.web.desk import Desk, Desks
from inpainting.web.kept import keep
from inpainting.web.queries import ENDED
from inpainting.web.selecting import UNEXPECTED
from tests.support.desks import click, opened, upload
from tests.support.photos import fake_studio, noise, png

EXAMPLES = sorted((Path(__file__).parents[2] / "assets" / "photos").glob("*.jpg"))


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "cache"))


# ---- without an event


def test_an_action_that_touches_the_canvas_alone_needs_no_event(tmp_path: Path) -> None:
    studio, desks = fake_studio(), Desks()
    desk = desks.new()
    view = opened(tmp_path, studio, desk)
    answer = handlers.act_alone(studio, desks, click(view, x=30, y=20, seq=3))
    assert answer is not None
    assert (answer["points"], answer["echo"]) == ([[30, 20, 1]], 3)
    assert not answer["pending"]
    same = handlers.act(studio, desk, click(view, action="none")).view
    assert same["mask"] == answer["mask"]


@pytest.mark.parametrize("action", ["undo", "redo", "show", "further", "close"])
def test_what_reaches_beyond_the_canvas_is_left_to_an_event(tmp_path: Path, action: str) -> None:
    studio, desks = fake_studio(), Desks()
    desk = desks.new()
    view = opened(tmp_path, studio, desk)
    handlers.act(studio, desk, click(view, x=30, y=20))
    before = desk.session
    assert handlers.act_alone(studio, desks, click(view, action=action, result=1)) is None
    assert desk.session is before


@pytest.mark.parametrize("data", [None, [], {}, {"desk": "x"}, {"desk": ["x"], "action": "clear"}])
def test_an_action_on_no_known_desk_is_left_to_an_event(data: object) -> None:
    assert handlers.act_alone(fake_studio(), Desks(), data) is None


# ---- opening


def test_an_upload_is_shown_at_its_size_with_a_copy_for_the_screen(tmp_path: Path) -> None:
    desk = Desk()
    view = opened(tmp_path, fake_studio(), desk)
    assert (view["photo"]["width"], view["photo"]["height"]) == (64, 48)
    assert view["photo"]["name"] == "my photo"
    assert (view["echo"], view["pending"], view["mask"]) == (7, False, None)
    assert Path(view["photo"]["file"]["path"]).read_bytes()[:2] == b"\xff\xd8"


@pytest.mark.parametrize("data", [b"no", b"<svg onload=alert(1)>", b"\x89PNG\r\n\x1a\n" + b"0" * 9])
def test_a_bad_file_is_one_sentence_and_the_photo_stays(tmp_path: Path, data: bytes) -> None:
    studio, desk = fake_studio(), Desk()
    opened(tmp_path, studio, desk)
    before = desk.session
    acted, _ = handlers.open_upload(studio, desk, upload(tmp_path, data, "bad.png"), tmp_path)
    assert acted.view["message"].endswith(".")
    assert desk.session.now == before.now
    assert acted.view["photo"] is not None


@pytest.mark.parametrize("data", [png(noise()), b"no picture"])
def test_an_upload_is_removed_opened_or_not(tmp_path: Path, data: bytes) -> None:
    sent = upload(tmp_path, data)
    handlers.open_upload(fake_studio(), Desk(), sent, tmp_path)
    assert not Path(str(sent["path"])).exists()


def test_a_file_of_the_page_itself_is_no_upload() -> None:
    kept = Path(keep(png(noise()), "result.png"))
    sent = {"path": str(kept), "name": "result.png"}
    acted, _ = handlers.open_upload(fake_studio(), Desk(), sent, Path(get_upload_folder()))
    assert "did not arrive" in acted.view["message"]
    assert kept.exists()


def test_a_path_outside_the_uploads_is_refused_and_stays(tmp_path: Path) -> None:
    desk, folder = Desk(), tmp_path / "uploads"
    folder.mkdir()
    sent = upload(tmp_path, png(noise()))
    acted, _ = handlers.open_upload(fake_studio(), desk, sent, folder)
    assert Path(str(sent["path"])).exists()
    assert "did not arrive" in acted.view["message"]
    assert desk.session.now.sheet is None


def test_what_was_done_at_opening_is_no_refusal(tmp_path: Path) -> None:
    frames = [Image.fromarray(noise(seed=n)) for n in range(2)]
    frames[0].save(tmp_path / "two.webp", save_all=True, append_images=frames[1:])
    studio, desk = fake_studio(), Desk()
    data = upload(tmp_path, (tmp_path / "two.webp").read_bytes(), "two.webp")
    view = handlers.open_upload(studio, desk, data, tmp_path)[0].view
    assert (view["note"], view["message"]) == (ANIMATED, "")
    assert handlers.act(studio, desk, click(view, x=3, y=3)).view["note"] == ""


@pytest.mark.parametrize("index", range(len(EXAMPLES)))
def test_an_example_comes_with_selection_and_prompt(index: int) -> None:
    studio, desk = fake_studio(), Desk()
    acted, example = handlers.open_example(studio, desk, {"index": index}, EXAMPLES)
    assert acted.view["photo"]["name"] == EXAMPLES[index].stem
    assert acted.view["mask"]
    assert example.prompt
    assert desk.session.mask is not None
    assert len(desk.session.past) == 1


@pytest.mark.parametrize("data", [None, {}, {"index": 99}, {"index": -1}, {"index": "0"}])
def test_an_example_that_is_not_there_is_a_sentence(data: object) -> None:
    acted, _ = handlers.open_example(fake_studio(), Desk(), data, EXAMPLES)
    assert acted.view["message"].endswith(".")
    assert acted.view["photo"] is None


def test_an_example_takes_the_place_of_photo_points_and_repaint(tmp_path: Path) -> None:
    studio, desk = fake_studio(), Desk()
    view = opened(tmp_path, studio, desk)
    handlers.act(studio, desk, click(view, x=1, y=1))
    handlers.choose_region(studio, desk, "subject")
    ticket = desk.begin()
    acted, example = handlers.open_example(studio, desk, {"index": 0}, EXAMPLES)
    assert len(acted.view["points"]) == len(example.prompts.points)
    assert acted.region == example.region.value
    assert not desk.wants(ticket)
    assert acted.view["serial"] > view["serial"]


# ---- acting


def test_a_click_is_answered_with_mask_points_and_three_thumbs(tmp_path: Path) -> None:
    studio, desk = fake_studio(), Desk()
    data = click(opened(tmp_path, studio, desk), x=30, y=20, seq=3)
    acted = handlers.act(studio, desk, data)
    view = acted.view
    assert view["points"] == [[30, 20, 1]]
    assert (view["mask"]["width"], view["mask"]["height"]) == (64, 48)
    assert len(view["thumbs"]) == 3
    assert (view["echo"], view["undo"], view["redo"]) == (3, True, False)
    assert (acted.region, acted.results) == (None, False)


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
    acted = handlers.act(studio, desk, {"action": "include", "photo": serial, **fields})
    assert acted.view["message"]
    assert desk.session.now == before.now
    assert desk.session.version == before.version


@pytest.mark.parametrize("action", ["include", "subject", "undo", "further", "close"])
def test_a_page_whose_session_has_gone_is_told(tmp_path: Path, action: str) -> None:
    studio, fresh = fake_studio(), Desk()
    old = opened(tmp_path, studio, Desk())
    data = click(old, action=action, x=30, y=20, result=1, seq=3)
    view = handlers.act(studio, fresh, data).view
    assert view["message"] == ENDED
    assert (view["photo"], view["echo"]) == (None, 3)
    assert view["desk"] == fresh.key != old["desk"]


def test_a_click_that_comes_after_the_photo_was_closed_is_nothing(tmp_path: Path) -> None:
    studio, desk = fake_studio(), Desk()
    view = opened(tmp_path, studio, desk)
    handlers.act(studio, desk, click(view, action="close"))
    late = handlers.act(studio, desk, click(view, x=30, y=20)).view
    assert (late["photo"], late["message"]) == (None, "")


def test_undo_brings_the_region_back_and_tells_it(tmp_path: Path) -> None:
    studio, desk = fake_studio(), Desk()
    view = opened(tmp_path, studio, desk)
    chosen = handlers.choose_region(studio, desk, "subject")
    assert (chosen.region, chosen.view["region"]) == ("subject", "subject")
    assert handlers.act(studio, desk, click(view, action="undo")).region == "background"
    assert handlers.act(studio, desk, click(view, action="redo")).region == "subject"


@pytest.mark.parametrize("data", [None, 5, "x", [], {"action": "rm"}, {"seq": "<b>"}])
def test_raw_json_is_no_action(data: object) -> None:
    view = handlers.act(fake_studio(), Desk(), data).view
    assert view["message"]
    assert view["echo"] == 0


def test_the_region_switch() -> None:
    studio, desk = fake_studio(), Desk()
    assert handlers.choose_region(studio, desk, "subject").view["region"] == "subject"
    for wrong in ("<b>", None, ["subject"]):
        assert handlers.choose_region(studio, desk, wrong).view["message"]
    assert desk.session.now.region is Region.SUBJECT


def test_something_unforeseen_is_worded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    studio = fake_studio()

    def fail(*_: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(studio, "open", fail)
    view = opened(tmp_path, studio, Desk())
    assert (view["message"], view["echo"]) == (UNEXPECTED, 7)
    acted, example = handlers.open_example(studio, Desk(), {"index": 0, "seq": 4}, EXAMPLES)
    assert (acted.view["message"], acted.view["echo"]) == (UNEXPECTED, 4)
    assert example.prompt == ""
