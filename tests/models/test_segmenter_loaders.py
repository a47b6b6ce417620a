"""Segmenters from rows: what the libraries are asked, and what comes of saved repositories."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from inpainting.errors import ModelUnavailable, NothingSelected
from inpainting.ports import Everything, Finder, Proposer
from inpainting.types import Point, Prompts
from models import promptable
from models.catalog import SEGMENTERS, segmenter_row
from models.loaders import segmenting
from models.loading import LOADERS, load_segmenter
from models.rows.base import SegmenterRow
from tests.support.tiny import toy_tokenizer
from tests.support.tiny_segmenters import (
    small_edgetam,
    small_sam,
    small_sam2,
    small_sam3,
    small_sam_hq,
)

CPU = torch.device("cpu")
COMMIT = "0123456789abcdef0123456789abcdef01234567"
ROWS = tuple(row for row in SEGMENTERS if row.source)


class Spy:
    """Replaces `from_pretrained` of a class and keeps what it was called with."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, owner: Any, result: Any) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self._result = result
        monkeypatch.setattr(owner, "from_pretrained", self)

    def __call__(self, source: str, **asked: Any) -> Any:
        self.calls.append((source, asked))
        return self._result


@pytest.fixture(autouse=True)
def _any_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some multiply in bfloat16, and then the precision is called otherwise."""
    monkeypatch.setattr(promptable, "calculates_in_bfloat16", lambda _: False)


def _small(row: SegmenterRow, **change: Any) -> SegmenterRow:
    return replace(row, memory=0, download=0, **change)


def _spies(monkeypatch: pytest.MonkeyPatch, kind: str) -> tuple[list[Spy], list[Spy]]:
    """Return spies on the classes of a kind of row: those of weights, and the others."""
    if kind == "sam3":
        detector, tracker = small_sam3()
        weights = [
            Spy(monkeypatch, transformers.Sam3Model, detector),
            Spy(monkeypatch, transformers.Sam3TrackerModel, tracker),
        ]
        return weights, [Spy(monkeypatch, transformers.CLIPTokenizer, toy_tokenizer())]
    if kind == "edgetam":
        # a counter of training is no weight
        told = {"missing_keys": {"stem.conv1.bn.num_batches_tracked"}}
        whole = (small_edgetam(), told)
        config = transformers.EdgeTamConfig()
        return [Spy(monkeypatch, transformers.EdgeTamModel, whole)], [
            Spy(monkeypatch, transformers.EdgeTamConfig, config)
        ]
    owner: Any
    owner, model = {
        "sam": (transformers.SamModel, small_sam),
        "sam-hq": (transformers.SamHQModel, small_sam_hq),
        "sam2": (transformers.Sam2Model, small_sam2),
    }[kind]
    return [Spy(monkeypatch, owner, model())], []


@pytest.mark.parametrize("offline", [True, False])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.key)
def test_weights_are_safetensors_of_the_row_s_commit(
    monkeypatch: pytest.MonkeyPatch, row: SegmenterRow, offline: bool
) -> None:
    weights, others = _spies(monkeypatch, row.kind)
    segmenter = load_segmenter(_small(row), CPU, torch.float16, offline=offline)
    for spy in weights:
        assert [source for source, _ in spy.calls] == [row.source]
        asked = spy.calls[0][1]
        assert asked["use_safetensors"] is True
        assert asked["dtype"] == torch.float16
    for spy in (*weights, *others):
        asked = spy.calls[0][1]
        assert asked["local_files_only"] is offline
        assert asked["revision"] == (row.revision or None)
        assert not {"trust_remote_code", "torch_dtype", "token"} & set(asked)
    assert segmenter.info.key == row.key
    assert (segmenter.info.device, segmenter.info.dtype) == ("cpu", "float16")
    assert segmenter.info.revision == (row.revision or "unknown")
    assert isinstance(segmenter, Proposer)
    assert isinstance(segmenter, Everything)
    assert isinstance(segmenter, Finder) is (row.kind == "sam3")


def test_every_row_has_a_loader_and_says_what_it_is_for() -> None:
    assert {row.kind for row in ROWS} <= set(LOADERS)
    assert len({row.key for row in SEGMENTERS}) == len(SEGMENTERS)
    for row in SEGMENTERS:
        assert row.revision in ("", "1") or len(row.revision) == 40
        assert row.world.endswith(".")
        assert row.licence
    assert [row.key for row in SEGMENTERS if row.gated] == ["sam3"]


@pytest.mark.parametrize("kind", ["sam", "sam-hq", "sam2", "sam3", "edgetam"])
def test_the_commit_that_was_got_is_told(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    weights, others = _spies(monkeypatch, kind)
    model = weights[0]._result[0] if kind == "edgetam" else weights[0]._result
    model.config._commit_hash = COMMIT
    row = _small(next(row for row in ROWS if row.kind == kind), revision="")
    assert load_segmenter(row, CPU, torch.float32).info.revision == COMMIT
    if kind == "sam3":
        assert weights[0].calls[0][1]["revision"] is None
        later = (*weights[1].calls, *others[0].calls)
        assert [asked["revision"] for _, asked in later] == [COMMIT, COMMIT]


def test_a_config_in_a_config_is_looked_up_in_the_cache(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    model = SimpleNamespace(config=SimpleNamespace())
    row = _small(segmenter_row("sam3"))
    path = tmp_path / "snapshots" / COMMIT / "config.json"
    monkeypatch.setattr(segmenting, "try_to_load_from_cache", lambda *_: str(path))
    assert segmenting.commit_of(row, model) == COMMIT
    monkeypatch.setattr(segmenting, "try_to_load_from_cache", lambda *_: None)
    assert segmenting.commit_of(row, model) == "unknown"
    assert segmenting.commit_of(replace(row, source=str(tmp_path)), model) == "unknown"


def test_what_does_not_fit_is_refused_before_anything_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for row in ROWS:
        weights, others = _spies(monkeypatch, row.kind)
        with pytest.raises(ModelUnavailable, match="GB of free memory"):
            load_segmenter(replace(row, memory=10**15), CPU, torch.float32)
        assert not any(spy.calls for spy in (*weights, *others))


# -- from real files ---------------------------------------------------------------------------


def _selects(row: SegmenterRow) -> Any:
    segmenter = load_segmenter(row, CPU, torch.float32, offline=True)
    rgb = np.random.default_rng(0).integers(0, 256, (40, 90, 3), dtype=np.uint8)
    embedding = segmenter.embed(rgb)
    answer = segmenter.candidates(embedding, Prompts((Point(20, 20),)))
    assert [mask.shape for mask in answer.masks] == [(40, 90)] * 3
    return segmenter, embedding, answer


@pytest.mark.parametrize(
    ("key", "make"), [("sam-hq-vit-base", small_sam_hq), ("sam2.1-tiny", small_sam2)]
)
def test_a_saved_model_is_loaded_and_selects(tmp_path: Path, key: str, make: Any) -> None:
    make().save_pretrained(tmp_path)
    _selects(_small(segmenter_row(key), source=tmp_path.as_posix()))


@pytest.fixture(scope="module")
def saved_edgetam(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository as published: its config names timm's encoder, which is not installed."""
    folder = tmp_path_factory.mktemp("edgetam")
    small_edgetam(depths=(2, 2, 14, 2)).save_pretrained(folder)
    path = folder / "config.json"
    config = json.loads(path.read_text())
    config["vision_config"]["backbone_config"] = {
        "architecture": "repvit_m1",
        "do_pooling": True,
        "label_names": ["tench"],
        "model_args": {"features_only": True, "in_chans": 3, "out_indices": [0, 1, 2, 3]},
        "model_type": "timm_wrapper",
        "num_classes": 1000,
        "num_features": 384,
        "pretrained_cfg": {"architecture": "repvit_m1", "num_classes": 1000},
    }
    path.write_text(json.dumps(config))
    return folder


def _edgetam(folder: Path) -> SegmenterRow:
    return _small(segmenter_row("edgetam"), source=folder.as_posix())


def test_a_published_edgetam_is_loaded_without_timm(saved_edgetam: Path) -> None:
    _, _, answer = _selects(_edgetam(saved_edgetam))
    again = _selects(_edgetam(saved_edgetam))[2]
    assert np.array_equal(answer.hints[0], again.hints[0]), "no weight was made up"


def test_an_edgetam_that_lacks_a_weight_is_refused(saved_edgetam: Path, tmp_path: Path) -> None:
    weights = load_file(saved_edgetam / "model.safetensors")
    del weights["vision_encoder.backbone.timm_model.stem.conv1.c.weight"]
    save_file(weights, tmp_path / "model.safetensors", {"format": "pt"})
    (tmp_path / "config.json").write_text((saved_edgetam / "config.json").read_text())
    with pytest.raises(ModelUnavailable, match="damaged or incomplete"):
        load_segmenter(_edgetam(tmp_path), CPU, torch.float32, offline=True)


def test_a_published_sam3_is_loaded_for_clicks_and_for_text(tmp_path: Path) -> None:
    """One file holds the detector, and the tracker without the encoder that it shares."""
    detector, tracker = small_sam3()
    weights = {f"detector_model.{name}": one for name, one in detector.state_dict().items()}
    for name, one in tracker.state_dict().items():
        if name.startswith("vision_encoder.neck."):
            weights[name.replace("vision_encoder.neck.", "tracker_neck.")] = one
        elif not name.startswith("vision_encoder."):
            weights[f"tracker_model.{name}"] = one
    weights = {name: one.clone().contiguous() for name, one in weights.items()}
    save_file(weights, tmp_path / "model.safetensors", {"format": "pt"})
    config = {
        "model_type": "sam3_video",
        "detector_config": detector.config.to_dict(),
        "tracker_config": {**tracker.config.to_dict(), "model_type": "sam3_tracker_video"},
    }
    (tmp_path / "config.json").write_text(json.dumps(config))
    toy_tokenizer().save_pretrained(tmp_path)
    row = _small(segmenter_row("sam3"), source=tmp_path.as_posix())
    segmenter, embedding, answer = _selects(row)
    with pytest.raises(NothingSelected):
        segmenter.find(embedding, "the dog")
    own: Any = segmenter._both.model.state_dict()
    assert all(torch.equal(own[name], one) for name, one in tracker.state_dict().items())
    found: Any = segmenter._both.detector.state_dict()
    assert all(torch.equal(found[name], one) for name, one in detector.state_dict().items())
    assert len(answer.hints) == 3
