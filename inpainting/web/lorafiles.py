"""What has become of a recipe's LoRA files: those that are here, and what to tell of the others."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from inpainting.ranges import shown
from inpainting.recipe import Recipe, other_loras
from inpainting.types import ModelInfo, Tool

CHUNK = 1 << 20
"""Bytes that are read at a time: the files may have gigabytes."""


def with_loras_here(
    recipe: Recipe, painter: ModelInfo, folder: str
) -> tuple[Recipe, tuple[str, ...]]:
    """Return a recipe with those of its LoRA files alone that the page can use.

    With it come sentences on those that are left out, and on files that have another content than
    the recipe's had. `folder` is that of the LoRA files, "" for none.
    """
    if recipe.tool is Tool.REMOVE or not recipe.settings.loras:
        return recipe, ()
    if not painter.lora_base:
        note = f"{painter.title} takes no LoRA files, so those of the recipe were left out."
        return _keeping(recipe, {}), (note,)
    files = _files(folder)
    gone = [lora.name for lora in recipe.settings.loras if lora.name not in files]
    kept = _keeping(recipe, files)
    return kept, (*map(_left_out, gone), *_other_content(kept, files))


def _files(folder: str) -> dict[str, Path]:
    """A recipe may come from anyone: its names are looked up, and never made into paths."""
    found = Path(folder).glob("*.safetensors") if folder else ()
    return {path.stem: path for path in found if path.is_file()}


def _keeping(recipe: Recipe, files: Mapping[str, Path]) -> Recipe:
    loras = tuple(lora for lora in recipe.settings.loras if lora.name in files)
    return replace(recipe, settings=replace(recipe.settings, loras=loras))


def _left_out(name: str) -> str:
    return f"The LoRA file {shown(name)} is not here, so it was left out."


def _other_content(recipe: Recipe, files: Mapping[str, Path]) -> tuple[str, ...]:
    known = [lora.name for lora in recipe.settings.loras if lora.name in recipe.lora_digests]
    here: dict[str, str] = {}
    for name in known:
        with suppress(OSError):  # it has gone just now, or it is not ours to read
            here[name] = _digest(files[name])
    return other_loras(recipe, replace(recipe, lora_digests=here))


def _digest(path: Path) -> str:
    digest = sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
