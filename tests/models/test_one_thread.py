"""Models that share a device's worker: all they do is done on its thread, clicks between steps."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import torch

from inpainting.errors import NothingSelected, OutOfMemory
from inpainting.settings import Settings
from inpainting.studio import Studio
from inpainting.types import Embedding, LoraUse, Painted, Point, Prompts
from models.bringup import bring_up
from models.catalog import painter_row, segmenter_row
from models.deferred import DeferredPainter
from models.loading import Loaded, load
from models.pipeline_painter import PipelinePainter
from models.promptable import PromptableSegmenter
from models.sam import SamSegmenter
from models.sam3 import Sam3Segmenter
from models.stable import StablePainter
from models.switching import Switcher
from models.tiny_preview import TinyDecoder
from models.worker import Worker
from models.workers import Workers
from tests.support.fakes import FakePainter, FakeSegmenter
from tests.support.flow_painters import HOLE as FLOW_HOLE
from tests.support.flow_painters import RGB as FLOW_RGB
from tests.support.flow_painters import Tiny
from tests.support.stable import HOLE, INFO, RGB, SETTINGS, Fault, out_of_memory, paint, same
from tests.support.tiny import (
    tiny_decoder,
    tiny_lora,
    tiny_sdxl_inpaint,
    toy_tokenizer,
)
from tests.support.tiny_segmenters import failing, small_sam, small_sam3
from tests.support.waiting import until

CPU = torch.device("cpu")
CLICK = Prompts((Point(20, 15),))
Note = tuple[str, int]


@contextmanager
def noted(**models: Any) -> Iterator[list[Note]]:
    """Note the name of each model that runs, and the thread that it runs on."""
    notes: list[Note] = []

    def note(name: str) -> Callable[..., None]:
        return lambda *_: notes.append((name, threading.get_ident()))

    handles = [model.register_forward_pre_hook(note(name)) for name, model in models.items()]
    yield notes
    for handle in handles:
        handle.remove()


def parts_of(pipeline: Any) -> dict[str, Any]:
    """The models of a pipeline that jobs run, a VAE by its halves."""
    parts = {k: v for k, v in pipeline.components.items() if isinstance(v, torch.nn.Module)}
    vae = parts.pop("vae")
    return {**parts, "vae_encoder": vae.encoder, "vae_decoder": vae.decoder}


@dataclass(frozen=True)
class Shared:
    """A segmenter and a painter that share a worker, and what they are made of."""

    worker: Worker
    sam: Any
    segmenter: PromptableSegmenter
    pipeline: Any
    painter: StablePainter
    embedding: Embedding

    def click(self) -> None:
        self.segmenter.candidates(self.embedding, CLICK)

    @property
    def thread(self) -> int:
        return self.worker.call(threading.get_ident)


@pytest.fixture
def shared() -> Shared:
    worker, sam, pipeline = Worker("test"), small_sam(), tiny_sdxl_inpaint()
    segmenter = SamSegmenter(sam, replace(INFO, key="sam"))
    segmenter.work_on(worker)
    tiny = TinyDecoder(tiny_decoder())
    painter = StablePainter(pipeline, INFO, tiny=tiny, worker=worker)
    return Shared(worker, sam, segmenter, pipeline, painter, segmenter.embed(RGB))


def until_asked(worker: Worker) -> None:
    until(lambda: not worker._calls.empty())


def test_whatever_runs_for_whomever_runs_on_one_thread(shared: Shared) -> None:
    tiny = shared.painter._outfit.tiny
    assert tiny is not None
    models = {
        "encoder": shared.sam.vision_encoder,
        "decoder": shared.sam.mask_decoder,
        "previews": tiny._vae.decoder,
    }
    works: list[Callable[[], object]] = [
        lambda: shared.segmenter.embed(RGB),
        shared.click,
        lambda: shared.segmenter.propose(shared.embedding),
        lambda: shared.segmenter.segments(shared.embedding),
        lambda: paint(shared.painter),
        lambda: paint(shared.painter, seed=2, softness=0.5),
    ]
    with noted(**models, **parts_of(shared.pipeline)) as notes, ThreadPoolExecutor(6) as pool:
        for done in [pool.submit(work) for work in works]:
            done.result(60)
    assert {thread for _, thread in notes} == {shared.thread}
    assert {name for name, _ in notes} == set(models) | set(parts_of(shared.pipeline))


def test_so_do_the_newer_families() -> None:
    tiny, worker = Tiny(painter_row("flux2-klein")), Worker("test")
    painter = PipelinePainter(tiny.pipeline, tiny.family, tiny.painter.info, worker=worker)
    job = replace(tiny.settings, strength=tiny.strength)
    with noted(denoiser=tiny.denoiser, reader=tiny.pipeline.text_encoder) as notes:
        *_, last = painter.paint(FLOW_RGB, FLOW_HOLE, job)
    assert isinstance(last, Painted)
    assert {thread for _, thread in notes} == {worker.call(threading.get_ident)}
    assert {name for name, _ in notes} == {"denoiser", "reader"}


def test_a_click_is_answered_between_the_prompt_and_the_first_step() -> None:
    tiny, worker, sam = Tiny(painter_row("flux2-klein")), Worker("test"), small_sam()
    painter = PipelinePainter(tiny.pipeline, tiny.family, tiny.painter.info, worker=worker)
    segmenter = SamSegmenter(sam, INFO)
    embedding = segmenter.embed(RGB)
    segmenter.work_on(worker)
    asking = Thread(target=segmenter.candidates, args=(embedding, CLICK))

    def ask(*_: object) -> None:
        asking.start()
        until_asked(worker)

    reader = tiny.pipeline.text_encoder
    handle = reader.register_forward_pre_hook(ask)
    models = {"reader": reader, "click": sam.mask_decoder, "denoiser": tiny.denoiser}
    with noted(**models) as notes:
        list(painter.paint(FLOW_RGB, FLOW_HOLE, replace(tiny.settings, strength=tiny.strength)))
    handle.remove()
    asking.join(20)
    assert [name for name, _ in notes][:3] == ["reader", "click", "denoiser"]


def test_so_does_finding_by_text() -> None:
    detector, tracker = small_sam3()
    segmenter, worker = Sam3Segmenter(detector, tracker, toy_tokenizer(), INFO), Worker("test")
    segmenter.work_on(worker)
    embedding = segmenter.embed(RGB)
    # An untrained model may find nothing.
    with noted(detector=detector) as notes, suppress(NothingSelected):
        segmenter.find(embedding, "the dog")
    assert {thread for _, thread in notes} == {worker.call(threading.get_ident)}


def ask_in_step(shared: Shared, ask: Callable[[], None], step: int) -> tuple[Thread, Fault]:
    """Let `ask` be asked on another thread in a step of the next job; return that thread."""
    asking = Thread(target=ask)

    def begin(result: Any) -> Any:
        asking.start()
        until_asked(shared.worker)
        return result

    fault = Fault(shared.pipeline.unet, "forward", begin, lambda call: call == step)
    return asking, fault


@pytest.mark.parametrize("step", [1, 2, SETTINGS.steps])
def test_a_click_is_answered_after_the_step_that_runs_and_the_picture_is_the_same(
    shared: Shared, step: int
) -> None:
    alone = paint(shared.painter)
    asking, _ = ask_in_step(shared, shared.click, step)
    decoder, unet = shared.sam.mask_decoder, shared.pipeline.unet.conv_in
    with noted(click=decoder, step=unet) as notes:
        clicked = paint(shared.painter)
        asking.join(20)
    names = [name for name, _ in notes]
    assert names.index("click") == step
    assert names.count("step") == SETTINGS.steps
    assert same(alone, clicked)


def test_a_photo_is_encoded_between_two_steps_too(shared: Shared) -> None:
    expected = shared.embedding.data[0].clone()  # type: ignore[index]
    found: list[Embedding] = []
    asking, _ = ask_in_step(shared, lambda: found.append(shared.segmenter.embed(RGB)), 2)
    with noted(photo=shared.sam.vision_encoder, step=shared.pipeline.unet.conv_in) as notes:
        paint(shared.painter)
        asking.join(20)
    assert [name for name, _ in notes] == ["step", "step", "photo", "step", "step"]
    assert torch.equal(found[0].data[0], expected)  # type: ignore[index]


def test_a_click_without_memory_is_refused_and_the_repaint_goes_on(shared: Shared) -> None:
    alone = paint(shared.painter)
    refused: list[OutOfMemory] = []

    def ask() -> None:
        try:
            shared.click()
        except OutOfMemory as error:
            refused.append(error)

    error = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
    asking, _ = ask_in_step(shared, ask, 2)
    with failing(shared.sam, "mask_decoder", error):
        painted = paint(shared.painter)
        asking.join(20)
    assert len(refused) == 1
    assert same(alone, painted)


def test_a_repaint_without_memory_is_refused_and_the_click_is_answered(shared: Shared) -> None:
    done: list[int] = []

    def ask() -> None:
        shared.click()
        done.append(1)

    asking, _ = ask_in_step(shared, ask, 1)
    Fault(shared.pipeline.unet, "forward", out_of_memory, lambda call: call == 2)
    with pytest.raises(OutOfMemory):
        paint(shared.painter)
    asking.join(20)
    assert done == [1]


def test_a_click_is_answered_between_a_lora_file_and_the_first_step(tmp_path: Path) -> None:
    worker, pipeline = Worker("test"), tiny_sdxl_inpaint()
    tiny_lora(tiny_sdxl_inpaint(), tmp_path / "style.safetensors")
    painter = StablePainter(pipeline, INFO, tmp_path, worker=worker)
    order: list[str] = []
    asking = Thread(target=worker.call, args=(lambda: order.append("click"),))

    def ask(_result: Any) -> None:
        order.append("file")
        asking.start()
        until_asked(worker)

    Fault(pipeline, "load_lora_weights", ask)
    pipeline.text_encoder.register_forward_pre_hook(lambda *_: order.append("prompt"))
    paint(painter, loras=(LoraUse("style"),))
    asking.join(20)
    assert order[:3] == ["file", "click", "prompt"]


def test_a_repaint_that_is_stopped_leaves_the_thread_to_clicks(shared: Shared) -> None:
    events = shared.painter.paint(RGB, HOLE, replace(SETTINGS, steps=1000))
    next(events)
    shared.click()
    events.close()
    shared.click()
    assert isinstance(paint(shared.painter), Painted)


def test_a_painter_that_is_let_go_takes_its_memory_with_it_and_leaves_the_thread(
    shared: Shared,
) -> None:
    worker, segmenter, embedding = shared.worker, shared.segmenter, shared.embedding
    painter = StablePainter(tiny_sdxl_inpaint(), INFO, worker=worker)
    paint(painter)
    gone = weakref.ref(painter._outfit.pipelines.main)
    del painter
    worker.catch_up()
    gc.collect()
    assert gone() is None
    assert len(segmenter.candidates(embedding, CLICK).masks) == 3


# -- who gives them the worker -----------------------------------------------------------------


def rows_in(folder: Path) -> tuple[Any, Any]:
    sam = replace(segmenter_row("sam-vit-base"), memory=0, download=0)
    painter = replace(painter_row("embedded"), native_side=64)
    return (
        replace(sam, source=(folder / "sam").as_posix()),
        replace(painter, source=(folder / "painter").as_posix()),
    )


def test_models_that_are_loaded_together_share_the_worker_of_their_device(saved: Path) -> None:
    workers = Workers(("cpu",))
    found = load(*rows_in(saved), "cpu", offline=True, workers=workers)
    assert isinstance(found.segmenter, PromptableSegmenter)
    assert isinstance(found.painter, StablePainter)
    assert found.segmenter._decoder is found.segmenter._encoder is found.painter._worker
    assert found.painter._worker is workers.of(CPU)


def test_on_a_cpu_a_click_does_not_wait_for_the_painter(saved: Path) -> None:
    found = load(*rows_in(saved), "cpu", offline=True)
    assert isinstance(found.segmenter, PromptableSegmenter)
    embedding = found.segmenter.embed(RGB)
    with noted(decoder=found.segmenter._network.model.mask_decoder) as notes:
        found.segmenter.candidates(embedding, CLICK)
    assert notes == [("decoder", threading.get_ident())]


def test_a_model_that_takes_the_place_of_another_shares_its_worker() -> None:
    workers, settings = Workers(("cpu",)), Settings(preset="sdxl", device="cpu")
    given: list[Worker | None] = []

    def note(*_: Any, worker: Worker | None, **__: Any) -> Any:
        given.append(worker)
        return FakePainter()

    def loads(*_: Any, workers: Workers, **__: Any) -> Any:
        given.append(workers.of(CPU))
        return loaded

    loaded = Loaded(FakeSegmenter(), FakePainter())
    first = DeferredPainter(FakePainter().info, FakePainter)
    holder = Studio(FakeSegmenter(), first, settings)
    begun = bring_up(settings, holder, first, loads, workers)
    begun.start()
    begun.join(60)
    switcher = Switcher(holder, settings, note, note, workers)
    for kind, key in [("painter", "sd15-inpainting"), ("segmenter", "sam-vit-base")]:
        switcher.begin(kind, key).join(60)  # type: ignore[arg-type]
    assert given == [workers.of(CPU)] * 3
    assert given[0] is not None
