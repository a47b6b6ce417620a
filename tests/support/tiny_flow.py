"""Tiny real pipelines of the newer families with random weights, built in a second or two.

Float32 on the CPU, no network: tokenizers know single bytes or characters alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import diffusers
import torch
import transformers
from tokenizers import pre_tokenizers

from models.qwen_reading import PictureProcessor
from tests.support.tiny import toy_tokenizer

_SPECIAL = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|image_pad|>",
    "<|video_pad|>",
)
_CHAT = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n"
    "{% endfor %}<|im_start|>assistant\n"
)


def tiny_pipeline(kind: str, seed: int = 0) -> Any:
    """Return a pipeline for the `kind` of a row in models/rows/flow.py, as its loader makes it."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        return _BUILDERS[kind]()


def toy_qwen_tokenizer() -> transformers.Qwen2Tokenizer:
    """Return a tokenizer of Qwen with its chat template, that knows single bytes alone."""
    alphabet: Any = pre_tokenizers.ByteLevel.alphabet()
    words = [*sorted(alphabet), *_SPECIAL]
    tokenizer = transformers.Qwen2Tokenizer(
        vocab={word: number for number, word in enumerate(words)},
        merges=[],
        extra_special_tokens=list(_SPECIAL[1:]),
    )
    tokenizer.chat_template = _CHAT
    return tokenizer


def toy_t5_tokenizer() -> transformers.T5TokenizerFast:
    """Return a tokenizer of T5 that knows the characters of ASCII alone."""
    letters = [(chr(number), -2.0) for number in range(33, 127)]
    start = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -1.0)]
    return transformers.T5TokenizerFast(vocab=[*start, *letters], extra_ids=0)


def _flow_scheduler() -> Any:
    """As SD 3.5 and Z-Image have it."""
    return diffusers.FlowMatchEulerDiscreteScheduler(shift=3.0)


def _shifting_scheduler() -> Any:
    """As the models of FLUX and Qwen have it: the larger the picture, the longer the noise."""
    return diffusers.FlowMatchEulerDiscreteScheduler(shift=3.0, use_dynamic_shifting=True)


def _sure(vae: Any, last: Any) -> Any:
    """Return a VAE whose encoding hardly varies, as that of a trained one, by its `last` layer."""
    half = len(last.bias) // 2
    last.weight.data[half:] = 0.0
    last.bias.data[half:] = -20.0
    return vae.eval()


def _kl_vae() -> Any:
    vae: Any = diffusers.AutoencoderKL(
        block_out_channels=(8, 8, 8, 8),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        latent_channels=16,
        norm_num_groups=4,
        sample_size=64,
        scaling_factor=1.5305,
        shift_factor=0.0609,
        use_quant_conv=False,
        use_post_quant_conv=False,
        mid_block_add_attention=False,
    )
    return _sure(vae, vae.encoder.conv_out)


def _clip_config() -> transformers.CLIPTextConfig:
    return transformers.CLIPTextConfig(
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


def _t5() -> Any:
    return transformers.T5EncoderModel(
        transformers.T5Config(vocab_size=98, d_model=32, d_kv=8, d_ff=32, num_layers=1, num_heads=2)
    ).eval()


def _qwen3_config(layers: int) -> transformers.Qwen3Config:
    return transformers.Qwen3Config(
        vocab_size=263,
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=layers,
        num_attention_heads=2,
        num_key_value_heads=2,
        head_dim=8,
        max_position_embeddings=512,
    )


def _sd3() -> Any:
    return diffusers.StableDiffusion3Pipeline(
        transformer=diffusers.SD3Transformer2DModel(
            sample_size=8,
            patch_size=2,
            in_channels=16,
            num_layers=1,
            attention_head_dim=8,
            num_attention_heads=4,
            joint_attention_dim=32,
            caption_projection_dim=32,
            pooled_projection_dim=64,
            out_channels=16,
            pos_embed_max_size=24,
        ).eval(),
        scheduler=_flow_scheduler(),
        vae=_kl_vae(),
        text_encoder=transformers.CLIPTextModelWithProjection(_clip_config()).eval(),
        tokenizer=toy_tokenizer(),
        text_encoder_2=transformers.CLIPTextModelWithProjection(_clip_config()).eval(),
        tokenizer_2=toy_tokenizer(),
        text_encoder_3=_t5(),
        tokenizer_3=toy_t5_tokenizer(),
    )


def _z_image() -> Any:
    transformer: Any = diffusers.ZImageTransformer2DModel(
        in_channels=16,
        dim=32,
        n_layers=1,
        n_refiner_layers=1,
        n_heads=2,
        n_kv_heads=2,
        cap_feat_dim=16,
        axes_dims=[8, 4, 4],
        axes_lens=[1024, 32, 32],
    ).eval()
    # Made of memory as it was found, which differs each time.
    for token in (transformer.x_pad_token, transformer.cap_pad_token):
        token.data.fill_(1.0)
    return diffusers.ZImagePipeline(
        scheduler=_flow_scheduler(),
        vae=_kl_vae(),
        text_encoder=transformers.Qwen3Model(_qwen3_config(2)).eval(),
        tokenizer=toy_qwen_tokenizer(),
        transformer=transformer,
    )


def _flux2_klein() -> Any:
    return diffusers.Flux2KleinPipeline(
        scheduler=_shifting_scheduler(),
        vae=diffusers.AutoencoderKLFlux2(
            block_out_channels=(8, 8, 8, 8),
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            layers_per_block=1,
            latent_channels=4,
            norm_num_groups=4,
            sample_size=64,
        ).eval(),
        # The pipeline reads the states after layers 9, 18 and 27.
        text_encoder=transformers.Qwen3ForCausalLM(_qwen3_config(27)).eval(),
        tokenizer=toy_qwen_tokenizer(),
        transformer=diffusers.Flux2Transformer2DModel(
            patch_size=1,
            in_channels=16,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=48,
            axes_dims_rope=(4, 4, 4, 4),
            guidance_embeds=False,
        ).eval(),
        is_distilled=True,
    )


def _flux_fill() -> Any:
    return diffusers.FluxFillPipeline(
        scheduler=_shifting_scheduler(),
        vae=_kl_vae(),
        text_encoder=transformers.CLIPTextModel(_clip_config()).eval(),
        tokenizer=toy_tokenizer(),
        text_encoder_2=_t5(),
        tokenizer_2=toy_t5_tokenizer(),
        # Latents, masked latents and a mask of 8 x 8 pixels a latent, each in squares of 2 x 2.
        transformer=diffusers.FluxTransformer2DModel(
            in_channels=64 + 64 + 256,
            out_channels=64,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=32,
            pooled_projection_dim=32,
            guidance_embeds=True,
            axes_dims_rope=(4, 4, 8),
        ).eval(),
    )


def _qwen_edit() -> Any:
    tokenizer = toy_qwen_tokenizer()
    marks = {name: tokenizer.convert_tokens_to_ids(name) for name in _SPECIAL}
    config = transformers.Qwen2_5_VLConfig(
        text_config={
            "vocab_size": 263,
            "hidden_size": 16,
            "intermediate_size": 16,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "num_key_value_heads": 2,
            "rope_scaling": {"mrope_section": [1, 1, 2], "rope_type": "default"},
            "bos_token_id": marks["<|endoftext|>"],
            "eos_token_id": marks["<|im_end|>"],
        },
        vision_config={
            "depth": 1,
            "hidden_size": 16,
            "intermediate_size": 16,
            "num_heads": 2,
            "out_hidden_size": 16,
        },
        image_token_id=marks["<|image_pad|>"],
        video_token_id=marks["<|video_pad|>"],
        vision_start_token_id=marks["<|vision_start|>"],
        vision_end_token_id=marks["<|vision_end|>"],
    )
    vae: Any = diffusers.AutoencoderKLQwenImage(
        base_dim=8,
        z_dim=4,
        dim_mult=[1, 1, 1, 1],
        num_res_blocks=1,
        temperal_downsample=[False, True, True],
        latents_mean=[0.0] * 4,
        latents_std=[1.0] * 4,
    )
    pictures = transformers.Qwen2VLImageProcessorPil(min_pixels=28 * 28, max_pixels=56 * 56)
    return diffusers.QwenImageEditPipeline(
        scheduler=_shifting_scheduler(),
        vae=_sure(vae, vae.quant_conv),
        text_encoder=transformers.Qwen2_5_VLForConditionalGeneration(config).eval(),
        tokenizer=tokenizer,
        processor=PictureProcessor(pictures, tokenizer),
        transformer=diffusers.QwenImageTransformer2DModel(
            patch_size=2,
            in_channels=16,
            out_channels=4,
            num_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=16,
            axes_dims_rope=(8, 4, 4),
        ).eval(),
    )


def tiny_kandinsky_prior() -> Any:
    """Return a `KandinskyV22PriorPipeline`."""
    prior: Any = diffusers.PriorTransformer(
        num_attention_heads=2, attention_head_dim=12, embedding_dim=32, num_layers=1
    ).eval()
    # Zero as it is made, which would make every picture's description the same.
    prior.clip_std.data.fill_(1.0)
    vision = transformers.CLIPVisionConfig(
        hidden_size=32,
        image_size=28,
        projection_dim=32,
        intermediate_size=37,
        num_attention_heads=4,
        num_hidden_layers=1,
        patch_size=14,
    )
    return diffusers.KandinskyV22PriorPipeline(
        prior=prior,
        image_encoder=transformers.CLIPVisionModelWithProjection(vision).eval(),
        text_encoder=transformers.CLIPTextModelWithProjection(_clip_config()).eval(),
        tokenizer=toy_tokenizer(),
        scheduler=diffusers.UnCLIPScheduler(
            variance_type="fixed_small_log", prediction_type="sample", clip_sample_range=10.0
        ),
        image_processor=transformers.CLIPImageProcessorPil(
            size={"shortest_edge": 28}, crop_size={"height": 28, "width": 28}
        ),
    )


def tiny_kandinsky_decoder(channels: int) -> dict[str, Any]:
    """Return the parts of a decoder pipeline; `channels` is 4, or 9 for inpainting."""
    return {
        "unet": diffusers.UNet2DConditionModel(
            in_channels=channels,
            # Twice the latents': means and variances.
            out_channels=8,
            addition_embed_type="image",
            down_block_types=("ResnetDownsampleBlock2D", "SimpleCrossAttnDownBlock2D"),
            up_block_types=("SimpleCrossAttnUpBlock2D", "ResnetUpsampleBlock2D"),
            mid_block_type="UNetMidBlock2DSimpleCrossAttn",
            block_out_channels=(32, 64),
            layers_per_block=1,
            encoder_hid_dim=32,
            encoder_hid_dim_type="image_proj",
            cross_attention_dim=32,
            attention_head_dim=4,
            resnet_time_scale_shift="scale_shift",
        ).eval(),
        "scheduler": diffusers.DDPMScheduler(
            beta_schedule="linear",
            beta_start=0.00085,
            beta_end=0.012,
            clip_sample=False,
            variance_type="learned_range",
        ),
        "movq": diffusers.VQModel(
            # The fewest that its norms can be split into.
            block_out_channels=(32, 32, 32, 32),
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            latent_channels=4,
            norm_num_groups=4,
            norm_type="spatial",
            num_vq_embeddings=12,
            vq_embed_dim=4,
        ).eval(),
    }


def _kandinsky(name: str, channels: int) -> Any:
    prior = tiny_kandinsky_prior().components
    return getattr(diffusers, name)(
        **tiny_kandinsky_decoder(channels), **{f"prior_{key}": part for key, part in prior.items()}
    )


_BUILDERS: Mapping[str, Callable[[], Any]] = {
    "sd3": _sd3,
    "z-image": _z_image,
    "flux2-klein": _flux2_klein,
    "flux-fill": _flux_fill,
    "qwen-edit": _qwen_edit,
    "kandinsky": lambda: _kandinsky("KandinskyV22CombinedPipeline", 4),
    "kandinsky-inpaint": lambda: _kandinsky("KandinskyV22InpaintCombinedPipeline", 9),
}
