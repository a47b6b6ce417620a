from __future__ import annotations

import base64
from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from inpainting.photo import open_mask, open_photo
from inpainting.studio import Studio
from inpainting.types import Candidates, Embedding, Point, Prompts, Rgb
from inpainting.web import editing, queries
from inpainting.web.answer import pack_one
from inpainting.web.desk import Desk, Desks
from inpainting.web.finished import Sheet
from inpainting.web.queries import BUSY, ENDED, MOVED
from inpainting.web.segments import segments_of
from inpainting.web.selecting import UNEXPECTED, settle
from inpainting.web.session import NO_PARTS
from tests.support.fakes import FakePainter, FakeSegmenter
from tests.support.photos import fake_studio, photo
from tests.support.proposer import FakeProposer, PlainSegmenter
from tests.support.views import mask_of


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "cache"))


def quick(segmenter: FakeSegmenter) -> Studio:
    """A studio that was found to be quick: no time passes while its segmenter is at work."""
    studio = Studio(segmenter, FakePainter(), clock=lambda: 0.0)
    studio.select(photo(), Prompts((Point(1, 1),)))
    assert studio.quick
    segmenter.asked.clear()
    return studio


def loaded(desks: Desks, width: int = 64, height: int = 48) -> Desk:
    desk, made = desks.new(), photo(width, height)
    desk.open(made)
    desk.change(partial(editing.load, sheet=Sheet(made.digest, made.size, made.name, "x.jpg")))
    return desk


def asked(desk: Desk, **fields: object) -> dict[str, object]:
    return {"desk": desk.key, "photo": desk.session.serial, **fields}


Query = Callable[[Studio, Desks, object], dict[str, Any]]
QUERIES: list[tuple[Query, dict[str, object]]] = [
    (queries.hover, {"x": 3, "y": 4}),
    (queries.everything, {}),
    (queries.fetch, {"what": "mask"}),
]


@pytest.mark.parametrize(("query", "fields"), QUERIES)
def test_a_desk_that_is_not_known_is_a_sentence(query: Query, fields: dict[str, object]) -> None:
    desks = Desks()
    desk = loaded(desks)
    studio = quick(FakeProposer())
    for key in ("", "0" * 32, None, 7, [desk.key]):
        assert query(studio, desks, {**asked(desk, **fields), "desk": key}) == {"error": ENDED}
    late = {**asked(desk, **fields), "photo": desk.session.serial + 1}
    assert query(studio, desks, late) == {"error": MOVED}
    wrong: list[object] = [None, 5, "x", [], {"desk": desk.key}]
    for data in wrong:
        assert set(query(studio, desks, data)) == {"error"}
    empty = desks.new()
    assert set(query(studio, desks, asked(empty, **fields))) == {"error"}


# ---- hover


def hovered(answer: dict[str, Any]) -> NDArray[np.bool_]:
    return mask_of(answer)


def test_a_hover_shows_what_a_click_would_give_and_changes_nothing() -> None:
    desks, segmenter = Desks(), FakeSegmenter()
    studio, desk = quick(segmenter), loaded(desks)
    desk.change(partial(editing.click, x=10, y=10))
    settle(studio, desk)
    before = desk.session
    shown = hovered(queries.hover(studio, desks, asked(desk, x=40, y=30)))
    assert desk.session is before
    desk.change(partial(editing.click, x=40, y=30))
    answer = settle(studio, desk).now.part.answer
    assert answer is not None
    assert np.array_equal(shown, answer.mask(0))
    (_, _), (prompts, hint), _ = segmenter.asked
    assert len(prompts.points) == 2
    assert hint is not None


def test_a_hover_on_a_large_photo_is_answered_small() -> None:
    desks = Desks()
    studio, desk = quick(FakeSegmenter()), loaded(desks, 1200, 600)
    studio.select(photo(1200, 600), Prompts((Point(1, 1),)))
    mask = hovered(queries.hover(studio, desks, asked(desk, x=600, y=300)))
    assert mask.shape == (256, 512)
    assert mask[128, 256]
    assert not mask[0, 0]


def test_a_hover_does_not_wait_for_an_embedding() -> None:
    ready = Event()

    class Slow(FakeSegmenter):
        def embed(self, rgb: Rgb) -> Embedding:
            assert rgb.shape[1] == 64 or ready.wait(60)
            return super().embed(rgb)

    desks = Desks()
    studio, desk = quick(Slow()), loaded(desks, 80, 60)
    assert queries.hover(studio, desks, asked(desk, x=9, y=9)) == {"error": BUSY}
    ready.set()
    studio.select(photo(80, 60), Prompts((Point(1, 1),)))
    assert "mask" in queries.hover(studio, desks, asked(desk, x=9, y=9))


def test_a_hover_beside_a_given_part_is_that_of_a_new_one() -> None:
    desks, segmenter = Desks(), FakeProposer()
    studio, desk = quick(segmenter), loaded(desks)
    proposal = segmenter.propose(segmenter.embed(photo().rgb)).masks[0]
    desk.change(partial(editing.give, answer=pack_one(proposal)))
    queries.hover(studio, desks, asked(desk, x=40, y=30))
    assert [len(prompts.points) for prompts, _ in segmenter.asked] == [1]


def test_a_slow_segmenter_is_not_asked_and_neither_is_a_busy_one() -> None:
    desks, segmenter = Desks(), FakeSegmenter()
    desk = loaded(desks)
    slow = Studio(segmenter, FakePainter())
    assert queries.hover(slow, desks, asked(desk, x=3, y=4)) == {"error": BUSY}
    studio = quick(segmenter)
    for lock in (desk.selecting, desk.hovering):
        with lock:
            assert queries.hover(studio, desks, asked(desk, x=3, y=4)) == {"error": BUSY}
    assert segmenter.asked == []


@pytest.mark.parametrize("fields", [{}, {"x": 64, "y": 0}, {"x": -1, "y": 0}, {"x": 1.5, "y": 0}])
def test_a_hover_off_the_photo_is_a_sentence(fields: dict[str, object]) -> None:
    desks = Desks()
    answer = queries.hover(quick(FakeSegmenter()), desks, asked(loaded(desks), **fields))
    assert answer["error"].endswith(".")


def test_a_click_that_comes_while_a_hover_is_answered_is_answered_too() -> None:
    class Slow(FakeSegmenter):
        busy, go_on = Event(), Event()

        def candidates(
            self, embedding: Embedding, prompts: Prompts, hint: NDArray[np.float32] | None = None
        ) -> Candidates:
            """Wait at the pixel (7, 7)."""
            if (prompts.points[-1].x, prompts.points[-1].y) == (7, 7):
                self.busy.set()
                assert self.go_on.wait(30)
            return super().candidates(embedding, prompts, hint)

    desks, segmenter = Desks(), Slow()
    studio, desk = quick(segmenter), loaded(desks)
    hover = Thread(target=queries.hover, args=(studio, desks, asked(desk, x=7, y=7)))
    hover.start()
    assert segmenter.busy.wait(30)
    desk.change(partial(editing.click, x=20, y=20))
    assert not settle(studio, desk).unsettled
    segmenter.go_on.set()
    hover.join(30)


# ---- everything


def labels_in(answer: dict[str, Any], path: Path) -> NDArray[np.uint8]:
    path.write_bytes(base64.b64decode(answer["labels"].split(",")[1]))
    with Image.open(path) as image:
        assert image.mode == "L"
        return np.array(image)


def test_everything_is_one_picture_of_numbers_found_once(tmp_path: Path) -> None:
    desks, segmenter = Desks(), FakeProposer()
    studio, desk = Studio(segmenter, FakePainter()), loaded(desks)
    answer = queries.everything(studio, desks, asked(desk))
    labels = labels_in(answer, tmp_path / "labels.png")
    assert answer["count"] == 3
    assert labels.shape == (48, 64)
    assert (labels[0, 0], labels[24, 31], labels[40, 5], labels[5, 60]) == (3, 2, 1, 0)
    assert queries.everything(studio, desks, asked(desk)) == answer
    assert segmenter.cut == 1
    assert desk.session.now.parts == NO_PARTS


def test_another_segmenter_and_another_photo_are_looked_at_anew(tmp_path: Path) -> None:
    desks, first, second = Desks(), FakeProposer("one"), FakeProposer("two")
    studio, desk = Studio(first, FakePainter()), loaded(desks, 2000, 100)
    labels = labels_in(queries.everything(studio, desks, asked(desk)), tmp_path / "labels.png")
    assert labels.shape == (51, 1024)
    studio.use(segmenter=second)
    queries.everything(studio, desks, asked(desk))
    assert (first.cut, second.cut) == (1, 1)
    desk.open(photo(seed=5))
    assert desk.segments is None


def test_one_looks_for_segments_at_a_time_and_what_fails_is_worded() -> None:
    desks = Desks()
    desk = loaded(desks)
    studio = Studio(FakeProposer(), FakePainter())
    with desk.proposing:
        assert "wait" in queries.everything(studio, desks, asked(desk))["error"]
    plain = Studio(PlainSegmenter(), FakePainter())
    assert queries.everything(plain, desks, asked(desk))["error"].endswith(".")

    class Broken(FakeProposer):
        def segments(self, _: Embedding) -> Candidates:
            """Fail."""
            raise RuntimeError("secret")

    broken = Studio(Broken(), FakePainter())
    assert queries.everything(broken, desks, asked(desk)) == {"error": UNEXPECTED}
    assert not desk.proposing.locked()


# ---- files


def test_mask_and_cut_out_are_files_of_the_photos_size() -> None:
    desks, studio = Desks(), fake_studio()
    desk = loaded(desks)
    desk.change(partial(editing.click, x=20, y=20))
    mask = queries.fetch(studio, desks, asked(desk, what="mask"))
    assert mask["name"] == "noise-mask.png"
    selected = desk.session.mask
    assert selected is not None
    assert np.array_equal(open_mask(Path(mask["path"]), (64, 48)), selected)
    cut = queries.fetch(studio, desks, asked(desk, what="cutout"))
    assert cut["name"] == "noise-cutout.png"
    picture = open_photo(Path(cut["path"]))
    assert picture.alpha is not None
    assert np.array_equal(picture.alpha, np.where(selected, 255, 0))
    assert np.array_equal(picture.pixels[selected], photo().pixels[selected])


@pytest.mark.parametrize("what", ["mask", "cutout", "", None, "../mask", ["mask"]])
def test_what_is_no_file_is_a_sentence(what: object) -> None:
    desks = Desks()
    answer = queries.fetch(fake_studio(), desks, asked(loaded(desks), what=what))
    assert answer["error"].endswith(".")


def test_segments_that_were_found_small_are_taken_at_the_photos_size() -> None:
    mask = np.zeros((30, 40), np.bool_)
    mask[:, :20] = True
    segments = segments_of("a" * 64, Candidates((mask,), (0.9,)), "model")
    large = segments.answer(0, (400, 300)).mask(0)
    assert large.shape == (300, 400)
    assert large[:, :190].all()
    assert not large[:, 210:].any()
    assert np.array_equal(segments.answer(0, (40, 30)).mask(0), mask)
