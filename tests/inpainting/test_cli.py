"""The command line: options, files, sentences and exit codes."""

from __future__ import annotations

import re
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from inpainting.cli import BAD_INPUT, DONE, FAILED, STOPPED, StudioMaker, main
from inpainting.errors import ModelUnavailable, OutOfMemory
from inpainting.photo import open_photo, read_png_text
from inpainting.selection import refine
from inpainting.settings import Settings
from inpainting.studio import Studio
from inpainting.types import Candidates, Edges, Embedding, Mask, Region
from tests.support.fakes import FakePainter, FakeSegmenter
from tests.support.proposer import PlainSegmenter


class Run:
    """What a command gave: exit code, lines of stdout and of stderr."""

    def __init__(self, *arguments: object, maker: StudioMaker | None = None) -> None:
        out, err = StringIO(), StringIO()
        words = [str(argument) for argument in arguments]
        self.code = main(words, maker or fake_studio, {}, out, err)
        self.out, self.err = out.getvalue().splitlines(), err.getvalue().splitlines()


def fake_studio(settings: Settings, _say: Any, /, **_needs: bool) -> Studio:
    return Studio(FakeSegmenter(), FakePainter(), settings)


class Proposing(FakeSegmenter):
    """Also proposes the left half of a photo as its subject."""

    def propose(self, embedding: Embedding) -> Candidates:
        """Return the left half, then nothing but a pixel."""
        half = np.zeros((embedding.size[1], embedding.size[0]), np.bool_)
        half[:, : embedding.size[0] // 2] = True
        dot = np.zeros_like(half)
        dot[0, 0] = True
        return Candidates((half, dot), (0.9, 0.1))


def proposing_studio(settings: Settings, _say: Any, /, **_needs: bool) -> Studio:
    return Studio(Proposing(), FakePainter(), settings)


def plain_studio(settings: Settings, _say: Any, /, **_needs: bool) -> Studio:
    return Studio(PlainSegmenter(), FakePainter(), settings)


def mask_in(path: Path) -> Mask:
    with Image.open(path) as image:
        return np.asarray(image) > 127


def failing(error: BaseException) -> StudioMaker:
    def make(_settings: Settings, _say: Any, /, **_needs: bool) -> Studio:
        raise error

    return make


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    noise = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
    Image.fromarray(noise).save(path)
    return path


def test_select_writes_an_8_bit_mask_of_the_photos_size(photo: Path, tmp_path: Path) -> None:
    run = Run("select", photo, "--at", "30,20", "--not-at", "2,2", "-o", tmp_path / "mask.png")
    assert (run.code, run.err) == (DONE, [])
    with Image.open(tmp_path / "mask.png") as mask:
        assert (mask.mode, mask.size) == ("L", (64, 48))
        assert set(np.unique(np.asarray(mask))) == {0, 255}
        assert mask.getpixel((30, 20)) == 255


@pytest.mark.parametrize("region", ["background", "subject"])
def test_paint_keeps_exactly_what_the_mask_says(photo: Path, tmp_path: Path, region: str) -> None:
    out, mask_out = tmp_path / "out.png", tmp_path / "mask.png"
    clicks = ["--at", "30,20", "--box", "10,5,50,40"]
    options = ["--region", region, "--prompt", "sea", "--seed", 9, "--steps", 3]
    run = Run("paint", photo, *clicks, *options, "-o", out, "--mask-out", mask_out)
    assert run.code == DONE, run.err
    assert run.out[-1] == "seed 9"
    before, after = open_photo(photo).pixels, open_photo(out).pixels
    with Image.open(mask_out) as image:
        mask = np.asarray(image) > 127
    hole = mask if region == "subject" else ~mask
    assert np.array_equal(before[~hole], after[~hole])
    assert (before[hole] != after[hole]).any()
    again = tmp_path / "again.png"
    assert Run("paint", photo, "--mask", mask_out, *options, "-o", again).code == DONE
    assert np.array_equal(open_photo(again).pixels, after)


EDGES = ["--grow", 3, "--smooth", 2, "--fill", 4, "--specks", 5]


def test_select_treats_the_edges_as_for_a_subject(photo: Path, tmp_path: Path) -> None:
    plain, edged = tmp_path / "plain.png", tmp_path / "edged.png"
    assert Run("select", photo, "--at", "30,20", "-o", plain).code == DONE
    assert Run("select", photo, "--at", "30,20", *EDGES, "-o", edged).code == DONE
    expected = refine(mask_in(plain), Edges(3, 2, 4, 5), Region.SUBJECT)
    assert np.array_equal(mask_in(edged), expected)
    assert np.count_nonzero(mask_in(edged)) > np.count_nonzero(mask_in(plain))


@pytest.mark.parametrize("region", list(Region))
@pytest.mark.parametrize("given", [False, True])
def test_paint_treats_the_edges_for_its_region_of_clicks_and_of_a_mask(
    photo: Path, tmp_path: Path, region: Region, given: bool
) -> None:
    plain, used = tmp_path / "plain.png", tmp_path / "used.png"
    assert Run("select", photo, "--at", "30,20", "-o", plain).code == DONE
    start = ["--mask", plain] if given else ["--at", "30,20"]
    files = ["-o", tmp_path / "out.png", "--mask-out", used]
    options = ["--prompt", "sea", "--region", region.value]
    assert Run("paint", photo, *start, *EDGES, *options, *files).code == DONE
    expected = refine(mask_in(plain), Edges(3, 2, 4, 5), region)
    assert np.array_equal(mask_in(used), expected)


def test_paint_softens_by_the_feather_asked_for(photo: Path, tmp_path: Path) -> None:
    hard, soft = tmp_path / "hard.png", tmp_path / "soft.png"
    options = ["--at", "30,20", "--prompt", "sea", "--seed", 1]
    assert Run("paint", photo, *options, "--feather", 0, "-o", hard).code == DONE
    assert Run("paint", photo, *options, "--feather", 9, "-o", soft).code == DONE
    before = open_photo(photo).pixels.astype(int)
    change = [abs(open_photo(path).pixels - before).sum() for path in (hard, soft)]
    assert change[1] < change[0]


def test_select_proposes_the_subject_without_a_click(photo: Path, tmp_path: Path) -> None:
    out = tmp_path / "mask.png"
    run = Run("select", photo, "--subject", "-o", out, maker=proposing_studio)
    assert (run.code, run.err) == (DONE, [])
    mask = mask_in(out)
    assert mask[:, :32].all()
    assert not mask[:, 32:].any()


def test_a_segmenter_that_proposes_nothing_says_so(photo: Path, tmp_path: Path) -> None:
    run = Run("select", photo, "--subject", "-o", tmp_path / "mask.png", maker=plain_studio)
    assert (run.code, len(run.err)) == (BAD_INPUT, 1)
    assert not (tmp_path / "mask.png").exists()


def test_select_cuts_the_subject_out(photo: Path, tmp_path: Path) -> None:
    out, cut = tmp_path / "mask.png", tmp_path / "cut.png"
    run = Run("select", photo, "--at", "30,20", "-o", out, "--cutout", cut)
    assert (run.code, run.out) == (DONE, [str(out), str(cut)])
    opened = open_photo(cut)
    assert opened.alpha is not None
    assert np.array_equal(opened.alpha == 255, mask_in(out))
    kept = mask_in(out)
    assert np.array_equal(opened.pixels[kept], open_photo(photo).pixels[kept])


def test_progress_goes_to_stderr_and_the_seed_drawn_ends_stdout(
    photo: Path, tmp_path: Path
) -> None:
    run = Run("paint", photo, "--at", "30,20", "--prompt", "x", "-o", tmp_path / "out.png")
    assert run.code == DONE
    assert any(re.fullmatch(r"step 1 of \d+", line) for line in run.err)
    assert re.fullmatch(r"seed \d+", run.out[-1])
    assert read_png_text((tmp_path / "out.png").read_bytes())


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--at", "64,0"], "x of a point is 64"),
        (["--at", "1;2"], "X,Y in whole pixels"),
        (["--at", "1.5,2"], "X,Y in whole pixels"),
        (["--box", "1,2,3"], "X0,Y0,X1,Y1"),
        (["--box", "9,9,2,2"], "x1 of the box"),
        ([], "Click the subject"),
        (["--not-at", "3,3"], "Click the subject"),
        (["--at", "3,3", "--mask", "mask.png"], "not both"),
        (["--mask", "absent.png"], "absent.png|mask"),
        (["--at", "3,3", "--steps", "many"], "invalid int value"),
        (["--at", "3,3", "--steps", "0"], "steps is 0"),
        (["--at", "3,3", "--guidance", "nan"], "guidance is nan"),
        (["--at", "3,3", "--strength", "1.5"], "strength is 1.5"),
        (["--at", "3,3", "--scheduler", "Heun"], "scheduler is 'Heun'"),
        (["--at", "3,3", "--seed", "-1"], "seed is -1"),
        (["--at", "3,3", "--region", "sky"], "invalid choice"),
        (["--at", "3,3", "--preset", "huge"], "preset is 'huge'"),
        (["--at", "3,3", "--grow", "65"], "grow is 65; it must be a whole number from -64 to 64"),
        (["--at", "3,3", "--grow", "much"], "invalid int value"),
        (["--at", "3,3", "--smooth", "-1"], "smooth is -1"),
        (["--at", "3,3", "--fill", "513"], "fill is 513"),
        (["--at", "3,3", "--specks", "513"], "specks is 513"),
        (["--at", "3,3", "--feather", "257"], "feather is 257"),
        (["--at", "3,3", "--subject"], "Unrecognized arguments"),
        (["--at", "3,3", "--nonsense"], "Unrecognized arguments"),
    ],
)
def test_bad_input_is_one_plain_sentence_exit_2_and_no_file(
    photo: Path, tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    out = tmp_path / "out.png"
    run = Run("paint", photo, "--prompt", "sea", *arguments, "-o", out)
    assert run.code == BAD_INPUT
    assert len(run.err) == 1
    assert re.search(sentence, run.err[0])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["photo.png"]


@pytest.mark.parametrize("name", ["out.jpg", "out", "nowhere/out.png"])
def test_a_place_that_cannot_hold_the_result_is_refused_before_the_work(
    photo: Path, tmp_path: Path, name: str
) -> None:
    maker = failing(AssertionError("models were loaded for nothing"))
    words = ["paint", photo, "--at", "3,3", "--prompt", "sea", "-o", tmp_path / name]
    run = Run(*words, maker=maker)
    assert (run.code, len(run.err)) == (BAD_INPUT, 1)


def test_a_file_that_is_no_photo_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"<svg/>")
    run = Run("select", tmp_path / "a.png", "--at", "1,1", "-o", tmp_path / "mask.png")
    assert (run.code, len(run.err)) == (BAD_INPUT, 1)
    assert "PNG" in run.err[0]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ModelUnavailable("No weights."), FAILED),
        (OutOfMemory("Too large."), FAILED),
        (RuntimeError("inner secret"), FAILED),
        (PermissionError(13, "Permission denied"), BAD_INPUT),
        (KeyboardInterrupt(), STOPPED),
    ],
)
def test_whatever_fails_is_a_sentence_and_a_code(
    photo: Path, tmp_path: Path, error: BaseException, code: int
) -> None:
    words = ["select", photo, "--at", "1,1", "-o", tmp_path / "mask.png"]
    run = Run(*words, maker=failing(error))
    assert (run.code, len(run.err)) == (code, 1)
    assert "secret" not in run.err[0]


def test_bad_input_is_found_before_any_model_is_loaded(photo: Path, tmp_path: Path) -> None:
    maker = failing(AssertionError("models were loaded for nothing"))
    (tmp_path / "folder.png").mkdir()
    paint = ["paint", photo, "--at", "3,3", "--prompt", "sea"]
    out = tmp_path / "out.png"
    for words, sentence in (
        (["select", tmp_path / "absent.jpg", "--at", "1,1", "-o", out], "photo"),
        ([*paint, "-o", out, "--mask-out", tmp_path / "." / "out.png"], "same file"),
        ([*paint, "-o", tmp_path / "folder.png"], "is a folder"),
        (["select", photo, "--subject", "--at", "1,1", "-o", out], "not both"),
        (["select", photo, "--at", "1,1", "-o", out, "--cutout", out], "same file"),
        (["select", photo, "--at", "1,1", "--smooth", "99", "-o", out], "smooth is 99"),
        (["select", photo, "--at", "1,1", "-o", out, "--cutout", "a.jpg"], "end in .png"),
    ):
        run = Run(*words, maker=maker)
        assert (run.code, len(run.err)) == (BAD_INPUT, 1)
        assert re.search(sentence, run.err[0])


def test_only_the_models_that_a_command_needs_are_asked_for(photo: Path, tmp_path: Path) -> None:
    asked: list[dict[str, bool]] = []

    def make(settings: Settings, _say: Any, /, **needs: bool) -> Studio:
        asked.append(needs)
        return Studio(FakeSegmenter(), FakePainter(), settings)

    mask, out = tmp_path / "mask.png", tmp_path / "out.png"
    assert Run("select", photo, "--at", "30,20", "-o", mask, maker=make).code == DONE
    options = ["--mask", mask, "--prompt", "sea", "-o", out]
    assert Run("paint", photo, *options, maker=make).code == DONE
    assert asked == [{"segment": True, "paint": False}, {"segment": False, "paint": True}]


def test_no_command_is_a_sentence() -> None:
    run = Run()
    assert (run.code, len(run.err)) == (BAD_INPUT, 1)
