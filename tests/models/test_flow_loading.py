"""Loading the newer families: what is asked of the libraries, and what comes of saved files."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
import torch
import transformers

from inpainting.errors import ModelUnavailable
from inpainting.types import Painted, PaintSettings
from models.families import FAMILIES
from models.ladder import Rung
from models.loading import load_painter
from models.qwen_reading import PictureProcessor
from models.revisions import commit_of
from models.rows.base import PainterRow
from models.rows.flow import FLOW
from tests.support.tiny_flow import tiny_kandinsky_decoder, tiny_kandinsky_prior, tiny_pipeline

CPU = torch.device("cpu")
COMMIT = "0123456789abcdef0123456789abcdef01234567"
PLAIN = [row for row in FLOW if not row.components]


class Spy:
    """Replaces `from_pretrained` of a class and keeps what it was called with."""

    def __init__(self, patch: pytest.MonkeyPatch, owner: Any, result: Any) -> None:
        self.source = ""
        self.asked: dict[str, Any] = {}
        self._result = result
        patch.setattr(owner, "from_pretrained", self)

    def __call__(self, source: str, **asked: Any) -> Any:
        self.source, self.asked = source, asked
        return self._result


def light(row: PainterRow) -> PainterRow:
    """The row, if it needed no memory."""
    return replace(row, memory=0, memory_offloaded=0, download=0)


def assert_safe(spy: Spy, revision: str | None, *, offline: bool) -> None:
    assert spy.asked["revision"] == revision
    assert spy.asked["local_files_only"] is offline
    assert not {"trust_remote_code", "custom_pipeline", "torch_dtype", "token"} & set(spy.asked)


# -- what the libraries are asked --------------------------------------------------------------


@pytest.mark.parametrize("row", PLAIN, ids=lambda row: row.key)
@pytest.mark.parametrize("offline", [True, False])
def test_a_row_is_asked_for_by_commit_in_safetensors(
    monkeypatch: pytest.MonkeyPatch, row: PainterRow, offline: bool
) -> None:
    pipeline = tiny_pipeline(row.kind)
    whole = Spy(monkeypatch, type(pipeline), pipeline)
    pictures = transformers.Qwen2VLImageProcessorPil
    reader = Spy(monkeypatch, pictures, pictures())
    words = Spy(monkeypatch, transformers.Qwen2Tokenizer, getattr(pipeline, "tokenizer", None))
    painter = load_painter(light(row), CPU, torch.float32, offline=offline)
    assert whole.source == row.source
    assert_safe(whole, row.revision or None, offline=offline)
    assert whole.asked["use_safetensors"] is True
    assert whole.asked["dtype"] == torch.float32
    assert (painter.info.tools, painter.info.gated) == (row.tools, row.gated)
    assert painter.info.commercial is row.commercial
    if row.kind == "qwen-edit":
        assert reader.asked["subfolder"] == "processor"
        assert words.asked["subfolder"] == "tokenizer"
        assert isinstance(whole.asked["processor"], PictureProcessor)
        assert_safe(reader, row.revision or None, offline=offline)
        assert_safe(words, row.revision or None, offline=offline)


@pytest.mark.parametrize("row", [row for row in FLOW if row.components], ids=lambda row: row.key)
def test_kandinsky_is_put_together_from_its_prior_and_a_decoder(
    monkeypatch: pytest.MonkeyPatch, row: PainterRow
) -> None:
    inpaints = row.kind == "kandinsky-inpaint"
    kind = diffusers.KandinskyV22InpaintPipeline if inpaints else diffusers.KandinskyV22Pipeline
    parts = tiny_kandinsky_decoder(9 if inpaints else 4)
    decoder = Spy(monkeypatch, kind, kind(**parts))
    prior_pipeline = tiny_kandinsky_prior()
    prior = Spy(monkeypatch, diffusers.KandinskyV22PriorPipeline, prior_pipeline)
    painter = load_painter(light(row), CPU, torch.float32, offline=True)
    assert decoder.source == row.source
    assert prior.source == "kandinsky-community/kandinsky-2-2-prior"
    for spy in (decoder, prior):
        assert_safe(spy, None, offline=True)
        assert spy.asked["use_safetensors"] is True
    assert painter.info.revision == ""


def test_half_precision_is_the_one_that_a_family_was_trained_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    row = next(row for row in FLOW if row.key == "z-image-turbo")
    pipeline = tiny_pipeline(row.kind)
    whole = Spy(monkeypatch, diffusers.ZImagePipeline, pipeline)
    painter = load_painter(light(row), CPU, torch.float16, offline=True)
    assert whole.asked["dtype"] == torch.bfloat16
    assert painter.info.dtype == "bfloat16"


def test_a_model_that_does_not_fit_is_refused_before_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    row = next(row for row in FLOW if row.key == "qwen-image-edit")
    monkeypatch.setattr("models.placing.free_memory", lambda _: 8_000_000_000)
    whole = Spy(monkeypatch, diffusers.QwenImageEditPipeline, None)
    with pytest.raises(ModelUnavailable, match="Qwen-Image-Edit needs 126 GB"):
        load_painter(row, CPU, torch.float32, offline=True)
    assert whole.asked == {}


def test_models_take_turns_where_the_gpu_is_too_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Offloading itself needs a GPU: here it is asked for, and the pipeline stays where it is."""
    row = light(next(row for row in FLOW if row.key == "flux2-klein"))
    pipeline = tiny_pipeline(row.kind)
    Spy(monkeypatch, diffusers.Flux2KleinPipeline, pipeline)
    monkeypatch.setattr("models.loaders.flow.choose_rung", lambda *_: Rung.OFFLOAD)
    asked: list[Any] = []
    monkeypatch.setattr(
        pipeline, "enable_model_cpu_offload", lambda **given: asked.append(given["device"])
    )
    load_painter(row, CPU, torch.float32, offline=True)
    assert asked == [CPU]


# -- from real files ---------------------------------------------------------------------------


def saved(row: PainterRow, folder: Path) -> PainterRow:
    """Save a tiny pipeline of the row as the hub's client stores it; return a row for the files."""
    place = folder / "models--x" / "snapshots" / COMMIT
    if not row.components:
        tiny_pipeline(row.kind).save_pretrained(place)
        _as_published(place)
        return replace(light(row), source=place.as_posix(), revision="", components=())
    inpaints = row.kind == "kandinsky-inpaint"
    kind = diffusers.KandinskyV22InpaintPipeline if inpaints else diffusers.KandinskyV22Pipeline
    kind(**tiny_kandinsky_decoder(9 if inpaints else 4)).save_pretrained(place)
    tiny_kandinsky_prior().save_pretrained(folder / "prior")
    part = replace(row.components[0], source=(folder / "prior").as_posix())
    return replace(light(row), source=place.as_posix(), revision="", components=(part,))


def _as_published(place: Path) -> None:
    """Name the classes that published repositories name, where ours are smaller."""
    path = place / "model_index.json"
    index = json.loads(path.read_text(encoding="utf-8"))
    if "processor" in index:
        index["processor"] = ["transformers", "Qwen2VLProcessor"]
        path.write_text(json.dumps(index), encoding="utf-8")


@pytest.mark.parametrize("row", FLOW, ids=lambda row: row.key)
def test_saved_files_are_loaded_paint_and_tell_their_commit(
    row: PainterRow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = "diffusers.pipelines.qwenimage.pipeline_qwenimage_edit_inpaint"
    monkeypatch.setattr(f"{module}.calculate_dimensions", lambda *_: (64, 64, None))
    painter = load_painter(saved(row, tmp_path), CPU, torch.float32, offline=True)
    assert painter.info.revision == COMMIT
    rgb = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    hole = np.zeros((64, 64), np.bool_)
    hole[8:40, 8:40] = True
    defaults = row.defaults
    settings = PaintSettings("brick", "", 1, 2, defaults.guidance, 0.9, defaults.scheduler)
    *_, last = painter.paint(rgb, hole, settings)
    assert isinstance(last, Painted)
    assert last.rgb.shape == rgb.shape


def test_a_pipeline_that_was_built_has_no_commit() -> None:
    assert commit_of(tiny_pipeline("flux-fill")) == ""


# -- the rows ----------------------------------------------------------------------------------


@pytest.mark.parametrize("row", FLOW, ids=lambda row: row.key)
def test_rows_are_consistent(row: PainterRow) -> None:
    family = FAMILIES[row.kind]
    assert all(hasattr(diffusers, mode.pipeline) for mode in family.modes)
    assert row.memory_offloaded < row.memory
    assert row.native_side % row.multiple == 0
    assert row.defaults.scheduler in row.schedulers
    assert row.base == ""
    assert not row.soft
