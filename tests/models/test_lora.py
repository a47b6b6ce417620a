"""LoRA files on tiny real pipelines: at work in the jobs that ask for them, and in no other."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from inpainting.errors import BadRequest, OutOfMemory
from inpainting.types import LoraUse, ModelInfo
from models.lora import add_adapter, lora_names
from models.stable import StablePainter
from tests.support.stable import INFO, Fault, out_of_memory, paint, same
from tests.support.tiny import tiny_lora, tiny_sd_inpaint, tiny_sdxl_inpaint

BUILDERS = {"sdxl": tiny_sdxl_inpaint, "sd15": tiny_sd_inpaint}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two LoRA files for each family, one that is cut off and one that is none."""
    folder = tmp_path_factory.mktemp("loras")
    for name, build in BUILDERS.items():
        for number in (1, 2):
            tiny_lora(build(), folder / f"{name}-{number}.safetensors", seed=number)
    whole = (folder / "sdxl-1.safetensors").read_bytes()
    (folder / "cut.safetensors").write_bytes(whole[: len(whole) // 2])
    (folder / "text.safetensors").write_bytes(b"no tensors")
    (folder / "notes.txt").write_bytes(b"not listed")
    return folder


@pytest.fixture(params=list(BUILDERS))
def family(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def painter(family: str, folder: Path) -> StablePainter:
    return StablePainter(BUILDERS[family](), INFO, folder)


def test_a_file_works_by_its_weight_in_its_own_job_alone(
    painter: StablePainter, family: str
) -> None:
    without = paint(painter)
    one = paint(painter, loras=(LoraUse(f"{family}-1"),))
    assert same(without, paint(painter))
    weaker = paint(painter, loras=(LoraUse(f"{family}-1", 0.5),))
    other = paint(painter, loras=(LoraUse(f"{family}-2"),))
    both = paint(painter, loras=(LoraUse(f"{family}-1"), LoraUse(f"{family}-2", -0.5)))
    pictures = [without, one, weaker, other, both]
    assert not any(same(a, b) for n, a in enumerate(pictures) for b in pictures[:n])
    assert same(one, paint(painter, loras=(LoraUse(f"{family}-1"),)))
    assert same(without, paint(painter))


def test_a_weight_of_nothing_changes_nothing_and_weights_of_one_file_add_up(
    painter: StablePainter, family: str
) -> None:
    name = f"{family}-1"
    assert same(paint(painter), paint(painter, loras=(LoraUse(name, 0.0),)))
    halves = paint(painter, loras=(LoraUse(name, 0.25), LoraUse(name, 0.75)))
    assert same(halves, paint(painter, loras=(LoraUse(name),)))


def test_the_picture_tells_which_files_took_part(painter: StablePainter, family: str) -> None:
    name = f"{family}-1"
    digest = paint(painter, loras=(LoraUse(name),)).lora_digests[name]
    assert len(digest) == 64
    assert paint(painter, loras=(LoraUse(f"{family}-2"),)).lora_digests != {name: digest}
    assert paint(painter).lora_digests == {}


def test_a_file_that_changed_is_read_again(tmp_path: Path) -> None:
    file = tiny_lora(tiny_sdxl_inpaint(), tmp_path / "mine.safetensors", seed=1)
    painter = StablePainter(tiny_sdxl_inpaint(), INFO, tmp_path)
    before = paint(painter, loras=(LoraUse("mine"),))
    other = tiny_lora(tiny_sdxl_inpaint(), tmp_path / "other.safetensors", seed=2)
    file.write_bytes(other.read_bytes() + b"")
    assert not same(before, paint(painter, loras=(LoraUse("mine"),)))


@pytest.mark.parametrize("name", ["cut", "text", "wrong"])
def test_a_damaged_file_or_one_of_another_family_is_named_and_harms_nothing(
    painter: StablePainter, family: str, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    wrong = {"sdxl": "sd15-1", "sd15": "sdxl-1"}[family]
    without, name = paint(painter), wrong if name == "wrong" else name
    good = paint(painter, loras=(LoraUse(f"{family}-1"),))
    with pytest.raises(BadRequest, match=rf"{name}\.safetensors is damaged, or .* made for this"):
        paint(painter, loras=(LoraUse(f"{family}-1"), LoraUse(name)))
    assert capfd.readouterr().err == ""
    assert same(without, paint(painter))
    assert same(good, paint(painter, loras=(LoraUse(f"{family}-1"),)))


@pytest.mark.parametrize(
    "name", ["none", "", "../sdxl-1", "notes", "sdxl-1.safetensors", "a" * 900]
)
def test_an_unknown_file_is_refused_before_the_model_runs(folder: Path, name: str) -> None:
    pipeline = tiny_sdxl_inpaint()
    unet = Fault(pipeline.unet, "forward", lambda result: result)
    with pytest.raises(BadRequest, match="there are cut, sd15-1, sd15-2, sdxl-1") as raised:
        paint(StablePainter(pipeline, INFO, folder), loras=(LoraUse(name),))
    assert unet.calls == 0
    assert len(str(raised.value)) < 300


def test_without_a_folder_or_a_base_there_is_nothing_to_use(folder: Path) -> None:
    with pytest.raises(BadRequest, match="there is none"):
        paint(StablePainter(tiny_sdxl_inpaint(), INFO), loras=(LoraUse("sdxl-1"),))
    bare = ModelInfo("a", "A", "b", "1", "c", schedulers=INFO.schedulers)
    with pytest.raises(BadRequest, match="takes no LoRA"):
        paint(StablePainter(tiny_sdxl_inpaint(), bare, folder), loras=(LoraUse("sdxl-1"),))


def test_names_are_those_of_the_files_in_the_folder(folder: Path, tmp_path: Path) -> None:
    assert lora_names(folder) == ("cut", "sd15-1", "sd15-2", "sdxl-1", "sdxl-2", "text")
    assert lora_names(tmp_path / "none") == ()
    assert lora_names(None) == ()


def test_what_is_built_in_works_in_every_job_beside_the_files(folder: Path) -> None:
    def built(weight: float) -> StablePainter:
        pipeline: Any = tiny_sdxl_inpaint()
        assert add_adapter(pipeline, str(folder), "sdxl-1.safetensors", "part_1")
        return StablePainter(pipeline, INFO, folder, {"part_1": weight})

    plain = StablePainter(tiny_sdxl_inpaint(), INFO, folder)
    fast = built(1.0)
    alone = paint(fast)
    assert same(alone, paint(plain, loras=(LoraUse("sdxl-1"),)))
    assert not same(alone, paint(built(0.5)))
    beside = paint(fast, loras=(LoraUse("sdxl-2", 0.5),))
    assert same(beside, paint(plain, loras=(LoraUse("sdxl-1"), LoraUse("sdxl-2", 0.5))))
    assert same(alone, paint(fast))


def test_loading_says_nothing_and_shows_no_bar(
    painter: StablePainter,
    family: str,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    with caplog.at_level(logging.INFO):
        paint(painter, loras=(LoraUse(f"{family}-1"),))
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert capfd.readouterr().err == ""


def test_out_of_memory_with_a_file_at_work_puts_it_aside(folder: Path) -> None:
    pipeline = tiny_sdxl_inpaint()
    painter = StablePainter(pipeline, INFO, folder)
    without = paint(painter)
    Fault(pipeline.unet, "forward", out_of_memory, lambda call: call == 1)
    with pytest.raises(OutOfMemory):
        paint(painter, loras=(LoraUse("sdxl-1"),))
    assert same(without, paint(painter))


def test_out_of_memory_while_a_file_is_loaded_is_told(folder: Path) -> None:
    pipeline = tiny_sdxl_inpaint()
    painter = StablePainter(pipeline, INFO, folder)
    without = paint(painter)
    Fault(pipeline, "load_lora_weights", out_of_memory, lambda call: call == 1)
    with pytest.raises(OutOfMemory, match="96 x 64"):
        paint(painter, loras=(LoraUse("sdxl-1"),))
    assert same(without, paint(painter))
    assert not same(without, paint(painter, loras=(LoraUse("sdxl-1"),)))
