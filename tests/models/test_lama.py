"""LaMa: its row's network run by opencv, on a tiny one that takes and gives the same."""

from __future__ import annotations

import io
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from inpainting.errors import BadOutput, BadRequest, ModelUnavailable, NothingSelected
from inpainting.photo import make_photo
from inpainting.studio import Studio
from inpainting.types import Painted, PaintRequest, PaintResult, PaintSettings, Progress, Rgb, Tool
from models.catalog import filler_row, painter_info
from models.grabcut import GrabCutSegmenter
from models.lama import FILE, SIDE, LamaPainter, read_net, squared, unsquared
from models.loading import load_painter

CPU = torch.device("cpu")
SETTINGS = PaintSettings("", "", 0, 1, 0.0, 1.0, "as it is")
ROW = filler_row("lama")
COLOUR = (51, 102, 204)


def _network(outputs: int = 3, scale: float = 255.0) -> bytes:
    """Return an ONNX file that keeps what is kept and fills the hole with COLOUR, RGB 0-255."""
    colour = [channel / 255 for channel in COLOUR]
    constants = [
        helper.make_tensor("one", TensorProto.FLOAT, [1], [1.0]),
        helper.make_tensor("colour", TensorProto.FLOAT, [1, 3, 1, 1], colour),
        helper.make_tensor("scale", TensorProto.FLOAT, [1, 3, 1, 1], [scale] * 3),
        helper.make_tensor("starts", TensorProto.INT64, [1], [0]),
        helper.make_tensor("ends", TensorProto.INT64, [1], [outputs]),
        helper.make_tensor("axes", TensorProto.INT64, [1], [1]),
    ]
    nodes = [
        helper.make_node("Sub", ["one", "mask"], ["keep"]),
        helper.make_node("Mul", ["image", "keep"], ["kept"]),
        helper.make_node("Mul", ["mask", "colour"], ["filled"]),
        helper.make_node("Add", ["kept", "filled"], ["sum"]),
        helper.make_node("Mul", ["sum", "scale"], ["scaled"]),
        helper.make_node("Slice", ["scaled", "starts", "ends", "axes"], ["output"]),
    ]
    images = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, channels, SIDE, SIDE])
        for name, channels in (("image", 3), ("mask", 1), ("output", outputs))
    ]
    graph = helper.make_graph(nodes, "lama", images[:2], images[2:], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    file = io.BytesIO()
    onnx.save(model, file)
    return file.getvalue()


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of the tiny network."""
    file = tmp_path_factory.mktemp("lama") / FILE
    file.write_bytes(_network())
    return file


@pytest.fixture(scope="module")
def painter(path: Path) -> LamaPainter:
    """LaMa's painter on the tiny network."""
    return LamaPainter(read_net(path), painter_info(ROW))


def _noise(height: int, width: int, seed: int = 0) -> Rgb:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def _painted(painter: LamaPainter, rgb: Rgb, hole: np.ndarray) -> Rgb:
    *_, last = painter.paint(rgb, hole, SETTINGS)
    assert isinstance(last, Painted)
    return last.rgb


@pytest.mark.parametrize("size", [(512, 512), (640, 400), (100, 300), (8, 8), (1, 500)])
def test_the_hole_is_filled_and_the_rest_is_kept(
    painter: LamaPainter, size: tuple[int, int]
) -> None:
    rgb = _noise(size[1], size[0])
    hole = np.zeros(rgb.shape[:2], bool)
    hole[size[1] // 4 : size[1] // 2 + 1, size[0] // 4 : size[0] // 2] = True
    hole[0, 0] = True
    result = _painted(painter, rgb, hole)
    assert np.array_equal(result[~hole], rgb[~hole])
    middle = np.median(result[hole], axis=0)
    assert np.abs(middle - COLOUR).max() <= 1, "red first, 0-255"


def test_what_the_hole_held_is_never_seen(painter: LamaPainter) -> None:
    rgb, hole = _noise(600, 300), np.zeros((600, 300), bool)
    hole[100:203, 50:77] = True
    other = rgb.copy()
    other[hole] = 0
    assert np.array_equal(_painted(painter, rgb, hole), _painted(painter, other, hole))


@settings(max_examples=25)
@given(st.integers(1, 1200), st.integers(1, 1200))
def test_a_picture_is_squared_without_squeezing_and_comes_back(width: int, height: int) -> None:
    rows, columns = np.mgrid[:height, :width]
    rgb = np.stack([rows % 256 // 2, columns % 256 // 2, rows * 0], axis=2).astype(np.uint8)
    hole = rows * width + columns == width * height // 2
    picture, mask = squared(rgb, hole)
    assert picture.shape == (SIDE, SIDE, 3)
    assert mask.shape == (SIDE, SIDE)
    assert mask.any(), "the thinnest hole is still there"
    back = unsquared(picture, (width, height))
    assert back.shape == rgb.shape
    if max(width, height) <= SIDE:
        assert np.array_equal(back, rgb)


def test_what_cannot_be_filled_is_refused_in_words(painter: LamaPainter) -> None:
    rgb = _noise(20, 30)
    with pytest.raises(BadRequest, match="Nothing is left"):
        _painted(painter, rgb, np.ones((20, 30), bool))
    with pytest.raises(NothingSelected):
        _painted(painter, rgb, np.zeros((20, 30), bool))


def test_a_stopped_job_leaves_the_next_unharmed(painter: LamaPainter) -> None:
    rgb, hole = _noise(64, 64), np.zeros((64, 64), bool)
    hole[20:30, 20:30] = True
    wanted = _painted(painter, rgb, hole)
    with closing(painter.paint(rgb, hole, SETTINGS)) as events:
        assert isinstance(next(events), Progress)
    assert np.array_equal(_painted(painter, rgb, hole), wanted)


@pytest.mark.parametrize("network", [_network(outputs=1), _network(scale=float("inf"))])
def test_an_output_that_is_no_picture_is_told(network: bytes, tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(network)
    painter = LamaPainter(read_net(tmp_path / FILE), painter_info(ROW))
    hole = np.zeros((20, 30), bool)
    hole[5:9, 5:9] = True
    with pytest.raises(BadOutput, match="no picture"):
        _painted(painter, _noise(20, 30), hole)


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"not a network")
    with pytest.raises(ModelUnavailable, match="damaged"):
        read_net(tmp_path / FILE)


def _cached(folder: Path, commit: str, data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lay a file into a hub cache as its client would."""
    repository = folder / ("models--" + ROW.source.replace("/", "--"))
    snapshot = repository / "snapshots" / commit
    snapshot.mkdir(parents=True)
    (snapshot / FILE).write_bytes(data)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(commit, "utf-8")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(folder))


@pytest.mark.parametrize("pinned", [True, False])
def test_the_row_is_loaded_from_the_cache_and_removes_in_the_studio(
    pinned: bool, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = ROW.revision if pinned else "f" * 40
    row = ROW if pinned else replace(ROW, revision="")
    _cached(tmp_path, commit, path.read_bytes(), monkeypatch)
    painter = load_painter(row, CPU, torch.float32, offline=True)
    assert painter.info.revision == commit
    assert painter.info.tools == (Tool.REMOVE,)

    photo = make_photo(_noise(150, 220), None, None, "photo")
    mask = np.zeros((150, 220), bool)
    mask[40:90, 60:120] = True
    studio = Studio(GrabCutSegmenter(), painter, fillers={"lama": painter})
    *_, result = studio.paint(PaintRequest(photo, mask, tool=Tool.REMOVE, method="lama"))
    assert isinstance(result, PaintResult)
    assert result.photo.size == photo.size
    assert result.recipe.painter.revision == commit
    assert np.array_equal(result.photo.pixels[:, 140:], photo.pixels[:, 140:])
    assert np.abs(result.photo.pixels[65, 90].astype(int) - COLOUR).max() <= 2


def test_without_the_file_and_offline_it_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(ModelUnavailable, match="offline"):
        load_painter(ROW, CPU, torch.float32, offline=True)
