"""The networks that are trained: an inpainting UNet and two CLIP text encoders."""

from __future__ import annotations

from typing import Any

import torch
from diffusers import DDPMScheduler, UNet2DConditionModel
from torch import Tensor, nn
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
)

from models.training.tokenizer import MAX_TOKENS

_TEXT_WIDTH = 96
_POOLED_WIDTH = 128
_TIME_ID_WIDTH = 8
_TIME_IDS = 6
_CHANNELS = (64, 96, 192)


class Networks(nn.Module):
    """UNet (9 channels in, 4 out) and two text encoders, wired as SDXL wires them."""

    def __init__(self, tokenizer: CLIPTokenizer) -> None:
        super().__init__()
        config = _text_config(tokenizer)
        self.text_encoder = CLIPTextModel(config)
        self.text_encoder_2 = CLIPTextModelWithProjection(config)
        self.unet = _build_unet()
        for encoder in (self.text_encoder, self.text_encoder_2):
            _widen_embeddings(encoder)
        _ignore_time_ids(self.unet)

    def forward(self, inputs: Tensor, timesteps: Tensor, tokens: Tensor) -> Tensor:
        """The predicted velocity Bx4xhxw.

        inputs: Bx9xhxw (noisy latents, hole, latents of the kept part); timesteps: B int64 in
        0..999; tokens: BxT int64.
        """
        first = self.text_encoder(tokens, output_hidden_states=True)
        second = self.text_encoder_2(tokens, output_hidden_states=True)
        states = torch.cat([first.hidden_states[-2], second.hidden_states[-2]], dim=-1)
        added = {
            "text_embeds": second.text_embeds,
            "time_ids": inputs.new_zeros(len(inputs), _TIME_IDS),
        }
        output = self.unet(inputs, timesteps, states, added_cond_kwargs=added)
        velocity: Tensor = output.sample
        return velocity


def build_networks(tokenizer: CLIPTokenizer, seed: int) -> Networks:
    """Fresh networks; the same seed gives the same weights. The global generator is left as is."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        return Networks(tokenizer)


def build_noise_schedule() -> DDPMScheduler:
    """The noise schedule: 1000 steps, velocity prediction, almost no signal left at the end.

    The betas reach 0.026 rather than Stable Diffusion's 0.012: on 32x32 latents the mean of a
    picture would else shine through the noise, and dark prompts would come out grey
    ("Common Diffusion Noise Schedules and Sample Steps are Flawed", arXiv 2305.08891).
    """
    return DDPMScheduler(
        num_train_timesteps=1000,
        beta_start=0.00085,
        beta_end=0.026,
        beta_schedule="scaled_linear",
        prediction_type="v_prediction",
        timestep_spacing="trailing",
        clip_sample=False,
    )


def _text_config(tokenizer: CLIPTokenizer) -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=_TEXT_WIDTH,
        intermediate_size=4 * _TEXT_WIDTH,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=MAX_TOKENS,
        projection_dim=_POOLED_WIDTH,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )


def _build_unet() -> UNet2DConditionModel:
    options: dict[str, Any] = {
        "sample_size": 32,
        "in_channels": 9,
        "out_channels": 4,
        "block_out_channels": _CHANNELS,
        "layers_per_block": 1,
        "norm_num_groups": 16,
        "down_block_types": ("DownBlock2D", "DownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D", "UpBlock2D"),
        "attention_head_dim": (2, 3, 6),
        "cross_attention_dim": 2 * _TEXT_WIDTH,
        "use_linear_projection": True,
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": _TIME_ID_WIDTH,
        "projection_class_embeddings_input_dim": _TIME_IDS * _TIME_ID_WIDTH + _POOLED_WIDTH,
    }
    return UNet2DConditionModel(**options)


def _widen_embeddings(encoder: nn.Module) -> None:
    # CLIP's 0.02 is made for long training; at that size the words reach the UNet as almost nothing
    for module in encoder.modules():
        if isinstance(module, nn.Embedding):
            nn.init.normal_(module.weight, std=0.5 if module.num_embeddings > MAX_TOKENS else 0.1)


def _ignore_time_ids(unet: UNet2DConditionModel) -> None:
    # sizes are not worth learning here: zero columns that get no gradient make any size safe
    weight: nn.Parameter = unet.add_embedding.linear_1.weight
    keep = torch.ones_like(weight)
    keep[:, _POOLED_WIDTH:] = 0
    with torch.no_grad():
        weight.mul_(keep)
    weight.register_hook(lambda slope: slope * keep.to(slope.device))  # type: ignore[no-untyped-call]
