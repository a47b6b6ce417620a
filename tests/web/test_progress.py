from __future__ import annotations

import numpy as np
import pytest

from inpainting.types import Progress
from inpainting.web import progress


def test_a_step_tells_how_far_it_is_and_shows_a_small_picture() -> None:
    picture = np.zeros((900, 1200, 3), np.uint8)
    shown = progress.painting(Progress(3, 8, picture))
    assert (shown["step"], shown["total"]) == (3, 8)
    assert shown["text"] == "Painting: step 3 of 8"
    assert shown["preview"].startswith("data:image/jpeg;base64,")
    assert progress.painting(Progress(3, 8))["preview"] == ""


def test_what_is_waited_for_is_told() -> None:
    assert progress.painting(Progress(0, 0, note="Waiting."))["text"] == "Waiting."
    assert "Preparing" in progress.painting(Progress(0, 0))["text"]


@pytest.mark.parametrize(
    ("before", "words"),
    [
        (0, "Waiting for the painter."),
        (1, "Waiting for another repaint to finish."),
        (7, "Waiting: 7 other repaints come first."),
    ],
)
def test_a_place_in_line_is_a_sentence(before: int, words: str) -> None:
    shown = progress.waiting(before)
    assert (shown["state"], shown["text"]) == ("painting", words)


def test_the_end_is_told_as_what_it_was() -> None:
    assert progress.done("Done.") == {"state": "done", "text": "Done."}
    assert progress.failed("No.") == {"state": "failed", "text": "No."}
