"""Every row of Stable Diffusion: loaded as from a hub, with a tiny pipeline of its real class."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
import torch

from inpainting.errors import BadRequest, ModelUnavailable
from inpainting.ports import Tokens
from inpainting.types import LoraUse, Mask, Painted, PaintSettings, Progress, Rgb, Tool
from models.catalog import PainterRow
from models.loading import load_painter
from models.rows.stable import STABLE
from models.stable import StablePainter
from tests.support.stable import Fault
from tests.support.tiny import tiny_lora, tiny_sd_inpaint, tiny_sdxl_inpaint

CPU = torch.device("cpu")
NINE = {"sdxl-inpainting", "sdxl-fast", "sdxl-lcm", "sd15-inpainting", "sd15-lcm", "embedded"}

RGB: Rgb = np.random.default_rng(0).integers(0, 256, (64, 96, 3), dtype=np.uint8)
PART: Mask = np.zeros((64, 96), np.bool_)
PART[16:48, 24:80] = True
WHOLE: Mask = np.ones((64, 96), np.bool_)

JOBS: dict[Tool, tuple[Mask, float]] = {
    Tool.REPAINT: (PART, 1.0),
    Tool.EXTEND: (PART, 0.99),
    Tool.RESTYLE: (WHOLE, 0.6),
    Tool.CREATE: (WHOLE, 1.0),
}
"""What a tool asks of a painter: the hole and the strength."""


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder a row, with the files that its repository holds, and LoRA files beside them."""
    folder = tmp_path_factory.mktemp("hub")
    for name, build in {"stable": tiny_sdxl_inpaint, "stable-1": tiny_sd_inpaint}.items():
        for channels in (4, 9):
            place = folder / f"{name}-{channels}"
            build(channels=channels).save_pretrained(place)
            tiny_lora(build(channels=channels), place / "lora" / "weights.safetensors", seed=1)
            tiny_lora(build(channels=channels), place / "lora" / "mine.safetensors", seed=2)
    return folder


def stored(row: PainterRow, hub: Path) -> tuple[PainterRow, Path]:
    """Return the row with sources on this disk, and its folder of LoRA files."""
    place = hub / f"{row.kind}-{9 if row.key in NINE else 4}"
    loras = [
        replace(part, source=str(place / "lora"), file="weights.safetensors") for part in row.loras
    ]
    components = [replace(part, source=str(place / part.name)) for part in row.components]
    small = replace(
        row,
        source=str(place),
        native_side=64,
        memory=0,
        memory_offloaded=0,
        download=0,
        variant=None,
        loras=tuple(loras),
        components=tuple(components),
    )
    return small, place / "lora"


@pytest.fixture(params=STABLE, ids=lambda row: row.key)
def row(request: pytest.FixtureRequest) -> PainterRow:
    found: PainterRow = request.param
    return found


@pytest.fixture
def painter(row: PainterRow, hub: Path) -> StablePainter:
    small, loras = stored(row, hub)
    loaded = load_painter(small, CPU, torch.float32, offline=True, lora_folder=loras)
    assert isinstance(loaded, StablePainter)
    return loaded


def settings_of(row: PainterRow, strength: float, **changes: Any) -> PaintSettings:
    few = min(row.defaults.steps, 4)
    known = PaintSettings(
        "red brick", "", 1, few, row.defaults.guidance, strength, row.defaults.scheduler
    )
    return replace(known, **changes)


def paint(painter: StablePainter, hole: Mask, settings: PaintSettings) -> Rgb:
    *steps, last = painter.paint(RGB, hole, settings)
    assert all(isinstance(step, Progress) and step.preview is not None for step in steps)
    assert isinstance(last, Painted)
    assert last.notes == ()
    return last.rgb


def test_each_tool_of_a_row_paints_by_its_seed(row: PainterRow, painter: StablePainter) -> None:
    for tool in row.tools:
        hole, strength = JOBS[tool]
        settings = settings_of(row, strength)
        first = paint(painter, hole, settings)
        assert first.shape == RGB.shape
        assert np.array_equal(first, paint(painter, hole, settings)), tool
        assert not np.array_equal(first, paint(painter, hole, replace(settings, seed=2))), tool


def test_a_row_says_what_it_is_and_can(row: PainterRow, painter: StablePainter) -> None:
    info = painter.info
    assert (info.key, info.licence, info.tools) == (row.key, row.licence, row.tools)
    assert (info.soft, info.lora_base, info.commercial) == (True, row.base, row.commercial)
    assert row.defaults.scheduler in info.schedulers
    assert row.local or info.revision == row.revision
    assert isinstance(painter, Tokens)
    assert painter.tokens("red brick") == (8, 75)


def test_a_row_stops_within_a_step_and_the_next_job_is_unharmed(
    row: PainterRow, painter: StablePainter
) -> None:
    hole, strength = JOBS[row.tools[-1]]
    settings = settings_of(row, strength)
    alone = paint(painter, hole, settings)
    with closing(painter.paint(RGB, hole, replace(settings, steps=100))) as events:
        assert isinstance(next(events), Progress)
    assert np.array_equal(alone, paint(painter, hole, settings))


def test_a_row_takes_soft_holes_and_lora_files_where_it_says_so(
    row: PainterRow, painter: StablePainter
) -> None:
    settings = settings_of(row, 1.0)
    hard = paint(painter, PART, settings)
    assert not np.array_equal(hard, paint(painter, PART, replace(settings, softness=24)))
    with_file = replace(settings, loras=(LoraUse("mine"),))
    if row.base:
        assert not np.array_equal(hard, paint(painter, PART, with_file))
    else:
        with pytest.raises(BadRequest, match="takes no LoRA"):
            paint(painter, PART, with_file)
    assert np.array_equal(hard, paint(painter, PART, settings))


# -- what a hub is asked -----------------------------------------------------------------------


def by_key(key: str) -> PainterRow:
    return next(row for row in STABLE if row.key == key)


def test_a_lora_of_the_row_works_in_every_job_and_sets_the_spacing_of_steps(hub: Path) -> None:
    small, _ = stored(by_key("sdxl-fast"), hub)
    settings = settings_of(small, 1.0)
    fast = load_painter(small, CPU, torch.float32, offline=True)
    slow = load_painter(replace(small, loras=()), CPU, torch.float32, offline=True)
    assert isinstance(fast, StablePainter)
    assert isinstance(slow, StablePainter)
    assert not np.array_equal(paint(fast, PART, settings), paint(slow, PART, settings))
    (part,) = small.loras
    spaced = load_painter(
        replace(small, loras=(replace(part, spacing=""),)), CPU, torch.float32, offline=True
    )
    assert isinstance(spaced, StablePainter)
    assert not np.array_equal(paint(fast, PART, settings), paint(spaced, PART, settings))


@pytest.mark.parametrize("key", ["sd15", "sdxl-base"])
def test_a_repository_of_a_text_to_image_pipeline_is_loaded_all_the_same(
    hub: Path, tmp_path: Path, key: str
) -> None:
    small, _ = stored(by_key(key), hub)
    index = json.loads((Path(small.source) / "model_index.json").read_text())
    whole = {"sd15": "StableDiffusionPipeline", "sdxl-base": "StableDiffusionXLPipeline"}[key]
    index["_class_name"] = whole
    for part in Path(small.source).iterdir():
        (tmp_path / part.name).symlink_to(part)
    (tmp_path / "model_index.json").unlink()
    (tmp_path / "model_index.json").write_text(json.dumps(index))
    row = replace(small, source=str(tmp_path))
    painter = load_painter(row, CPU, torch.float32, offline=True)
    assert isinstance(painter, StablePainter)
    assert paint(painter, WHOLE, settings_of(row, 1.0)).shape == RGB.shape


def test_a_row_asks_for_what_it_names_and_tells_the_commit_it_got(
    hub: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = "0123456789" * 4
    (tmp_path / "snapshots").mkdir()
    (tmp_path / "snapshots" / commit).symlink_to(hub / "stable-4")
    asked: list[dict[str, Any]] = []

    def download(_source: str, **options: Any) -> Path:
        asked.append(options)
        return tmp_path / "snapshots" / commit

    monkeypatch.setattr(diffusers.StableDiffusionXLInpaintPipeline, "download", download)
    small, _ = stored(by_key("realvis-xl"), hub)
    row = replace(small, source=by_key("realvis-xl").source, components=())
    assert row.revision == ""
    assert load_painter(row, CPU, torch.float32, offline=True).info.revision == commit
    pinned = replace(row, revision="f" * 40)
    assert load_painter(pinned, CPU, torch.float32, offline=True).info.revision == "f" * 40
    assert [options["revision"] for options in asked] == [None, "f" * 40]
    assert all(options["use_safetensors"] is True for options in asked)


def test_a_lora_of_the_row_is_asked_for_by_commit_in_safetensors(
    hub: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small, _ = stored(by_key("sd15-lcm"), hub)
    kind = diffusers.StableDiffusionInpaintPipeline
    asked: list[tuple[str, dict[str, Any]]] = []
    real = kind.load_lora_weights

    def load(pipeline: Any, source: str, **options: Any) -> None:
        asked.append((source, dict(options)))
        real(pipeline, small.loras[0].source, **{**options, "revision": None})

    monkeypatch.setattr(kind, "load_lora_weights", load)
    part = replace(small.loras[0], source=by_key("sd15-lcm").loras[0].source)
    load_painter(replace(small, loras=(part,)), CPU, torch.float32, offline=True)
    ((source, options),) = asked
    assert source == "latent-consistency/lcm-lora-sdv1-5"
    assert options["revision"] == part.revision
    assert options["use_safetensors"] is True
    assert options["local_files_only"] is True


def test_a_lora_of_another_family_in_a_row_is_told(hub: Path) -> None:
    small, _ = stored(by_key("sdxl-lcm"), hub)
    (part,) = small.loras
    wrong = replace(part, source=str(hub / "stable-1-9" / "lora"))
    with pytest.raises(ModelUnavailable):
        load_painter(replace(small, loras=(wrong,)), CPU, torch.float32, offline=True)


def test_half_precision_goes_for_lora_files_too(hub: Path) -> None:
    small, loras = stored(by_key("sd15-lcm"), hub)
    painter = load_painter(small, CPU, torch.bfloat16, offline=True, lora_folder=loras)
    assert isinstance(painter, StablePainter)
    pipeline = painter._outfit.pipelines.main
    Fault(pipeline.unet, "forward", lambda result: result)
    paint(painter, PART, settings_of(small, 1.0, loras=(LoraUse("mine"),)))
    kinds = {value.dtype for name, value in pipeline.unet.named_parameters() if "lora" in name}
    assert kinds == {torch.bfloat16}
