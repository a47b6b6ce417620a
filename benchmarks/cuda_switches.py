"""What can be switched on a pipeline for a while: each is undone on leaving."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch

from benchmarks.cuda_setup import Place

LAST, FIRST = torch.channels_last, torch.contiguous_format

LORA_LAYERS = ("to_q", "to_k", "to_v", "to_out.0", "proj_in", "proj_out", "ff.net.0.proj")
"""Layers of a UNet that the LoRA files for few steps change, beside its convolutions."""

LORA_RANK = 64


@contextmanager
def stock_vae(pipeline: Any) -> Iterator[None]:
    """Let the VAE run in 32 bits, as the VAE that SDXL came with asks for."""
    before = pipeline.vae.config.force_upcast
    pipeline.vae.register_to_config(force_upcast=True)
    try:
        yield
    finally:
        pipeline.vae.register_to_config(force_upcast=before)


@contextmanager
def offloaded(pipeline: Any, at: Place) -> Iterator[None]:
    """Let each model visit the GPU in turn; has no effect on the CPU, where they are at home."""
    if not at.on_cuda:
        yield
        return
    pipeline.enable_model_cpu_offload(device=at.device)
    try:
        yield
    finally:
        pipeline.remove_all_hooks()
        pipeline.to(at.device)


@contextmanager
def channels_last(*models: Any) -> Iterator[None]:
    """Hold weights, and so what they give, with the channels of a pixel side by side."""
    for model in models:
        model.to(memory_format=LAST)
    try:
        yield
    finally:
        for model in models:
            model.to(memory_format=FIRST)


@contextmanager
def fused_projections(*models: Any) -> Iterator[None]:
    """Multiply by query, key and value weights at once."""
    for model in models:
        model.fuse_qkv_projections()
    try:
        yield
    finally:
        for model in models:
            model.unfuse_qkv_projections()


@contextmanager
def flag(holder: Any, name: str, value: object) -> Iterator[None]:
    """Set an attribute."""
    before = getattr(holder, name)
    setattr(holder, name, value)
    try:
        yield
    finally:
        setattr(holder, name, before)


def half_sums() -> Any:
    """Add up products of half precision in half precision too."""
    return flag(torch.backends.cuda.matmul, "allow_fp16_accumulation", True)


def chosen_convolutions() -> Any:
    """Let cuDNN try its ways for each new shape, and keep the quickest."""
    return flag(torch.backends.cudnn, "benchmark", True)


class Compiled:
    """Compiled layers of a model, put in place for a while; `build` compiles at the first entry.

    They are compiled where they are, so all rivals can share one pipeline.
    """

    def __init__(self, model: Any, build: Callable[[], object]) -> None:
        self._model, self._build = model, build
        self._layers: dict[Any, Any] = {}

    @contextmanager
    def on(self) -> Iterator[None]:
        """Run compiled inside."""
        if self._layers:
            for layer, call in self._layers.items():
                layer._compiled_call_impl = call
        else:
            self._build()
        try:
            yield
        finally:
            for layer in self._model.modules():
                call = getattr(layer, "_compiled_call_impl", None)
                if call is not None:
                    self._layers[layer] = call
                    layer._compiled_call_impl = None


class CompiledWhole:
    """As `Compiled`, for a model that is compiled as a whole: its forward, so that hooks work."""

    def __init__(self, model: Any, build: Callable[[], object], **options: Any) -> None:
        self._own, self._build = vars(model), build
        self._forward = torch.compile(model.forward, **options)
        self._built = False

    @contextmanager
    def on(self) -> Iterator[None]:
        """Run compiled inside."""
        self._own["forward"] = self._forward
        try:
            if not self._built:
                self._build()
                self._built = True
            yield
        finally:
            del self._own["forward"]


@contextmanager
def together(*ways: Any) -> Iterator[None]:
    """Enter several."""
    with ExitStack() as stack:
        for way in ways:
            stack.enter_context(way)
        yield


def add_lora(pipeline: Any) -> None:
    """Put a random LoRA of the size of LCM's and Hyper-SD's beside the UNet's weights."""
    from peft import LoraConfig

    unet = pipeline.unet
    config = LoraConfig(
        r=LORA_RANK, lora_alpha=LORA_RANK, target_modules=list(LORA_LAYERS), init_lora_weights=True
    )
    unet.add_adapter(config, "few")
    unet.to(unet.device, unet.dtype)


def fuse_lora(pipeline: Any) -> None:
    """Add it to the weights for good; it then costs nothing."""
    pipeline.unet.fuse_lora(adapter_names=["few"])
    pipeline.unet.unload_lora()
