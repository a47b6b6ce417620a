"""What a job does to a whole photo, counted: a change that does it for every frame fails here."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import ImageCms

from inpainting.colour import from_profile, on_white
from inpainting.digests import digest_of
from inpainting.photo import make_photo
from inpainting.studio import Studio
from inpainting.types import Mask, PaintRequest, PaintResult, Photo, Region, Rgb, Tool
from tests.support.fakes import FakePainter, FakeSegmenter

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
WIDTH, HEIGHT = 3200, 2400


def photo_of(kind: str) -> Photo:
    few = np.random.default_rng(5).integers(0, 256, (6, 8, 3), np.uint8)
    pixels = np.asarray(cv2.resize(few, (WIDTH, HEIGHT)), np.uint8)
    alpha = np.full(pixels.shape[:2], 200, np.uint8) if kind == "alpha" else None
    return make_photo(pixels, alpha, SRGB if kind == "profile" else None, "photo")


def holes(photo: Photo) -> Mask:
    """Two small blocks far from each other."""
    mask = np.zeros(photo.pixels.shape[:2], np.bool_)
    mask[200:264, 300:380] = mask[-300:-220, -400:-340] = True
    return mask


def paint(photo: Photo, **changes: Any) -> list[PaintResult]:
    base = PaintRequest(photo, holes(photo), Region.SUBJECT, "sea", seed=1, separate=True)
    events = Studio(FakeSegmenter(), FakePainter()).paint(replace(base, **changes))
    return [event for event in events if isinstance(event, PaintResult)]


class Counted:
    """Calls through to a function, and notes the shape of the picture it is called for."""

    def __init__(self, run: Callable[..., Any]) -> None:
        self.run, self.shapes = run, list[tuple[int, ...]]()

    def __call__(self, picture: Rgb, *rest: Any, **named: Any) -> Any:
        self.shapes.append(picture.shape)
        return self.run(picture, *rest, **named)

    @property
    def whole(self) -> int:
        """How many of the calls were for most of a photo or all of it."""
        colours = [shape for shape in self.shapes if len(shape) == 3]
        return sum(2 * height * width > HEIGHT * WIDTH for height, width, _ in colours)


def test_a_job_hashes_its_photo_once_and_its_results_not_at_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hashed = Counted(digest_of)
    monkeypatch.setattr("inpainting.types.digest_of", hashed)
    photo = photo_of("plain")
    assert hashed.whole == 0
    made = paint(photo, variations=3)
    assert hashed.whole == 1  # for the recipes
    first, again = made[0].photo.digest, made[0].photo.digest
    assert first == again != photo.digest
    assert hashed.whole == 2


@pytest.mark.parametrize("tool", [Tool.REPAINT, Tool.RESTYLE])
def test_a_job_makes_its_photo_small_once_whatever_its_variations_and_frames(
    monkeypatch: pytest.MonkeyPatch, tool: Tool
) -> None:
    photo, resized = photo_of("plain"), Counted(cv2.resize)
    monkeypatch.setattr(cv2, "resize", resized)
    assert len(paint(photo, variations=3, tool=tool)) == 3
    assert resized.whole == 1


@pytest.mark.parametrize("kind", ["alpha", "profile"])
def test_colours_are_converted_in_the_frames_alone_and_as_if_in_the_whole(
    monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    photo = photo_of(kind)
    with monkeypatch.context() as patched:
        laid, developed = Counted(on_white), Counted(from_profile)
        patched.setattr("inpainting.photo.on_white", laid)
        patched.setattr("inpainting.photo.from_profile", developed)
        (result,) = paint(photo)
        assert len(laid.shapes) == len(developed.shapes) == 2  # once a frame
        assert laid.whole == developed.whole == 0
    done = result.photo
    again = make_photo(done.pixels, done.alpha, done.icc_profile, done.name)
    assert np.array_equal(again.rgb, done.rgb)
    assert again.digest == done.digest


def test_a_job_holds_one_copy_of_its_photo_and_of_its_hole() -> None:
    photo = photo_of("plain")
    mask = holes(photo)
    mask[HEIGHT // 2 :] = False
    tracemalloc.start()
    try:
        results = paint(photo, mask=mask, separate=False)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(results) == 1
    assert peak < (1 + 1 / 3 + 0.6) * photo.pixels.nbytes  # the rest is the frame's
