"""The rows are whole, pinned and consistent."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from inpainting.errors import BadRequest
from inpainting.settings import SETTINGS
from models.catalog import (
    EMBEDDED_FOLDER,
    PAINTERS,
    PRESETS,
    SCHEDULERS,
    SEGMENTERS,
    PainterRow,
    SegmenterRow,
    painter_info,
    painter_row,
    preset,
    segmenter_info,
    segmenter_row,
    weights_digest,
)
from models.loading import resolve_preset

PINNED = re.compile(r"[0-9a-f]{40}")
ROWS: list[SegmenterRow | PainterRow] = [*SEGMENTERS, *PAINTERS]
HUB = [row for row in ROWS if row.download]
PARTS = [part for row in PAINTERS for part in row.components]


def test_whatever_comes_from_a_hub_is_pinned_to_a_commit() -> None:
    assert len(HUB) >= 2
    assert PARTS
    revisions = [row.revision for row in HUB] + [part.revision for part in PARTS]
    sources = [row.source for row in HUB] + [part.source for part in PARTS]
    assert all(PINNED.fullmatch(revision) for revision in revisions)
    assert all(re.fullmatch(r"[\w.-]+/[\w.-]+", source) for source in sources)


def test_every_row_names_its_licence_and_its_world() -> None:
    assert all(row.licence and row.title and row.world for row in ROWS)


@pytest.mark.parametrize("row", PAINTERS, ids=lambda row: row.key)
def test_defaults_of_painters_can_be_run(row: PainterRow) -> None:
    assert row.defaults.scheduler in row.schedulers
    assert int(row.defaults.steps * row.defaults.strength) >= 1
    assert row.native_side % row.multiple == 0
    assert row.memory_offloaded <= row.memory


def test_sdxl_is_set_as_its_card_says() -> None:
    row = painter_row("sdxl-inpainting")
    assert (row.native_side, row.defaults.guidance, row.defaults.strength) == (1024, 8.0, 0.99)
    assert 15 <= row.defaults.steps <= 30
    assert row.variant == "fp16"
    assert [part.source for part in row.components] == ["madebyollin/sdxl-vae-fp16-fix"]


def test_the_embedded_preset_needs_nothing_from_outside() -> None:
    row = preset("embedded")
    assert segmenter_row(row.segmenter).download == 0
    assert painter_row(row.painter).download == 0
    assert painter_row(row.painter).local
    assert EMBEDDED_FOLDER.parts[-2:] == ("models", "embedded")


def test_presets_are_those_of_the_settings_and_their_rows_exist() -> None:
    choices = next(row.choices for row in SETTINGS if row.name == "preset")
    assert set(choices) == {"auto", *(row.name for row in PRESETS)}
    for row in PRESETS:
        assert segmenter_row(row.segmenter)
        assert painter_row(row.painter)


@pytest.mark.parametrize(
    ("name", "cuda", "chosen", "words"),
    [
        ("auto", True, "sdxl", "has a CUDA GPU"),
        ("auto", False, "embedded", "no CUDA GPU"),
        ("sdxl", True, "sdxl", "asked for"),
        ("sdxl", False, "sdxl", "half a minute"),
        ("embedded", True, "embedded", "asked for"),
    ],
)
def test_auto_takes_sdxl_where_cuda_is(name: str, cuda: bool, chosen: str, words: str) -> None:
    row, reason = resolve_preset(name, cuda)
    assert row.name == chosen
    assert words in reason


def test_unknown_names_are_refused_with_those_there_are() -> None:
    with pytest.raises(BadRequest, match="sam-vit-base, grabcut"):
        segmenter_row("sam3")
    with pytest.raises(BadRequest, match="sdxl-inpainting, embedded"):
        painter_row("../../weights")
    with pytest.raises(BadRequest, match="auto, sdxl, embedded"):
        preset("light")
    with pytest.raises(BadRequest):
        resolve_preset("", True)


def test_infos_say_what_runs_where_and_show_no_path_of_this_machine() -> None:
    info = painter_info(painter_row("embedded"), "cuda:0", "float16")
    assert (info.key, info.source) == ("embedded", "models/embedded")
    assert (info.device, info.dtype) == ("cuda:0", "float16")
    assert info.defaults is not None
    assert set(info.schedulers) <= set(SCHEDULERS)
    assert segmenter_info(segmenter_row("grabcut")).source == "this project"
    assert segmenter_info(segmenter_row("sam-vit-base")).source == "facebook/sam-vit-base"


def test_lms_is_listed_only_with_scipy(monkeypatch: pytest.MonkeyPatch) -> None:
    row = painter_row("embedded")
    monkeypatch.setattr("models.catalog.find_spec", lambda _: None)
    without = painter_info(row).schedulers
    assert set(SCHEDULERS) - set(without) == {"LMS"}


def test_catalogue_and_loading_are_imported_without_torch() -> None:
    code = (
        "import sys, models.catalog, models.loading;"
        "print(sorted({'torch', 'diffusers', 'transformers'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_revision_of_shipped_weights_follows_their_content(tmp_path: Path) -> None:
    (tmp_path / "unet").mkdir()
    weights = tmp_path / "unet" / "model.safetensors"
    weights.write_bytes(b"one")
    first = weights_digest(tmp_path)
    weights.write_bytes(b"two")
    assert len(first) == 40
    assert first != weights_digest(tmp_path)
    assert painter_info(painter_row("embedded")).revision == weights_digest(EMBEDDED_FOLDER)
