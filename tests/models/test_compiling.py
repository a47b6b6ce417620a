"""Compiling once, for all sizes; a backend that counts stands in for one that takes minutes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from threading import Event, Thread, get_ident
from typing import Any

import pytest
import torch

from inpainting.errors import OutOfMemory
from inpainting.types import LoraUse, Painted, Size
from models.compiling import blocks_of, compile_blocks, leave_uncompiled, no_compiling, warm_up
from models.lora import add_adapter
from models.stable import StablePainter
from models.worker import Worker
from tests.support.stable import INFO, SETTINGS, paint, same
from tests.support.tiny import tiny_lora, tiny_sd_inpaint, tiny_sdxl_inpaint

SIZES: tuple[Size, ...] = ((104, 152), (208, 200), (128, 64), (256, 256))
"""Multiples of 8 that are not all multiples of 64, among them the proportions of 832x1216."""


class Counter:
    """A backend that runs what it is given, and counts what it compiled and what ran."""

    def __init__(self) -> None:
        self.compiled = self.ran = 0

    def __call__(self, graph: torch.fx.GraphModule, _: Any) -> Callable[..., Any]:
        self.compiled += 1

        def run(*given: Any) -> Any:
            self.ran += 1
            return graph(*given)

        return run

    def ran_in(self, work: Callable[[], object]) -> tuple[int, int]:
        """Return how much is compiled, and how often compiled code runs, while `work` does."""
        before = self.compiled, self.ran
        work()
        return self.compiled - before[0], self.ran - before[1]


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    torch._dynamo.reset()
    yield
    torch._dynamo.reset()


def _paint(
    pipeline: Any, size: Size, guidance: float, prompt: str = "sea", many: int = 1
) -> torch.Tensor:
    width, height = size
    found = pipeline(
        prompt=prompt,
        negative_prompt="fog",
        image=torch.zeros(1, 3, height, width),
        mask_image=torch.ones(1, 1, height, width),
        width=width,
        height=height,
        num_inference_steps=1,
        guidance_scale=guidance,
        num_images_per_prompt=many,
        strength=1.0,
        generator=torch.Generator("cpu").manual_seed(1),
        output_type="latent",
    )
    return torch.as_tensor(found.images)


def _warm(pipeline: Any, backend: Any) -> bool:
    """Compile as the app does, for one size."""
    pipeline.set_progress_bar_config(disable=True)
    assert compile_blocks(pipeline.unet, backend)
    return warm_up(
        pipeline.unet, lambda size, guidance: _paint(pipeline, size, guidance), [(64, 64)]
    )


def test_after_a_warm_up_nothing_is_compiled_for_any_size_prompt_guidance_or_batch() -> None:
    pipeline, counter = tiny_sdxl_inpaint(), Counter()
    assert _warm(pipeline, counter)
    blocks = len(blocks_of(pipeline.unet))

    def jobs() -> None:
        for size in SIZES:
            for guidance in (1.0, 7.5):
                _paint(pipeline, size, guidance)
        for many in (2, 3):
            _paint(pipeline, (72, 64), 1.0, "a long sentence, and more", many)

    # Not inside `no_compiling`: there is nothing to compile, whether or not it may be.
    assert counter.ran_in(jobs) == (0, blocks * (2 * len(SIZES) + 2))


def test_longer_prompts_compile_nothing() -> None:
    counter = Counter()
    unet = tiny_sdxl_inpaint().unet
    assert compile_blocks(unet, counter)

    def forward(batch: int, tokens: int = 77) -> None:
        more = {"text_embeds": torch.ones(batch, 32), "time_ids": torch.ones(batch, 6)}
        words = torch.ones(batch, tokens, 64)
        with torch.no_grad():
            unet(
                torch.ones(batch, 9, 8, 8),
                torch.tensor(500.0),
                encoder_hidden_states=words,
                added_cond_kwargs=more,
            )

    assert warm_up(unet, lambda _, guidance: forward(1 if guidance == 1 else 2), [(64, 64)])
    assert counter.ran_in(lambda: (forward(2, 154), forward(1, 231), forward(2, 64)))[0] == 0  # type: ignore[func-returns-value]


def test_a_lora_compiles_nothing_and_compiled_code_runs_again_without_it(tmp_path: Path) -> None:
    pipeline = tiny_sdxl_inpaint()
    file = tiny_lora(pipeline, tmp_path / "style.safetensors")
    pipeline.set_progress_bar_config(disable=True)
    plain, counter = _paint(pipeline, (72, 104), 5.0), Counter()
    assert _warm(pipeline, counter)
    assert torch.equal(_paint(pipeline, (72, 104), 5.0), plain), "compiled blocks paint the same"
    with no_compiling():
        pipeline.load_lora_weights(tmp_path, weight_name=file.name, adapter_name="style")
        painted: list[torch.Tensor] = []
        compiled, _ = counter.ran_in(lambda: painted.append(_paint(pipeline, (72, 104), 5.0)))
        assert compiled == 0
        assert not torch.equal(painted[0], plain), "the adapter acts in compiled blocks too"
        pipeline.unload_lora_weights()
        blocks = len(blocks_of(pipeline.unet))
        assert counter.ran_in(lambda: _paint(pipeline, (72, 104), 5.0)) == (0, blocks)
        leave_uncompiled(pipeline.unet)
        assert counter.ran_in(lambda: _paint(pipeline, (72, 104), 5.0)) == (0, 0)


@pytest.mark.parametrize("built_in", [False, True])
def test_a_painter_runs_compiled_again_after_a_job_with_a_lora_file(
    tmp_path: Path, built_in: bool
) -> None:
    pipeline, counter = tiny_sdxl_inpaint(), Counter()
    for number, name in enumerate(("own", "style")):
        tiny_lora(tiny_sdxl_inpaint(), tmp_path / f"{name}.safetensors", seed=number)
    if built_in:
        assert add_adapter(pipeline, tmp_path.as_posix(), "own.safetensors", "own")
    assert compile_blocks(pipeline.unet, counter)
    adapters = {"own": 1.0} if built_in else {}
    painter = StablePainter(pipeline, INFO, tmp_path, adapters, compiled=True)
    assert painter.warm_up()
    ran = len(blocks_of(pipeline.unet)) * SETTINGS.steps
    painted: list[Painted] = []

    def job(*names: str) -> None:
        painted.append(paint(painter, loras=tuple(map(LoraUse, names))))

    for _ in range(2):
        assert counter.ran_in(job) == (0, ran)
        assert counter.ran_in(lambda: job("style")) == (0, 0)
        assert counter.ran_in(job) == (0, ran)
    assert all(same(one, painted[0]) for one in (painted[2], painted[3], painted[5]))
    assert same(painted[1], painted[4])
    assert not same(painted[0], painted[1])


def test_a_worker_that_others_share_answers_them_while_a_painter_is_compiled() -> None:
    pipeline, worker, threads = tiny_sdxl_inpaint(), Worker("test"), list[tuple[int, int]]()

    class Asking(Counter):
        def __call__(self, graph: torch.fx.GraphModule, given: Any) -> Callable[..., Any]:
            threads.append((worker.call(get_ident), get_ident()))
            return super().__call__(graph, given)

    counter = Asking()
    assert compile_blocks(pipeline.unet, counter)
    tried = len(threads)
    painter = StablePainter(pipeline, INFO, compiled=True, worker=worker)
    assert painter.warm_up()
    assert len(threads) > tried
    assert set(threads) == {(worker.call(get_ident), get_ident())}
    ran = len(blocks_of(pipeline.unet)) * SETTINGS.steps
    assert counter.ran_in(lambda: paint(painter)) == (0, ran)


def test_a_job_with_a_lora_file_compiles_nothing_while_another_painter_is_compiled(
    tmp_path: Path,
) -> None:
    pipeline, counter = tiny_sdxl_inpaint(), Counter()
    tiny_lora(tiny_sdxl_inpaint(), tmp_path / "style.safetensors")
    assert compile_blocks(pipeline.unet, counter)
    painter = StablePainter(pipeline, INFO, tmp_path, compiled=True)
    assert painter.warm_up()
    found: list[tuple[int, int]] = []

    def run(_size: Size, _guidance: float) -> None:
        found.append(counter.ran_in(lambda: paint(painter, loras=(LoraUse("style"),))))
        found.append(counter.ran_in(lambda: paint(painter)))

    assert warm_up(tiny_sdxl_inpaint().unet, run, [(64, 64)], [5.0])
    assert found == [(0, 0), (0, len(blocks_of(pipeline.unet)) * SETTINGS.steps)]


def test_inside_no_compiling_what_is_not_compiled_runs_eagerly() -> None:
    pipeline = tiny_sdxl_inpaint()
    pipeline.set_progress_bar_config(disable=True)
    counter = Counter()
    assert compile_blocks(pipeline.unet, counter)
    with no_compiling():
        with no_compiling():
            assert counter.ran_in(lambda: _paint(pipeline, (64, 64), 1.0)) == (0, 0)
        assert counter.ran_in(lambda: _paint(pipeline, (64, 64), 1.0)) == (0, 0)
    assert counter.ran_in(lambda: _paint(pipeline, (64, 64), 1.0))[0] > 0


def test_a_warm_up_compiles_though_jobs_run_and_its_own_job_forbids_it() -> None:
    pipeline = tiny_sdxl_inpaint()
    pipeline.set_progress_bar_config(disable=True)
    counter = Counter()
    assert compile_blocks(pipeline.unet, counter)
    entered, done = Event(), Event()

    def elsewhere() -> None:
        with no_compiling():
            entered.set()
            done.wait()

    def job(size: Size, guidance: float) -> None:
        with no_compiling():
            _paint(pipeline, size, guidance)

    thread = Thread(target=elsewhere)
    thread.start()
    entered.wait()
    assert counter.ran_in(lambda: warm_up(pipeline.unet, job, [(64, 64)]))[0] == 2
    assert counter.ran_in(lambda: _paint(pipeline, (64, 64), 5.0))[0] == 0
    done.set()
    thread.join()


def test_several_models_are_compiled_beside_each_other() -> None:
    """All share the code of one block; torch's own limit is eight kinds of it."""
    counter = Counter()
    painters = [tiny_sd_inpaint(), tiny_sd_inpaint().to(torch.bfloat16)]
    with torch._dynamo.config.patch(recompile_limit=2):
        for pipeline in painters:
            assert _warm(pipeline, counter)
        for pipeline in painters:
            assert counter.ran_in(lambda one=pipeline: _paint(one, (72, 104), 1.0))[0] == 0  # type: ignore[misc]


def test_torch_is_left_as_it_was() -> None:
    shapes: Any = import_module("torch.fx.experimental._config")
    seen: list[bool] = []
    limit = torch._dynamo.config.recompile_limit
    unet = tiny_sdxl_inpaint().unet
    assert compile_blocks(unet, "eager")
    assert warm_up(unet, lambda *_: seen.append(shapes.use_duck_shape), [(64, 64)])
    with no_compiling():
        pass
    assert seen == [False, False]
    assert shapes.use_duck_shape
    assert torch._dynamo.config.recompile_limit == limit
    counter = Counter()
    torch.compile(lambda values: values + 1, backend=counter)(torch.ones(3))
    assert counter.compiled == 1, "others may compile again"


def test_a_model_without_repeated_blocks_is_left_alone(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert not compile_blocks(tiny_sdxl_inpaint().vae, "eager")
        assert not compile_blocks(torch.nn.Linear(2, 2), "eager")
    assert "no repeated blocks" in caplog.text


def _broken(*_: Any) -> Any:
    raise RuntimeError("No C++ compiler was found.\nA long explanation.")


def test_a_compiler_that_does_not_work_changes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    pipeline = tiny_sdxl_inpaint()
    pipeline.set_progress_bar_config(disable=True)
    with caplog.at_level(logging.WARNING):
        assert not compile_blocks(pipeline.unet, _broken)
        assert not compile_blocks(pipeline.unet, "no such backend")
    assert "No C++ compiler was found" in caplog.text
    assert "long explanation" not in caplog.text
    _paint(pipeline, (64, 64), 5.0)


def test_a_failure_while_compiling_leaves_a_painter_that_paints(
    caplog: pytest.LogCaptureFixture,
) -> None:
    pipeline = tiny_sdxl_inpaint()
    plain = _paint(pipeline, (64, 64), 5.0)
    kept = Counter()

    def fails_on_the_second(graph: torch.fx.GraphModule, given: Any) -> Any:
        return kept(graph, given) if kept.compiled == 0 else _broken()

    with caplog.at_level(logging.WARNING):
        assert not _warm(pipeline, fails_on_the_second)
    assert "runs uncompiled" in caplog.text
    assert torch.equal(_paint(pipeline, (64, 64), 5.0), plain)


def test_what_the_user_must_know_is_raised_by_a_warm_up() -> None:
    unet = tiny_sdxl_inpaint().unet
    assert compile_blocks(unet, "eager")

    def refused(_size: Size, _guidance: float) -> None:
        raise OutOfMemory("There is too little memory.")

    with pytest.raises(OutOfMemory):
        warm_up(unet, refused, [(64, 64)])
    counter = Counter()
    torch.compile(lambda values: values + 1, backend=counter)(torch.ones(3))
    assert counter.compiled == 1
