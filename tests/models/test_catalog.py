"""The rows are whole, pinned and consistent."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from inpainting.errors import BadRequest
from inpainting.settings import SETTINGS
from models.catalog import (
    EMBEDDED_FOLDER,
    FILLERS,
    PAINTERS,
    PRESETS,
    SCHEDULERS,
    SEGMENTERS,
    Component,
    LoraPart,
    PainterRow,
    SegmenterRow,
    painter_info,
    painter_row,
    preset,
    segmenter_info,
    segmenter_row,
    weights_digest,
)
from models.loading import LOADERS, resolve_preset
from models.rows.stable import STABLE


def parts_of(row: PainterRow) -> list[Component | LoraPart]:
    """What a row takes from other repositories."""
    return [*row.components, *row.loras]


PINNED = re.compile(r"[0-9a-f]{40}")
ROWS: list[SegmenterRow | PainterRow] = [*SEGMENTERS, *PAINTERS, *FILLERS]
HUB = [row for row in ROWS if row.download]
PARTS = [part for row in PAINTERS for part in parts_of(row)]
STABLE_PARTS = [part for row in STABLE for part in parts_of(row)]


def test_whatever_comes_from_a_hub_is_pinned_to_a_commit_or_said_to_be_unknown() -> None:
    assert len(HUB) >= 2
    assert PARTS
    revisions = [row.revision for row in HUB] + [part.revision for part in PARTS]
    sources = [row.source for row in HUB] + [part.source for part in PARTS]
    assert all(PINNED.fullmatch(revision) for revision in revisions if revision)
    assert all(re.fullmatch(r"[\w.-]+/[\w.-]+", source) for source in sources)


def test_the_presets_and_all_parts_of_stable_diffusion_are_pinned() -> None:
    assert all(PINNED.fullmatch(part.revision) for part in STABLE_PARTS)
    painters = [painter_row(row.painter) for row in PRESETS]
    assert all(row.local or PINNED.fullmatch(row.revision) for row in painters)


def test_keys_are_unlike_each_other_and_fit_a_command_line() -> None:
    for rows in (SEGMENTERS, PAINTERS, FILLERS):
        keys = [row.key for row in rows]
        assert len(set(keys)) == len(keys)
        assert all(re.fullmatch(r"[a-z0-9][a-z0-9.-]*", key) for key in keys)


def test_every_kind_of_row_has_a_loader() -> None:
    kinds = {row.kind for row in ROWS} - {"grabcut"}
    assert kinds <= set(LOADERS)
    assert all(find_spec(f"models.loaders.{LOADERS[kind]}") for kind in kinds)


def test_every_row_names_its_licence_and_its_world() -> None:
    assert all(row.licence and row.title and row.world for row in ROWS)


@pytest.mark.parametrize("row", PAINTERS, ids=lambda row: row.key)
def test_defaults_of_painters_can_be_run(row: PainterRow) -> None:
    assert row.defaults.scheduler in row.schedulers
    assert int(row.defaults.steps * row.defaults.strength) >= 1
    assert row.native_side % row.multiple == 0
    assert row.memory_offloaded <= row.memory


def test_rows_of_few_steps_lose_none_they_need() -> None:
    runs = {row.key: int(row.defaults.steps * row.defaults.strength) for row in STABLE}
    assert {key: runs[key] for key in ("sdxl-turbo", "sd15-lcm", "sdxl-lcm", "sdxl-fast")} == {
        "sdxl-turbo": 4,
        "sd15-lcm": 6,
        "sdxl-lcm": 7,
        "sdxl-fast": 11,
    }


def test_rows_with_a_lora_of_their_own_take_others_and_run_its_scheduler() -> None:
    rows = {row.key: row for row in STABLE if row.loras}
    assert set(rows) == {"sdxl-fast", "sdxl-lcm", "sd15-lcm"}
    assert all(row.base for row in rows.values())
    assert rows["sdxl-fast"].loras[0].spacing == "trailing"
    assert rows["sdxl-lcm"].defaults.scheduler == rows["sd15-lcm"].defaults.scheduler == "LCM"


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
    with pytest.raises(BadRequest, match=r"must be one of .*grabcut"):
        segmenter_row("sam9")
    with pytest.raises(BadRequest, match=r"sdxl-inpainting, sdxl-fast, .*embedded"):
        painter_row("../../weights")
    with pytest.raises(BadRequest, match=r"auto, sdxl, .*embedded"):
        preset("heavy")
    with pytest.raises(BadRequest):
        resolve_preset("", True)


def test_infos_say_what_runs_where_and_show_no_path_of_this_machine() -> None:
    info = painter_info(painter_row("embedded"), "cuda:0", "float16")
    assert (info.key, info.source) == ("embedded", "models/embedded")
    assert (info.device, info.dtype) == ("cuda:0", "float16")
    assert info.defaults is not None
    assert set(info.schedulers) <= set(SCHEDULERS)
    assert (info.soft, info.lora_base) == (True, "")
    assert not painter_info(painter_row("sdxl-turbo")).commercial
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
