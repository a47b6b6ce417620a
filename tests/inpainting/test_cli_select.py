"""The command `select`: masks of clicks, of a proposal, of a text."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from inpainting.cli import BAD_INPUT, DONE
from inpainting.errors import NothingSelected
from inpainting.photo import open_photo
from inpainting.selection import refine
from inpainting.settings import Settings
from inpainting.studio import Studio
from inpainting.types import Candidates, Edges, Embedding, Region
from tests.support.commands import UNUSED, Run, mask_in, noise_file
from tests.support.fakes import FakePainter, FakeSegmenter
from tests.support.proposer import PlainSegmenter

EDGES = ["--grow", 3, "--smooth", 2, "--fill", 4, "--specks", 5]


class Reading(FakeSegmenter):
    """Finds "the left" in the left half of a photo, which is also what it proposes."""

    def propose(self, embedding: Embedding) -> Candidates:
        """Return the left half, then nothing but a pixel."""
        half = np.zeros((embedding.size[1], embedding.size[0]), np.bool_)
        half[:, : embedding.size[0] // 2] = True
        dot = np.zeros_like(half)
        dot[0, 0] = True
        return Candidates((half, dot), (0.9, 0.1))

    def find(self, embedding: Embedding, text: str) -> Candidates:
        """Return the left half for its name alone."""
        if text != "the left":
            raise NothingSelected(f"Nothing was found for {text!r}.")
        return self.propose(embedding)


def reading_studio(settings: Settings, _say: Any, /, **_needs: bool) -> Studio:
    return Studio(Reading(), FakePainter(), settings)


def plain_studio(settings: Settings, _say: Any, /, **_needs: bool) -> Studio:
    return Studio(PlainSegmenter(), FakePainter(), settings)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    return noise_file(tmp_path)


def test_select_writes_an_8_bit_mask_of_the_photos_size(photo: Path, tmp_path: Path) -> None:
    run = Run("select", photo, "--at", "30,20", "--not-at", "2,2", "-o", tmp_path / "mask.png")
    assert (run.code, run.err) == (DONE, [])
    with Image.open(tmp_path / "mask.png") as mask:
        assert (mask.mode, mask.size) == ("L", (64, 48))
        assert set(np.unique(np.asarray(mask))) == {0, 255}
        assert mask.getpixel((30, 20)) == 255


def test_select_treats_the_edges_as_for_a_subject(photo: Path, tmp_path: Path) -> None:
    plain, edged = tmp_path / "plain.png", tmp_path / "edged.png"
    assert Run("select", photo, "--at", "30,20", "-o", plain).code == DONE
    assert Run("select", photo, "--at", "30,20", *EDGES, "-o", edged).code == DONE
    expected = refine(mask_in(plain), Edges(3, 2, 4, 5), Region.SUBJECT)
    assert np.array_equal(mask_in(edged), expected)
    assert np.count_nonzero(mask_in(edged)) > np.count_nonzero(mask_in(plain))


@pytest.mark.parametrize("way", [["--subject"], ["--find", "the left"]])
def test_select_needs_no_click(photo: Path, tmp_path: Path, way: list[str]) -> None:
    out = tmp_path / "mask.png"
    run = Run("select", photo, *way, "-o", out, maker=reading_studio)
    assert (run.code, run.err) == (DONE, [])
    mask = mask_in(out)
    assert mask[:, :32].all()
    assert not mask[:, 32:].any()


@pytest.mark.parametrize(
    ("way", "sentence"),
    [(["--subject"], "proposes no subject"), (["--find", "the dog"], "does not read")],
)
def test_a_segmenter_that_cannot_says_so(
    photo: Path, tmp_path: Path, way: list[str], sentence: str
) -> None:
    run = Run("select", photo, *way, "-o", tmp_path / "mask.png", maker=plain_studio)
    assert (run.code, len(run.err)) == (BAD_INPUT, 1)
    assert sentence in run.err[0]
    assert not (tmp_path / "mask.png").exists()


def test_what_is_not_found_is_told(photo: Path, tmp_path: Path) -> None:
    words = ["select", photo, "--find", "the dog", "-o", tmp_path / "mask.png"]
    run = Run(*words, maker=reading_studio)
    assert (run.code, run.err) == (BAD_INPUT, ["Nothing was found for 'the dog'."])


def test_select_cuts_the_subject_out(photo: Path, tmp_path: Path) -> None:
    out, cut = tmp_path / "mask.png", tmp_path / "cut.png"
    run = Run("select", photo, "--at", "30,20", "-o", out, "--cutout", cut)
    assert (run.code, run.out) == (DONE, [str(out), str(cut)])
    opened = open_photo(cut)
    assert opened.alpha is not None
    assert np.array_equal(opened.alpha == 255, mask_in(out))
    kept = mask_in(out)
    assert np.array_equal(opened.pixels[kept], open_photo(photo).pixels[kept])


def test_a_file_that_is_no_photo_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"<svg/>")
    run = Run("select", tmp_path / "a.png", "--at", "1,1", "-o", tmp_path / "mask.png")
    assert (run.code, len(run.err)) == (BAD_INPUT, 1)
    assert "PNG" in run.err[0]


def test_bad_input_is_found_before_any_model_is_loaded(photo: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    for words, sentence in (
        ([tmp_path / "absent.jpg", "--at", "1,1"], "photo"),
        ([photo, "--subject", "--at", "1,1"], "not both"),
        ([photo, "--subject", "--find", "x"], "--subject or --find, not both"),
        ([photo, "--find", "x", "--box", "1,1,2,2"], "--find or clicks .*, not both"),
        ([photo, "--find", ""], "1 to 200 characters"),
        ([photo, "--find", "x" * 201], "1 to 200 characters"),
        ([photo, "--at", "1,1", "--cutout", out], "same file"),
        ([photo, "--at", "1,1", "--smooth", "99"], "smooth is 99"),
        ([photo, "--at", "1,1", "--cutout", "a.jpg"], "end in .png"),
    ):
        run = Run("select", *words, "-o", out, maker=UNUSED)
        assert (run.code, len(run.err)) == (BAD_INPUT, 1)
        assert re.search(sentence, run.err[0])
