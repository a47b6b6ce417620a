"""Tiny real models of the Segment Anything family with random weights, all on the CPU."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from transformers import (
    AutoModel,
    EdgeTamConfig,
    EdgeTamModel,
    Sam2Config,
    Sam2Model,
    Sam3Config,
    Sam3Model,
    Sam3TrackerConfig,
    Sam3TrackerModel,
    SamConfig,
    SamHQConfig,
    SamHQModel,
    SamModel,
)

from models.repvit import RepVitConfig, RepVitModel

SIDE = 128
"""Side in pixels of the square that all but the tiny SAM 3 see."""

LOW_SIDE = 32
"""Side of the logits that they give and take."""

SIDE_3, LOW_SIDE_3 = 112, 32
"""The same of the tiny SAM 3."""

_PATCH = 16
_DECODER = {"mlp_dim": 32, "num_attention_heads": 2, "iou_head_hidden_dim": 32}


def small_sam(seed: int = 7) -> SamModel:
    """Return a `SamModel` with 1x32x8x8 features."""
    return _random(SamModel, SamConfig(**_vit_parts()), seed)


def small_sam_hq(seed: int = 7) -> SamHQModel:
    """Return a `SamHQModel` with features of 1x32x8x8 and 1x8x8x32."""
    parts = _vit_parts()
    parts["mask_decoder_config"]["vit_dim"] = 32
    return _random(SamHQModel, SamHQConfig(**parts), seed)


def small_sam2(seed: int = 7) -> Sam2Model:
    """Return a `Sam2Model` with features of 1x4x32x32, 1x8x16x16 and 1x32x8x8."""
    backbone = {
        "model_type": "sam2_hiera_det_model",
        "hidden_size": 8,
        "image_size": [SIDE, SIDE],
        "blocks_per_stage": [1, 1, 2, 1],
        "embed_dim_per_stage": [8, 16, 32, 64],
        "num_attention_heads_per_stage": [1, 1, 2, 2],
        "window_size_per_stage": [4, 2, 4, 2],
        "global_attention_blocks": [3],
    }
    vision = {"backbone_config": backbone, "backbone_channel_list": [64, 32, 16, 8]}
    return _random(Sam2Model, Sam2Config(**_pyramid_parts(vision)), seed)


def small_edgetam(seed: int = 7, depths: tuple[int, ...] = (1, 1, 2, 1)) -> EdgeTamModel:
    """Return an `EdgeTamModel` with our own encoder; features as those of `small_sam2`."""
    AutoModel.register(RepVitConfig, RepVitModel, exist_ok=True)
    vision = {"backbone_channel_list": [64, 32, 16, 8]}
    config = EdgeTamConfig(**_pyramid_parts(vision))
    config.vision_config.backbone_config = RepVitConfig(widths=(8, 16, 32, 64), depths=depths)
    return _random(EdgeTamModel, config, seed)


def small_sam3(seed: int = 7) -> tuple[Sam3Model, Sam3TrackerModel]:
    """Return the two models of SAM 3, with equal encoders; features of 8x8 cells."""
    detector = _random(Sam3Model, _detector_config(), seed)
    prompts = {"hidden_size": 32, "image_size": SIDE_3, "patch_size": 14}
    config = Sam3TrackerConfig(
        vision_config={"model_type": "sam3_vision_model", **_vision_3([4.0, 2.0, 1.0])},
        prompt_encoder_config=prompts,
        mask_decoder_config={"hidden_size": 32, **_DECODER},
    )
    tracker = _random(Sam3TrackerModel, config, seed)
    tracker.vision_encoder.backbone.load_state_dict(detector.vision_encoder.backbone.state_dict())
    return detector, tracker


def _detector_config() -> Sam3Config:
    layers = {"hidden_size": 32, "num_attention_heads": 2, "intermediate_size": 32, "num_layers": 1}
    text = {
        "model_type": "clip_text_model",
        "vocab_size": 514,
        "hidden_size": 32,
        "projection_dim": 32,
        "intermediate_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "max_position_embeddings": 32,
        "bos_token_id": 512,
        "eos_token_id": 513,
        "pad_token_id": 513,
    }
    return Sam3Config(
        vision_config=_vision_3([4.0, 2.0, 1.0, 0.5]),
        text_config=text,
        geometry_encoder_config=layers,
        detr_encoder_config=layers,
        detr_decoder_config={**layers, "num_queries": 6},
        mask_decoder_config={"hidden_size": 32, "num_attention_heads": 2},
    )


def _vision_3(scales: list[float]) -> dict[str, Any]:
    backbone = {
        "model_type": "sam3_vit_model",
        "hidden_size": 32,
        "intermediate_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "image_size": SIDE_3,
        "pretrain_image_size": SIDE_3,
        "window_size": 4,
        "global_attn_indexes": [1],
    }
    return {
        "backbone_config": backbone,
        "fpn_hidden_size": 32,
        "backbone_feature_sizes": [[32, 32], [16, 16], [8, 8]],
        "scale_factors": scales,
    }


def _vit_parts() -> dict[str, dict[str, Any]]:
    prompts = {"hidden_size": 32, "image_size": SIDE, "patch_size": _PATCH}
    vision = {
        "hidden_size": 32,
        "output_channels": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "image_size": SIDE,
        "patch_size": _PATCH,
        "num_pos_feats": 16,
        "mlp_dim": 32,
        "window_size": 4,
        "global_attn_indexes": [1],
    }
    return {
        "vision_config": vision,
        "prompt_encoder_config": prompts,
        "mask_decoder_config": {"hidden_size": 32, **_DECODER},
    }


def _pyramid_parts(vision: dict[str, Any]) -> dict[str, dict[str, Any]]:
    sizes = [[32, 32], [16, 16], [8, 8]]
    prompts = {"hidden_size": 32, "image_size": SIDE, "patch_size": _PATCH}
    return {
        "vision_config": {"fpn_hidden_size": 32, "backbone_feature_sizes": sizes, **vision},
        "prompt_encoder_config": prompts,
        "mask_decoder_config": {"hidden_size": 32, **_DECODER},
    }


def _random(kind: Callable[[Any], Any], config: Any, seed: int) -> Any:
    """Build a model whose answers depend on all of its weights, and on the place of a click."""
    model = kind(config)
    generator = torch.Generator().manual_seed(seed)
    for parameter in model.parameters():
        parameter.data.normal_(0, 0.3, generator=generator)
    for name, weight in (*model.named_parameters(), *model.named_buffers()):
        # low frequencies keep the embeddings of neighbouring positions alike, as in trained weights
        if name.endswith("positional_embedding"):
            weight.data.normal_(0, 0.4, generator=generator)
    return model.eval()


@contextmanager
def failing(model: Any, part: str, error: Exception) -> Iterator[None]:
    """Let a part of a model, such as "mask_decoder", raise `error` whenever it is called."""

    def fail(*_: object) -> None:
        raise error

    handle = getattr(model, part).register_forward_pre_hook(fail)
    yield
    handle.remove()
