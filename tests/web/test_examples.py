from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from inpainting.photo import open_photo
from inpainting.requests import check_prompts
from inpainting.web.examples import Example, example_of, example_strip

PHOTOS = sorted((Path(__file__).parents[2] / "assets" / "photos").glob("*.jpg"))


@pytest.mark.parametrize("path", PHOTOS, ids=lambda path: path.stem)
def test_each_photo_has_a_prompt_and_a_selection_that_lies_on_it(path: Path) -> None:
    example = example_of(path)
    assert example.prompt
    assert check_prompts(example.prompts, open_photo(path).size)


def test_a_photo_that_is_not_known_comes_alone() -> None:
    assert example_of(Path("holiday.jpg")) == Example()


def test_each_has_a_button_and_no_name_can_break_out_of_it(tmp_path: Path) -> None:
    path = tmp_path / '"><script>x.png'
    Image.new("RGB", (40, 30)).save(path)
    value = example_strip([path, *PHOTOS]).value
    assert value.count("<button") == 1 + len(PHOTOS)
    assert 'data-index="1"' in value
    assert "<script" not in value
