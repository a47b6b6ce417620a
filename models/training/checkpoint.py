"""Training state in one safetensors file: weights, averaged weights, optimizer moments."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from models.training.networks import Networks


@dataclass
class TrainState:
    """What changes while training: networks, their running average, optimizer, counters."""

    networks: Networks
    average: Networks
    optimizer: torch.optim.AdamW
    step: int = 0
    samples: int = 0
    seconds: float = 0.0


def save_state(state: TrainState, path: Path) -> None:
    """Write the state to `path`; a reader never sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    counters = {"step": state.step, "samples": state.samples, "seconds": state.seconds}
    part = path.with_suffix(".part")
    save_file(_tensors(state), part, metadata={"counters": json.dumps(counters)})
    part.rename(path)


def load_state(state: TrainState, path: Path) -> None:
    """Fill `state` in place from a file that `save_state` wrote for the same networks."""
    with safe_open(path, framework="pt") as file:
        counters = json.loads(file.metadata()["counters"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    state.networks.load_state_dict(_part(tensors, "weights"))
    state.average.load_state_dict(_part(tensors, "average"))
    _load_moments(state, tensors, counters["step"])
    state.step, state.samples = int(counters["step"]), int(counters["samples"])
    state.seconds = float(counters["seconds"])


def start_from(state: TrainState, folder: Path) -> None:
    """Put the weights of a pipeline folder into the networks and their average."""
    for part in ("unet", "text_encoder", "text_encoder_2"):
        weights = load_file(next((folder / part).glob("*.safetensors")))
        for networks in (state.networks, state.average):
            getattr(networks, part).load_state_dict(weights)


def _tensors(state: TrainState) -> dict[str, Tensor]:
    tensors = {f"weights/{k}": v for k, v in state.networks.state_dict().items()}
    tensors |= {f"average/{k}": v for k, v in state.average.state_dict().items()}
    for name, parameter in state.networks.named_parameters():
        moments = state.optimizer.state.get(parameter, {})
        if moments:
            tensors[f"first/{name}"] = moments["exp_avg"]
            tensors[f"second/{name}"] = moments["exp_avg_sq"]
    return {name: tensor.detach().contiguous() for name, tensor in tensors.items()}


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {k.split("/", 1)[1]: v for k, v in tensors.items() if k.startswith(f"{prefix}/")}


def _load_moments(state: TrainState, tensors: dict[str, Tensor], step: int) -> None:
    first, second = _part(tensors, "first"), _part(tensors, "second")
    for name, parameter in state.networks.named_parameters():
        if name in first:
            state.optimizer.state[parameter] = {
                "step": torch.tensor(float(step)),
                "exp_avg": first[name].to(parameter.device),
                "exp_avg_sq": second[name].to(parameter.device),
            }
