from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inpainting.errors import BadRequest
from inpainting.photo import encode_mask
from inpainting.requests import MAX_SEED
from inpainting.studio import Studio
from inpainting.types import Candidates
from inpainting.web import handlers, queries
from inpainting.web.desk import Desk, Desks
from inpainting.web.handlers import Acted
from inpainting.web.proposing import NOT_CUT
from inpainting.web.queries import ENDED
from inpainting.web.session import NO_PARTS
from tests.support.desks import click, opened, painted, upload
from tests.support.fakes import FakePainter, FakeSegmenter
from tests.support.photos import fake_studio, noise, png
from tests.support.proposer import FakeProposer, PlainSegmenter


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "cache"))


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
