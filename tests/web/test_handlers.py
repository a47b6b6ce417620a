from __future__ import annotations

import gc
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gradio.utils import get_upload_folder
from PIL import Image

from inpainting.errors import BadRequest
from inpainting.photo import ANIMATED, encode_mask, encode_png
from inpainting.requests import MAX_SEED
from inpainting.studio import Studio
from inpainting.types import Candidates, Region
from inpainting.web import editing, handlers, queries
from inpainting.web.desk import Desk, Desks
from inpainting.web.finished import Finished, Sheet
from inpainting.web.handlers import Acted
from inpainting.web.kept import keep
from inpainting.web.proposing import NOT_CUT
from inpainting.web.queries import ENDED
from inpainting.web.selecting import UNEXPECTED
from inpainting.web.session import NO_PARTS
from tests.support.fakes import FakePainter, FakeSegmenter
from tests.support.photos import fake_studio, noise, photo, png
from tests.support.proposer import FakeProposer, PlainSegmenter

EXAMPLES = sorted((Path(__file__).parents[2] / "assets" / "photos").glob("*.jpg"))


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "cache"))


def upload(tmp_path: Path, data: bytes, name: str = "my photo.png") -> dict[str, object]:
    path = tmp_path / name
    path.write_bytes(data)
    return {"path": str(path), "name": name, "seq": 7}


def opened(tmp_path: Path, studio: Studio, desk: Desk, data: bytes = b"") -> dict[str, Any]:
    sent = upload(tmp_path, data or png(noise()))
    acted, restored = handlers.open_upload(studio, desk, sent, tmp_path)
    assert restored is None
    return acted.view


def click(view: dict[str, Any], **fields: object) -> dict[str, object]:
    """An action of a page that shows `view`."""
    return {"action": "include", "desk": view["desk"], "photo": view["serial"], **fields}


def painted(tmp_path: Path, desk: Desk, number: int = 1) -> Finished:
    """A result of the photo on the desk, put there."""
    made, sheet = photo(seed=40 + number), desk.session.now.sheet
    path = tmp_path / f"result-{number}.png"
    path.write_bytes(encode_png(made))
    before = "" if sheet is None else sheet.display
    result = Finished(
        number,
        Sheet(made.digest, made.size, made.name, f"{number}.jpg", str(path)),
        before,
        "thumb.jpg",
        path.name,
        number,
        1.0,
        source=before,
    )
    desk.change(partial(editing.finished, result=result))
    return result


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


# ---- without a click


@pytest.fixture
def proposer() -> FakeProposer:
    return FakeProposer()


def test_the_subject_is_proposed_as_a_part_of_its_own(
    tmp_path: Path, proposer: FakeProposer
) -> None:
    studio, desk = Studio(proposer, FakePainter()), Desk()
    data = click(opened(tmp_path, studio, desk), action="subject")
    view = handlers.act(studio, desk, data).view
    assert [part["given"] for part in view["parts"]] == [True]
    assert len(view["thumbs"]) == 4
    assert view["mask"] is not None
    assert view["can"]["subject"]
    handlers.act(studio, desk, click(view, action="choose", index=1))
    assert len(desk.session.past) == 2
    handlers.act(studio, desk, click(view, action="undo"))
    undone = handlers.act(studio, desk, click(view, action="undo")).view
    assert (undone["parts"][0]["given"], undone["mask"]) == (False, None)


def test_a_proposal_for_a_photo_that_another_took_the_place_of_is_dropped(tmp_path: Path) -> None:
    desk = Desk()

    class Late(FakeProposer):
        def propose(self, embedding: Any) -> Candidates:
            """Open another photo meanwhile."""
            opened(tmp_path, fake_studio(), desk, png(noise(seed=9)))
            return super().propose(embedding)

    studio = Studio(Late(), FakePainter())
    data = click(opened(tmp_path, studio, desk), action="subject")
    assert handlers.act(studio, desk, data).view["mask"] is None
    assert desk.session.now.parts == NO_PARTS


def test_a_segmenter_that_proposes_nothing_says_so(tmp_path: Path) -> None:
    studio, desk = Studio(PlainSegmenter(), FakePainter()), Desk()
    view = opened(tmp_path, studio, desk)
    assert not (view["can"]["subject"] or view["can"]["everything"])
    for action in ("subject", "segment"):
        after = handlers.act(studio, desk, click(view, action=action, index=0)).view
        assert after["message"].endswith(".")
        assert after["mask"] is None


def test_one_segment_is_added(tmp_path: Path, proposer: FakeProposer) -> None:
    studio, desks = Studio(proposer, FakePainter()), Desks()
    desk = desks.new()
    view = opened(tmp_path, studio, desk)
    handlers.act(studio, desk, click(view, action="edges", grow=0, smooth=0, fill=0, specks=0))
    early = handlers.act(studio, desk, click(view, action="segment", index=2)).view
    assert early["message"] == NOT_CUT
    queries.everything(studio, desks, click(view))
    handlers.act(studio, desk, click(view, action="segment", index=2))
    mask = desk.session.mask
    assert mask is not None
    assert mask[:4, :4].all()
    assert mask.sum() == 16
    two = handlers.act(studio, desk, click(view, action="segment", index=0)).view
    assert (len(two["parts"]), proposer.cut) == (2, 1)
    for wrong in (3, -1, None):
        late = handlers.act(studio, desk, click(view, action="segment", index=wrong)).view
        assert late["message"].endswith(".")


# ---- masks


def mask_sent(
    view: dict[str, Any], tmp_path: Path, data: bytes, **fields: object
) -> dict[str, object]:
    return {**click(view), **upload(tmp_path, data, "mask.png"), **fields}


def half(width: int, height: int) -> bytes:
    mask = np.zeros((height, width), np.bool_)
    mask[:, : width // 2] = True
    return encode_mask(mask)


def test_a_mask_file_becomes_a_part_and_is_removed(tmp_path: Path) -> None:
    studio, desk = fake_studio(), Desk()
    view = opened(tmp_path, studio, desk)
    sent = mask_sent(view, tmp_path, half(64, 48))
    after = handlers.upload_mask(studio, desk, sent, tmp_path).view
    assert [part["given"] for part in after["parts"]] == [True]
    assert (after["note"], after["message"], after["echo"]) == ("", "", 7)
    answer = desk.session.now.part.answer
    assert answer is not None
    assert answer.mask(0)[:, :32].all()
    assert not answer.mask(0)[:, 32:].any()
    assert not Path(str(sent["path"])).exists()


def test_a_mask_of_another_size_is_scaled_with_a_note(tmp_path: Path) -> None:
    studio, desk = fake_studio(), Desk()
    view = opened(tmp_path, studio, desk)
    sent = mask_sent(view, tmp_path, half(128, 96))
    after = handlers.upload_mask(studio, desk, sent, tmp_path).view
    assert after["note"] == "The mask was scaled from 128 x 96 to 64 x 48 pixels."
    answer = desk.session.now.part.answer
    assert answer is not None
    assert answer.mask(0)[:, :32].all()


@pytest.mark.parametrize(
    "data", [half(64, 40), half(48, 64), encode_mask(np.zeros((48, 64), np.bool_)), b"no", b""]
)
def test_a_mask_that_does_not_fit_is_refused_and_removed(tmp_path: Path, data: bytes) -> None:
    studio, desk = fake_studio(), Desk()
    sent = mask_sent(opened(tmp_path, studio, desk), tmp_path, data)
    after = handlers.upload_mask(studio, desk, sent, tmp_path).view
    assert after["message"].endswith(".")
    assert "mask" in after["message"]
    assert (desk.session.past, after["mask"]) == ((), None)
    assert not Path(str(sent["path"])).exists()


def test_a_mask_for_another_photo_or_an_ended_session_changes_nothing(tmp_path: Path) -> None:
    studio, desk = fake_studio(), Desk()
    view = opened(tmp_path, studio, desk)
    late = mask_sent(view, tmp_path, half(64, 48), photo=view["serial"] + 1)
    assert handlers.upload_mask(studio, desk, late, tmp_path).view["mask"] is None
    assert not Path(str(late["path"])).exists()
    ended = handlers.upload_mask(studio, Desk(), mask_sent(view, tmp_path, half(64, 48)), tmp_path)
    assert ended.view["message"] == ENDED


# ---- results


def test_going_on_with_a_result_and_back(tmp_path: Path) -> None:
    segmenter = FakeSegmenter()
    studio, desk = Studio(segmenter, FakePainter()), Desk()
    first = opened(tmp_path, studio, desk)
    result = painted(tmp_path, desk)
    acted = handlers.further(studio, desk, {"result": 1})
    assert acted.results
    assert acted.view["photo"]["digest"] == result.sheet.digest
    view = handlers.act(studio, desk, click(acted.view, x=20, y=20)).view
    assert view["mask"] is not None
    assert segmenter.embedded == 2
    for _ in "ab":
        view = handlers.act(studio, desk, click(view, action="undo")).view
    assert view["photo"]["digest"] == first["photo"]["digest"]
    assert view["result"] == 1


def test_a_result_whose_file_has_gone_changes_nothing(tmp_path: Path) -> None:
    studio, desk = fake_studio(), Desk()
    view = opened(tmp_path, studio, desk)
    Path(painted(tmp_path, desk).sheet.path).unlink()
    before = desk.session
    acted = handlers.act(studio, desk, click(view, action="further", result=1))
    assert acted.view["message"].endswith(".")
    assert desk.session.now == before.now
    assert handlers.further(studio, desk, {"result": 9}).view["message"].endswith(".")


def test_results_are_shown_and_put_aside(tmp_path: Path) -> None:
    studio, desk = fake_studio(), Desk()
    view = opened(tmp_path, studio, desk)
    painted(tmp_path, desk)
    aside = handlers.show(studio, desk, {"result": 0})
    assert (aside.results, aside.view["result"]) == (True, 0)
    again = handlers.act(studio, desk, click(view, action="show", result=1))
    assert (again.results, again.view["result"]) == (True, 1)
    assert not handlers.act(studio, desk, click(view, x=3, y=3)).results
    for wrong in (None, {}, {"result": 5}, {"result": "1"}):
        assert handlers.show(studio, desk, wrong).view["message"].endswith(".")


# ---- a page that was loaded again


def test_a_page_that_was_loaded_again_finds_all_as_it_was(tmp_path: Path) -> None:
    studio, desks = fake_studio(), Desks()
    old, fresh = desks.new(), desks.new()
    view = opened(tmp_path, studio, old)
    handlers.act(studio, old, click(view, x=20, y=20))
    handlers.choose_region(studio, old, "subject")
    old.form = {"prompt": "sunset sea"}
    handlers.act(studio, old, click(view, x=900, y=20))
    resumed = handlers.resume(studio, desks, fresh, {"desk": old.key, "language": "de"})
    assert resumed.desk is old
    assert (resumed.region, resumed.form) == ("subject", {"prompt": "sunset sea"})
    assert resumed.view["points"] == [[20, 20, 1]]
    assert (resumed.view["desk"], resumed.view["undo"]) == (old.key, True)
    assert resumed.view["message"] == ""


@pytest.mark.parametrize("data", [None, {}, {"desk": "0" * 32}, {"desk": 5}, "x"])
def test_a_page_without_an_old_desk_gets_its_own(data: object) -> None:
    desks = Desks()
    fresh = desks.new()
    resumed = handlers.resume(fake_studio(), desks, fresh, data)
    assert resumed.desk is fresh
    assert (resumed.view["photo"], resumed.view["desk"]) == (None, fresh.key)


def test_a_desk_lives_as_long_as_one_page_holds_it(tmp_path: Path) -> None:
    studio, desks = fake_studio(), Desks()
    old = desks.new()
    key = opened(tmp_path, studio, old)["desk"]
    held = handlers.resume(studio, desks, desks.new(), {"desk": key}).desk
    del old
    gc.collect()
    assert desks.find(key) is held
    assert held.session.now.sheet is not None


def test_an_answer_tells_what_changed() -> None:
    assert Acted({}) == Acted({}, None, False)


def test_seeds() -> None:
    assert handlers.seed_of({"seed": MAX_SEED}) == MAX_SEED
    assert 0 <= int(handlers.draw_seed()) <= MAX_SEED
    for bad in (None, {}, {"seed": -1}, {"seed": 2**32}, {"seed": "1"}, {"seed": True}):
        with pytest.raises(BadRequest):
            handlers.seed_of(bad)
