from __future__ import annotations

import numpy as np
import pytest

from inpainting.errors import BadRequest
from inpainting.types import PaintRequest
from inpainting.web.form import Form
from inpainting.web.gridding import NO_VALUES, plot_of, sheet_of, size_told
from tests.support.photos import noise, photo

REQUEST = PaintRequest(photo(), None, prompt="a red car", variations=3)


def test_without_a_grid_there_is_the_request_itself() -> None:
    plot = plot_of(REQUEST, Form(x_setting="", x_values="1, 2"))
    assert plot.requests == (REQUEST,)
    assert (plot.count, plot.is_grid) == (3, False)


def test_a_grid_has_a_request_for_each_pair_with_one_seed() -> None:
    form = Form(
        x_setting="steps", x_values="5, 10", y_setting="prompt", y_values="red, blue, green"
    )
    plot = plot_of(REQUEST, form)
    assert (plot.count, plot.is_grid) == (6, True)
    assert [request.steps for request in plot.requests[:2]] == [5, 10]
    assert [row[0].prompt for row in plot.rows] == ["a red car", "a blue car", "a green car"]
    assert len({request.seed for request in plot.requests}) == 1
    assert plot.seed == plot.requests[0].seed


def test_one_axis_alone_goes_across() -> None:
    plot = plot_of(REQUEST, Form(y_setting="seed", y_values="3-5"))
    assert [len(row) for row in plot.rows] == [3]
    assert plot.seed == 3


@pytest.mark.parametrize("emptied", ["", " ", ", ", None])
def test_a_setting_whose_values_were_emptied_makes_no_grid(emptied: str | None) -> None:
    plot = plot_of(REQUEST, Form(x_setting="steps", x_values=emptied))
    assert plot.requests == (REQUEST,)
    other = Form(x_setting="steps", x_values=emptied, y_setting="seed", y_values="3-5")
    assert [len(row) for row in plot_of(REQUEST, other).rows] == [3]


def test_the_sheet_has_all_pictures_in_their_places() -> None:
    plot = plot_of(REQUEST, Form(x_setting="steps", x_values="5, 10"))
    pictures = [noise(200, 150, seed) for seed in (1, 2)]
    sheet = sheet_of(plot, pictures)
    assert sheet.shape[1] > 400
    assert sheet.dtype == np.uint8


@pytest.mark.parametrize(
    ("form", "told"),
    [
        (Form(), ""),
        (Form(x_setting="steps", x_values="5, 10"), "The grid has 2 x 1 pictures, and one"),
        (Form(x_setting="steps", x_values="1-60", y_setting="seed", y_values="1-5"), "at most 64"),
        (Form(x_setting="steps", x_values="many"), "must be a number"),
        (Form(x_setting="steps", x_values="0"), "must be"),
        (Form(x_setting="steps"), NO_VALUES),
        (
            Form(x_setting="seed", x_values="3-5", y_setting="guidance_until", y_values=" "),
            f"The grid has 3 x 1 pictures, and one with all of them. {NO_VALUES}",
        ),
    ],
)
def test_how_large_a_grid_is_told_before_it_is_painted(form: Form, told: str) -> None:
    assert told in size_told(form)


def test_a_grid_that_is_too_large_is_refused() -> None:
    form = Form(x_setting="steps", x_values="1-60", y_setting="seed", y_values="1-5")
    with pytest.raises(BadRequest, match="64"):
        plot_of(REQUEST, form)
