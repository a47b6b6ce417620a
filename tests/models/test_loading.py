"""Loading: what is asked of the libraries, what comes of it, and how every failure is told."""

from __future__ import annotations

import errno
import re
import shutil
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import diffusers
import httpx
import numpy as np
import pytest
import torch
import transformers
from huggingface_hub.errors import LocalEntryNotFoundError, OfflineModeIsEnabled

from inpainting.errors import BadRequest, ModelUnavailable
from inpainting.types import Mask, Painted, PaintSettings, Point, Progress, Prompts, Rgb
from models.catalog import PainterRow, SegmenterRow, painter_row, segmenter_row
from models.downloads import stored_bytes, watched
from models.failures import explain
from models.loaders import stable
from models.loading import load, load_painter, load_segmenter
from models.stable import StablePainter
from models.tuning import Tuning
from tests.support.tiny import tiny_decoder, tiny_sam, tiny_sdxl_inpaint

CPU = torch.device("cpu")
SETTINGS = PaintSettings("red brick", "", 1, 2, 3.0, 1.0, "Euler")
SAM = replace(segmenter_row("sam-vit-base"), memory=0)
SDXL = replace(painter_row("sdxl-inpainting"), memory=0, memory_offloaded=0)


COMMIT = "0123456789" * 4


def local(folder: Path) -> PainterRow:
    return replace(painter_row("embedded"), source=folder.as_posix(), native_side=64)


def local_sam(folder: Path) -> SegmenterRow:
    return replace(SAM, source=folder.as_posix(), download=0)


def picture() -> tuple[Rgb, Mask]:
    rgb = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    hole = np.zeros((64, 64), np.bool_)
    hole[8:40, 8:40] = True
    return rgb, hole


# -- from real files ---------------------------------------------------------------------------


def test_a_saved_pipeline_is_loaded_and_paints(saved: Path) -> None:
    said: list[tuple[str, float | None]] = []
    row = local(saved / "painter")
    painter = load_painter(
        row, CPU, torch.float32, offline=True, report=lambda *words: said.append(words)
    )
    *steps, last = painter.paint(*picture(), SETTINGS)
    assert len(steps) == 2
    assert isinstance(last, Painted)
    assert (painter.info.device, painter.info.dtype) == ("cpu", "float32")
    assert painter.info.native_side == 64
    assert said == [("Loading Embedded painter.", None)]


def test_a_saved_sam_is_loaded_and_selects(saved: Path) -> None:
    segmenter = load_segmenter(local_sam(saved / "sam"), CPU, torch.float32, offline=True)
    candidates = segmenter.candidates(segmenter.embed(picture()[0]), Prompts((Point(20, 20),)))
    assert len(candidates.masks) == 3
    assert candidates.masks[0].shape == (64, 64)


def test_both_are_loaded_on_the_device_of_a_name(saved: Path) -> None:
    loaded = load(local_sam(saved / "sam"), local(saved / "painter"), "cpu", offline=True)
    assert loaded.segmenter.info.key == "sam-vit-base"
    assert loaded.painter.info.key == "embedded"
    with pytest.raises(BadRequest):
        load(local_sam(saved / "sam"), local(saved / "painter"), "abacus")


def test_grabcut_needs_no_file() -> None:
    segmenter = load_segmenter(segmenter_row("grabcut"), CPU, torch.float32, offline=True)
    assert segmenter.info.key == "grabcut"


# -- what the libraries are asked --------------------------------------------------------------


class Spy:
    """Replaces a function of a class and keeps what it was called with."""

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        owner: Any,
        result: Any,
        name: str = "from_pretrained",
    ) -> None:
        self.source = ""
        self.asked: dict[str, Any] = {}
        self._result = result
        monkeypatch.setattr(owner, name, self)

    def __call__(self, source: str, **asked: Any) -> Any:
        self.source, self.asked = source, asked
        if isinstance(self._result, Exception):
            raise self._result
        return self._result


def assert_safe(spy: Spy, *, offline: bool) -> None:
    assert spy.asked["use_safetensors"] is True
    assert re.fullmatch(r"[0-9a-f]{40}", spy.asked["revision"])
    assert spy.asked["local_files_only"] is offline
    assert spy.asked.get("dtype", torch.float16) == torch.float16
    assert not {"trust_remote_code", "custom_pipeline", "torch_dtype", "token"} & set(spy.asked)


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the hub's client keeps of a repository of SDXL in half precision, tiny."""
    folder = tmp_path_factory.mktemp("cache") / "snapshots" / COMMIT
    tiny_sdxl_inpaint().to(torch.float16).save_pretrained(folder, variant="fp16")
    return folder


@pytest.mark.parametrize("offline", [True, False])
def test_sdxl_is_asked_for_by_commit_in_safetensors_with_the_fixed_vae(
    monkeypatch: pytest.MonkeyPatch, stored: Path, offline: bool
) -> None:
    own_vae, own_tiny = tiny_sdxl_inpaint().vae.half(), tiny_decoder().half()
    vae = Spy(monkeypatch, diffusers.AutoencoderKL, own_vae)
    tiny = Spy(monkeypatch, diffusers.AutoencoderTiny, own_tiny)
    whole = Spy(monkeypatch, diffusers.StableDiffusionXLInpaintPipeline, stored, "download")
    painter = load_painter(SDXL, CPU, torch.float16, offline=offline)
    for spy in (vae, tiny, whole):
        assert_safe(spy, offline=offline)
    assert vae.source == "madebyollin/sdxl-vae-fp16-fix"
    assert tiny.source == "madebyollin/taesdxl"
    assert not {"variant"} & {*vae.asked, *tiny.asked}
    assert whole.source == "diffusers/stable-diffusion-xl-1.0-inpainting-0.1"
    assert whole.asked["variant"] == "fp16"
    assert whole.asked["vae"] is own_vae  # so it is not downloaded from the other repository
    assert whole.asked["add_watermarker"] is False
    assert painter.info.revision == whole.asked["revision"]
    assert isinstance(painter, StablePainter)
    outfit = painter._outfit
    assert outfit.pipelines.main.vae is own_vae
    assert outfit.tiny is not None
    assert outfit.tiny.model is own_tiny
    kinds = {part.dtype for part in models_of(outfit.pipelines.main)}
    assert kinds == {torch.float16}


def models_of(pipeline: Any) -> list[Any]:
    return [part for part in pipeline.components.values() if isinstance(part, torch.nn.Module)]


def test_a_painter_goes_without_the_decoder_of_previews_where_that_cannot_be_had(
    monkeypatch: pytest.MonkeyPatch, stored: Path
) -> None:
    Spy(monkeypatch, diffusers.AutoencoderTiny, LocalEntryNotFoundError("not cached"))
    row = replace(SDXL, source=stored.as_posix(), components=())
    painter = load_painter(row, CPU, torch.float32, offline=True)
    assert isinstance(painter, StablePainter)
    assert painter._outfit.tiny is None
    first, *_ = painter.paint(*picture(), SETTINGS)
    assert isinstance(first, Progress)
    assert first.preview is not None


def test_a_pipeline_put_together_is_that_of_from_pretrained(stored: Path) -> None:
    row = replace(SDXL, source=stored.as_posix(), components=(), revision="")
    painter = load_painter(row, CPU, torch.float32, offline=True)
    plain = diffusers.StableDiffusionXLInpaintPipeline.from_pretrained(
        stored.as_posix(), variant="fp16", dtype=torch.float32, add_watermarker=False
    )
    assert isinstance(painter, StablePainter)
    ours = painter._outfit.pipelines.main
    assert painter.info.revision == COMMIT
    assert type(ours) is type(plain)
    assert ours.components.keys() == plain.components.keys()
    assert ours.unet.config == plain.unet.config
    for one, other in zip(models_of(ours), models_of(plain), strict=True):
        assert (type(one), one.training, one.dtype) == (type(other), False, other.dtype)
        weights, others = one.state_dict(), other.state_dict()
        assert weights.keys() == others.keys()
        assert all(torch.equal(weights[name], others[name]) for name in weights)
    assert ours.unet.conv_in.weight.is_contiguous(memory_format=torch.channels_last)
    assert ours.vae.decoder.conv_in.weight.is_contiguous(memory_format=torch.channels_last)


def test_tuning_is_carried_out(stored: Path) -> None:
    row = replace(SDXL, source=stored.as_posix(), components=())
    tuned = load_painter(
        row, CPU, torch.float32, offline=True, tuning=Tuning(memory="resident", batch=3)
    )
    assert (tuned.info.batch, tuned.info.placement) == (1, "")  # a CPU gains nothing by batches
    assert isinstance(tuned, StablePainter)
    pipeline = tuned._outfit.pipelines.main
    gpu = stable._info(row, pipeline, torch.device("cuda:0"), torch.float16, Tuning(batch=3))
    assert (gpu.batch, gpu.dtype) == (3, "float16")
    with pytest.raises(BadRequest, match="can only be auto or resident"):
        load_painter(row, CPU, torch.float32, offline=True, tuning=Tuning(memory="groups"))
    eight = load_painter(row, CPU, torch.float32, offline=True, tuning=Tuning(eight_bit=True))
    assert isinstance(eight, StablePainter)
    unet = eight._outfit.pipelines.main.unet
    assert eight.info.dtype == "float32, float8"
    assert torch.float8_e4m3fn in {weight.dtype for weight in unet.parameters()}
    assert isinstance(list(eight.paint(*picture(), SETTINGS))[-1], Painted)


@pytest.mark.parametrize("offline", [True, False])
def test_sam_is_asked_for_by_commit_in_safetensors(
    monkeypatch: pytest.MonkeyPatch, offline: bool
) -> None:
    spy = Spy(monkeypatch, transformers.SamModel, tiny_sam())
    segmenter = load_segmenter(SAM, CPU, torch.float16, offline=offline)
    assert_safe(spy, offline=offline)
    assert spy.source == "facebook/sam-vit-base"
    assert segmenter.info.dtype.startswith("float16")


# -- how failures are told ---------------------------------------------------------------------


def to_pickle(folder: Path) -> None:
    """Leave a repository with the other weight format alone, under the names that it uses."""
    for path in folder.rglob("*.safetensors"):
        stem = "pytorch_model" if path.stem == "model" else path.stem
        path.rename(path.with_name(stem + ".bin"))


def test_a_repository_with_pickled_weights_alone_is_refused(saved: Path, tmp_path: Path) -> None:
    shutil.copytree(saved, tmp_path / "copy")
    to_pickle(tmp_path / "copy")
    with pytest.raises(ModelUnavailable, match="safetensors"):
        load_painter(local(tmp_path / "copy" / "painter"), CPU, torch.float32)
    with pytest.raises(ModelUnavailable, match="safetensors"):
        load_segmenter(local_sam(tmp_path / "copy" / "sam"), CPU, torch.float32, offline=True)


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("unet/diffusion_pytorch_model.safetensors", b"\x00\x01"),
        ("unet/config.json", b"{"),
        ("model_index.json", b"not json"),
        ("unet/config.json", b"{}"),
    ],
)
def test_damaged_files_are_told(saved: Path, tmp_path: Path, file: str, content: bytes) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(saved / "painter", folder)
    (folder / file).write_bytes(content)
    with pytest.raises(ModelUnavailable, match="damaged or incomplete"):
        load_painter(local(folder), CPU, torch.float32)


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="missing from this copy"):
        load_painter(local(tmp_path / "none"), CPU, torch.float32)


@pytest.mark.parametrize(
    ("error", "offline", "words"),
    [
        (LocalEntryNotFoundError("not cached"), True, "offline setting"),
        (OfflineModeIsEnabled("offline"), False, "cannot be reached"),
        (httpx.ConnectError("refused"), False, "check the network"),
        (httpx.ReadTimeout("slow"), False, "check the network"),
        (OSError(errno.ENOSPC, "No space left on device"), False, "disk is full"),
        (OSError("no file named model.safetensors found"), False, "can run code"),
        (KeyError("conv_in"), False, "damaged or incomplete"),
        (RuntimeError("driver fault"), False, r"could not be loaded \(RuntimeError\)"),
        (torch.OutOfMemoryError("CUDA out of memory"), False, "does not fit"),
    ],
)
def test_every_failure_is_a_sentence_with_a_way_out(
    monkeypatch: pytest.MonkeyPatch, error: Exception, offline: bool, words: str
) -> None:
    Spy(monkeypatch, transformers.SamModel, error)
    with pytest.raises(ModelUnavailable, match=words) as raised:
        load_segmenter(SAM, CPU, torch.float32, offline=offline)
    assert "Segment Anything" in str(raised.value)
    assert str(raised.value).endswith(".")


def test_the_cause_of_a_cause_is_seen() -> None:
    error = OSError("could not load")
    error.__cause__ = httpx.ConnectError("refused")
    assert "cannot be reached" in explain(error, "SDXL", offline=False)


def test_a_refusal_of_the_hub_is_told() -> None:
    class RepositoryNotFoundError(OSError):
        """Named as the hub's own, which takes a response to build."""

    assert "does not give out" in explain(RepositoryNotFoundError("404"), "SDXL", offline=False)


def test_a_model_too_big_for_the_memory_is_refused_before_it_is_loaded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("models.placing.free_memory", lambda _: 8_000_000_000)
    spy = Spy(monkeypatch, diffusers.StableDiffusionXLInpaintPipeline, None, "download")
    with pytest.raises(ModelUnavailable, match=r"needs 18 GB .* there are 8\.0"):
        load_painter(painter_row("sdxl-inpainting"), CPU, torch.float32, offline=True)
    assert spy.asked == {}


# -- downloads ---------------------------------------------------------------------------------


def test_a_download_is_told_by_the_bytes_on_disk(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("models.downloads.POLL_SECONDS", 0.001)
    (tmp_path / "blobs").mkdir()
    (tmp_path / "blobs" / "a.incomplete").write_bytes(b"x" * 50)
    (tmp_path / "link").symlink_to(tmp_path / "blobs" / "a.incomplete")
    said: list[tuple[str, float | None]] = []
    half, whole = threading.Event(), threading.Event()

    def report(sentence: str, fraction: float | None) -> None:
        said.append((sentence, fraction))
        (whole if fraction is None else half).set()

    with watched("SDXL", [tmp_path, tmp_path / "none"], 100, report):
        assert half.wait(20)
        (tmp_path / "blobs" / "b").write_bytes(b"x" * 50)
        assert whole.wait(20)
    assert said[0] == ("Downloading SDXL: 0.0 of 0.0 GB.", 0.5)
    assert said[-1] == ("Loading SDXL.", None)
    assert stored_bytes([tmp_path]) == 100
