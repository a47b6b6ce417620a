"""Tiny real models with random weights: the very classes that the app loads, built in a second."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    AutoencoderTiny,
    EulerDiscreteScheduler,
    StableDiffusionInpaintPipeline,
    StableDiffusionXLInpaintPipeline,
    UNet2DConditionModel,
)
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    SamConfig,
    SamModel,
)

NATIVE_SIDE = 64
"""Side in pixels of the frames that the tiny painter is made for."""

_START, _END = "<|startoftext|>", "<|endoftext|>"


def tiny_sdxl_inpaint(seed: int = 0, channels: int = 9) -> StableDiffusionXLInpaintPipeline:
    """Return an SDXL inpainting pipeline (two CLIP text encoders), about 1 M weights.

    Its UNet takes 9 channels, made for holes, or 4. Float32 on the CPU; it paints patterned noise
    that depends on every setting.
    """
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        return StableDiffusionXLInpaintPipeline(
            vae=_vae(),
            text_encoder=CLIPTextModel(_text_config()).eval(),
            text_encoder_2=CLIPTextModelWithProjection(_text_config()).eval(),
            tokenizer=toy_tokenizer(),
            tokenizer_2=toy_tokenizer(),
            unet=_unet(channels),
            scheduler=_scheduler(),
            add_watermarker=False,
        )


def tiny_sd_inpaint(seed: int = 0, channels: int = 9) -> StableDiffusionInpaintPipeline:
    """Return a Stable Diffusion 1.x inpainting pipeline as `tiny_sdxl_inpaint` does one of SDXL."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        return StableDiffusionInpaintPipeline(
            vae=_vae(),
            text_encoder=CLIPTextModel(_text_config()).eval(),
            tokenizer=toy_tokenizer(),
            unet=_old_unet(channels),
            scheduler=_scheduler(),
            safety_checker=None,
            feature_extractor=None,
            requires_safety_checker=False,
        )


def tiny_lora(pipeline: Any, file: Path, seed: int = 0) -> Path:
    """Write a LoRA for a tiny pipeline's UNet and first text encoder, strong enough to be seen."""
    from peft import LoraConfig, get_peft_model_state_dict

    layers = {"unet": ["to_q", "to_v"], "text_encoder": ["q_proj", "v_proj"]}
    states = {}
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        for name, targets in layers.items():
            model = getattr(pipeline, name)
            config = LoraConfig(r=2, lora_alpha=2, target_modules=targets, init_lora_weights=False)
            model.add_adapter(config, "made")
            states[name] = get_peft_model_state_dict(model, adapter_name="made")
        pipeline.save_lora_weights(
            file.parent,
            unet_lora_layers=states["unet"],
            text_encoder_lora_layers=states["text_encoder"],
            weight_name=file.name,
        )
    pipeline.unload_lora_weights()
    return file


def tiny_sam(seed: int = 0) -> SamModel:
    """Return a `SamModel` with the geometry of the real one: 1024 px in, masks of 256 px out.

    Float32 on the CPU; the encoder has two narrow layers.
    """
    config = SamConfig(
        vision_config={
            "hidden_size": 16,
            "output_channels": 16,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "mlp_dim": 32,
            "window_size": 8,
            "global_attn_indexes": [1],
            "num_pos_feats": 8,
            # By default all weights are next to nothing, and all photos the same.
            "initializer_range": 0.02,
        },
        prompt_encoder_config={"hidden_size": 16, "mask_input_channels": 8},
        mask_decoder_config={
            "hidden_size": 16,
            "mlp_dim": 32,
            "num_attention_heads": 2,
            "num_hidden_layers": 2,
            "iou_head_hidden_dim": 16,
        },
    )
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        return SamModel(config).eval()


def tiny_decoder(seed: int = 0) -> AutoencoderTiny:
    """Return an `AutoencoderTiny` for the latents of the tiny pipelines, eight pixels a latent."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        return AutoencoderTiny(
            encoder_block_out_channels=(8, 8, 8, 8),
            decoder_block_out_channels=(8, 8, 8, 8),
            num_encoder_blocks=(1, 1, 1, 1),
            num_decoder_blocks=(1, 1, 1, 1),
        ).eval()


def toy_tokenizer() -> CLIPTokenizer:
    """Return a CLIP tokenizer that knows single bytes alone, with 514 tokens."""
    letters = sorted(_byte_letters())
    words = [*letters, *(letter + "</w>" for letter in letters), _START, _END]
    vocabulary = {word: number for number, word in enumerate(words)}
    return CLIPTokenizer(vocab=vocabulary, merges=[], model_max_length=77)


def _byte_letters() -> list[str]:
    """The 256 letters that byte-level BPE writes bytes with."""
    from tokenizers import pre_tokenizers

    alphabet: Any = pre_tokenizers.ByteLevel.alphabet()
    return list(alphabet)


def _vae() -> Any:
    return AutoencoderKL(
        block_out_channels=(8, 8, 16, 16),
        in_channels=3,
        out_channels=3,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        latent_channels=4,
        norm_num_groups=4,
        sample_size=NATIVE_SIDE,
        force_upcast=False,
    ).eval()


def _unet(channels: int) -> Any:
    return UNet2DConditionModel(
        sample_size=NATIVE_SIDE // 8,
        in_channels=channels,
        out_channels=4,
        block_out_channels=(16, 32),
        layers_per_block=1,
        norm_num_groups=8,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        attention_head_dim=(2, 4),
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        transformer_layers_per_block=(1, 1),
        projection_class_embeddings_input_dim=32 + 6 * 8,
        cross_attention_dim=64,
    ).eval()


def _old_unet(channels: int) -> Any:
    return UNet2DConditionModel(
        sample_size=NATIVE_SIDE // 8,
        in_channels=channels,
        out_channels=4,
        block_out_channels=(16, 32),
        layers_per_block=1,
        norm_num_groups=8,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        attention_head_dim=4,
        cross_attention_dim=32,
    ).eval()


def _text_config() -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=514,
        hidden_size=32,
        projection_dim=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=77,
        bos_token_id=512,
        eos_token_id=513,
        pad_token_id=513,
    )


def _scheduler() -> Any:
    """The schedule of SDXL, as its scheduler_config.json has it."""
    return EulerDiscreteScheduler(
        num_train_timesteps=1000,
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        steps_offset=1,
        timestep_spacing="leading",
        interpolation_type="linear",
        use_karras_sigmas=False,
    )
