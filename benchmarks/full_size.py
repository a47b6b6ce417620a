"""SDXL inpainting and the models of Segment Anything at full size with random weights.

All are built from their public configs.

Speed and memory do not depend on what the weights are; what is painted means nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    EulerDiscreteScheduler,
    StableDiffusionXLInpaintPipeline,
    UNet2DConditionModel,
)
from transformers import (
    AutoModel,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    EdgeTamConfig,
    EdgeTamModel,
    Sam2Config,
    Sam2Model,
    SamConfig,
    SamHQConfig,
    SamHQModel,
    SamModel,
)

from models.repvit import RepVitConfig, RepVitModel
from tests.support.tiny import toy_tokenizer

WIDE = {"initializer_range": 0.02}
"""How far untrained weights of SAM's encoders spread: transformers' own 1e-10 makes all photos one
and the same to them, and hides what a lower precision costs."""


def sdxl_inpainting(device: torch.device, dtype: torch.dtype) -> StableDiffusionXLInpaintPipeline:
    """Return the pipeline of diffusers/stable-diffusion-xl-1.0-inpainting-0.1, untrained."""
    makers: dict[str, Callable[[], Any]] = {
        "unet": unet,
        "vae": vae,
        "text_encoder": lambda: CLIPTextModel(clip_l()),
        "text_encoder_2": lambda: CLIPTextModelWithProjection(clip_big_g()),
    }
    parts: dict[str, Any] = {}
    for name, make in makers.items():
        with torch.device(device):
            part = make()
        # One after the other: in 32 bits all of them together take 14 GB.
        parts[name] = part.to(dtype=dtype).eval().requires_grad_(False)
    return StableDiffusionXLInpaintPipeline(
        **parts,
        tokenizer=toy_tokenizer(),
        tokenizer_2=toy_tokenizer(),
        scheduler=EulerDiscreteScheduler(
            beta_start=0.00085,
            beta_end=0.012,
            beta_schedule="scaled_linear",
            steps_offset=1,
            timestep_spacing="leading",
        ),
        add_watermarker=False,
    )


def unet() -> UNet2DConditionModel:
    """The UNet of SDXL with the nine input channels of its inpainting variant."""
    return UNet2DConditionModel(
        sample_size=128,
        in_channels=9,
        out_channels=4,
        block_out_channels=(320, 640, 1280),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        layers_per_block=2,
        transformer_layers_per_block=(1, 2, 10),
        attention_head_dim=(5, 10, 20),
        cross_attention_dim=2048,
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=256,
        projection_class_embeddings_input_dim=2816,
    )


def vae() -> AutoencoderKL:
    """The VAE of SDXL; force_upcast is off, as in sdxl-vae-fp16-fix."""
    return AutoencoderKL(
        block_out_channels=(128, 256, 512, 512),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        latent_channels=4,
        layers_per_block=2,
        sample_size=1024,
        scaling_factor=0.13025,
        force_upcast=False,
    )


def clip_l() -> CLIPTextConfig:
    """The first text encoder: CLIP ViT-L/14."""
    return CLIPTextConfig(
        hidden_size=768,
        intermediate_size=3072,
        num_hidden_layers=12,
        num_attention_heads=12,
        projection_dim=768,
    )


def clip_big_g() -> CLIPTextConfig:
    """The second text encoder: OpenCLIP ViT-bigG/14."""
    return CLIPTextConfig(
        hidden_size=1280,
        intermediate_size=5120,
        num_hidden_layers=32,
        num_attention_heads=20,
        hidden_act="gelu",
        projection_dim=1280,
    )


def sam_vit_base(device: torch.device, dtype: torch.dtype) -> SamModel:
    """Return facebook/sam-vit-base, untrained: the defaults of transformers' config are its own."""
    with torch.device(device):
        model: Any = SamModel(SamConfig(vision_config=WIDE))
    return model.to(dtype=dtype).eval().requires_grad_(False)


def sam_hq_vit_base(device: torch.device, dtype: torch.dtype) -> SamHQModel:
    """Return syscv-community/sam-hq-vit-base, untrained: transformers' defaults are its own."""
    with torch.device(device):
        model: Any = SamHQModel(SamHQConfig(vision_config=WIDE))
    return model.to(dtype=dtype).eval().requires_grad_(False)


def slimsam_77(device: torch.device, dtype: torch.dtype) -> SamModel:
    """Return what has the size of Zigeng/SlimSAM-uniform-77: an encoder of 168 channels."""
    with torch.device(device):
        model: Any = SamModel(SamConfig(vision_config={**WIDE, "hidden_size": 168, "mlp_dim": 672}))
    return model.to(dtype=dtype).eval().requires_grad_(False)


def sam2_tiny(device: torch.device, dtype: torch.dtype) -> Sam2Model:
    """Return facebook/sam2.1-hiera-tiny, untrained: transformers' defaults are its own."""
    with torch.device(device):
        model: Any = Sam2Model(Sam2Config())
    return model.to(dtype=dtype).eval().requires_grad_(False)


def edgetam(device: torch.device, dtype: torch.dtype) -> EdgeTamModel:
    """Return yonigozlan/EdgeTAM-hf, untrained, with this project's own encoder (RepViT-M1)."""
    AutoModel.register(RepVitConfig, RepVitModel, exist_ok=True)
    config = EdgeTamConfig()
    vision = config.vision_config
    vision.backbone_config = RepVitConfig(widths=tuple(vision.backbone_channel_list[::-1]))
    with torch.device(device):
        model: Any = EdgeTamModel(config)
    return model.to(dtype=dtype).eval().requires_grad_(False)
