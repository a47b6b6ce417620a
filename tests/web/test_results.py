from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile

import numpy as np
import pytest

from inpainting.errors import BadRequest
from inpainting.photo import open_photo
from inpainting.recipe import recipe_from_json
from inpainting.studio import Studio
from inpainting.types import PaintRequest, PaintResult, Sides, Tool
from inpainting.web import editing
from inpainting.web.archive import zip_results
from inpainting.web.desk import Desk, Desks
from inpainting.web.finished import Finished, Sheet
from inpainting.web.queries import fetch
from inpainting.web.results import (
    ALL_CELLS,
    EMPTY,
    NO_PROMPT,
    add,
    file_name,
    finish,
    panel,
    sheet_of_all,
)
from inpainting.web.session import Session
from tests.support.photos import fake_studio, noise, photo


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "cache"))


@pytest.fixture
def studio() -> Studio:
    return fake_studio()


def painted(studio: Studio, prompt: str = "sunset sea", seed: int = 1) -> PaintResult:
    mask = np.zeros((200, 256), np.bool_)
    mask[60:140, 80:180] = True
    request = PaintRequest(photo(256, 200), mask, prompt=prompt, seed=seed)
    (result,) = (event for event in studio.paint(request) if isinstance(event, PaintResult))
    return result


def item(folder: Path, name: str, content: bytes = b"png") -> Finished:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.png"
    path.write_bytes(content)
    sheet = Sheet("0" * 64, (64, 48), "noise", "x.jpg", str(path))
    return Finished(0, sheet, "x.jpg", "t.jpg", f"{name}.png", 1, 0.5, source="x.jpg")


def test_a_finished_picture_has_its_own_files_and_no_pixels(studio: Studio) -> None:
    result = painted(studio)
    kept = finish(result, photo(256, 200), "before.jpg")
    file = open_photo(Path(kept.sheet.path))
    assert np.array_equal(file.pixels, result.photo.pixels)
    assert file.digest == kept.sheet.digest
    assert open_photo(Path(kept.sheet.display)).size == (256, 200)
    assert max(open_photo(Path(kept.thumb)).size) <= 224
    assert (kept.before, kept.source, kept.film) == ("before.jpg", "before.jpg", "")
    assert recipe_from_json(Path(kept.recipe).read_text()) == result.recipe
    assert Path(kept.recipe).stem == Path(kept.sheet.path).stem
    kinds = {type(value) for value in (asdict(kept) | asdict(kept.sheet)).values()}
    assert kinds <= {str, int, float, bool, tuple, dict, type(None)}


def test_an_empty_prompt_is_noted_under_the_picture(studio: Studio) -> None:
    assert NO_PROMPT in finish(painted(studio, ""), None, "").notes
    assert NO_PROMPT not in finish(painted(studio), None, "").notes


def test_a_picture_of_another_size_has_a_before_of_its_own_size(studio: Studio) -> None:
    original = photo(256, 200)
    request = PaintRequest(original, None, tool=Tool.EXTEND, sides=Sides(right=44), seed=3)
    (result,) = (event for event in studio.paint(request) if isinstance(event, PaintResult))
    kept = finish(result, original, "before.jpg")
    assert kept.sheet.size == (300, 200)
    assert open_photo(Path(kept.before)).size == (300, 200)
    assert kept.source == "before.jpg"


def test_a_picture_from_nothing_has_nothing_before_it(studio: Studio) -> None:
    request = PaintRequest(photo(), None, tool=Tool.CREATE, size=(128, 64), film=True, seed=3)
    (result,) = (event for event in studio.paint(request) if isinstance(event, PaintResult))
    kept = finish(result, None, "")
    assert kept.before == ""
    assert open_photo(Path(kept.film)).size[0] > 128
    assert kept.sheet.size == (128, 64)


def test_the_sheet_of_a_grid_is_a_result_without_a_recipe() -> None:
    kept = sheet_of_all(noise(90, 60), 17, "x.jpg")
    assert (kept.seed, kept.recipe, kept.source, kept.before) == (17, "", "x.jpg", "")
    assert kept.notes == (ALL_CELLS,)
    assert open_photo(Path(kept.sheet.path)).size == (90, 60)


def test_a_file_name_has_only_plain_letters(studio: Studio) -> None:
    name = file_name(painted(studio, "Sunset / <sea> \U0001f600" + "x" * 100))
    assert name.startswith("noise-sunset-sea-x")
    assert len(name) < 80


def test_results_are_listed_with_ids_that_are_never_used_again(tmp_path: Path) -> None:
    one = item(tmp_path, "one")
    session = editing.load(Session(), one.sheet)
    for _ in range(editing.MAX_RESULTS + 5):
        session = add(session, one)
    ids = [listed.id for listed in session.results]
    assert ids == list(range(6, editing.MAX_RESULTS + 6))
    value = panel(session, "key")
    assert (value["desk"], value["current"]) == ("key", ids[-1])
    assert [listed["id"] for listed in value["items"]] == ids
    assert value["items"][0]["file"]["path"] == one.sheet.path
    links = [link.get("path") for link in value["items"][0]["links"]]
    assert links == [one.sheet.path, None, None]
    assert value["items"][0]["thumb"]["path"] == "t.jpg"


def test_all_results_are_one_file_with_names_of_their_own(tmp_path: Path) -> None:
    first, second = item(tmp_path / "a", "same", b"one"), item(tmp_path / "b", "same", b"two")
    path = zip_results([first, second, item(tmp_path, "other")])
    with ZipFile(path) as archive:
        assert archive.namelist() == ["same.png", "same (2).png", "other.png"]
        assert archive.read("same.png") == b"one"
        assert archive.read("same (2).png") == b"two"
        assert {info.compress_type for info in archive.infolist()} == {ZIP_STORED}
    assert list(path.parent.iterdir()) == [path]
    assert zip_results([first, second, item(tmp_path, "other")]) == path
    assert zip_results([first]) != path


def test_what_cannot_be_packed_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="no results"):
        zip_results([])
    gone = item(tmp_path, "gone")
    Path(gone.sheet.path).unlink()
    with pytest.raises(BadRequest, match="not on the server"):
        zip_results([item(tmp_path, "there"), gone])
    assert not list((tmp_path / "cache").rglob("*.zip"))


def test_a_desk_hands_out_the_file_of_its_own_results_alone(tmp_path: Path, studio: Studio) -> None:
    desks = Desks()
    desk, other = desks.new(), desks.new()
    desk.change(lambda session: add(session, item(tmp_path, "mine")))

    def fetched(of: Desk) -> dict[str, object]:
        return fetch(studio, desks, {"desk": of.key, "photo": of.session.serial, "what": "zip"})

    answer = fetched(desk)
    assert answer["name"] == "point-and-paint.zip"
    assert Path(str(answer["path"])).is_file()
    assert "no results" in str(fetched(other)["error"])


def test_no_results_are_an_empty_panel() -> None:
    assert panel(Session(), "") == EMPTY


def test_an_item_is_replaced_nowhere(tmp_path: Path) -> None:
    session = editing.load(Session(), item(tmp_path, "one").sheet)
    first = add(session, item(tmp_path, "one"))
    second = add(first, replace(item(tmp_path, "two"), seed=2))
    assert second.results[0] == first.results[0]
    assert [listed.seed for listed in second.results] == [1, 2]
