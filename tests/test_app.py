"""The composition root: generate_app, options, refusals."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import gradio
import numpy as np
import pytest

import app
from inpainting.settings import SETTINGS
from tests.support.fakes import FakePainter, FakeSegmenter


def get_processed_inputs(photo: Any, points: list[list[list[int]]]) -> Any:
    assert points
    return np.ones((photo.height, photo.width), np.bool_)


def inpaint(photo: Any, *_: Any) -> Any:
    return photo


@pytest.mark.parametrize(
    "models", [(FakeSegmenter(), FakePainter()), (get_processed_inputs, inpaint)]
)
def test_generate_app_returns_the_page_not_launched(models: tuple[Any, Any]) -> None:
    page = app.generate_app(*models)
    assert isinstance(page, gradio.Blocks)
    assert not page.is_running
    page.close()


UP = """
import sys
import app
from inpainting.web.stubs import without_stubs
with without_stubs():
    import gradio
heavy = {"torch", "diffusers", "transformers", "scipy"}
def launch(page, *args, **options):
    print(sorted(heavy & sys.modules.keys()), "gradio.component_meta" in sys.modules)
    raise OSError
gradio.Blocks.launch = launch
app.main(["--preset", "embedded"])
"""


def test_the_page_is_served_before_any_model_library_is_imported() -> None:
    command = [sys.executable, "-W", "ignore", "-c", UP]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout == "[] True\n"


def test_every_setting_is_an_option() -> None:
    options = app.read_options([])
    assert list(options) == [row.name for row in SETTINGS]
    assert set(options.values()) == {None}
    assert app.read_options(["--port", "9000"])["port"] == "9000"


def test_the_help_tells_the_default_of_every_setting_that_has_one(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "1000")
    with pytest.raises(SystemExit):
        app.read_options(["--help"])
    lines = capsys.readouterr().out.splitlines()
    for row in SETTINGS:
        default = f" Default: {row.default}." if row.default != "" else ""
        assert any(line.endswith(f"{row.help}{default}") for line in lines), row.name


def test_a_bad_setting_is_one_sentence_and_exit_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["--port", "none"]) == 2
    assert capsys.readouterr().err == "port is 'none'; it must be a whole number.\n"


def test_examples_are_photos_that_exist() -> None:
    assert len(app.examples()) >= 3
