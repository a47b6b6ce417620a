from __future__ import annotations

from dataclasses import replace

from inpainting.status import Status
from inpainting.types import ModelInfo
from inpainting.web.statuscard import card, pill

MODEL = ModelInfo("key", "A <model>", "tests", "1", "MIT", "cuda:0", "float16", world="All & more.")
STATUS = Status(MODEL, MODEL, "No <GPU>.", advice="make run ARGS=x")


def test_all_is_told_and_escaped() -> None:
    text = card(STATUS)
    told = ("A &lt;model&gt;", "cuda:0, float16", "All &amp; more.", "No &lt;GPU&gt;.", "ARGS=x")
    for words in told:
        assert words in text
    assert "<model>" not in text + pill(STATUS)


def test_how_a_model_shares_the_memory_is_told_where_there_is_something_to_say() -> None:
    placed = replace(MODEL, placement="its models take <turns>")
    text = card(replace(STATUS, painter=placed))
    assert "float16; <span data-t>its models take &lt;turns&gt;</span></small>" in text
    assert "float16;" not in card(STATUS)


def test_loading_shows_how_far_it_is_and_failure_shows_why() -> None:
    loading = card(replace(STATUS, loading="Loading SDXL.", fraction=0.25))
    assert 'value="0.250"' in loading
    assert "value=" not in card(replace(STATUS, loading="Loading SDXL."))
    assert "<progress" not in card(STATUS)
    assert "No network." in card(replace(STATUS, failure="No network."))
    assert "pp-spin" in pill(replace(STATUS, loading="Loading SDXL."))
    assert "pp-spin" not in pill(STATUS)
