"""LoRA files on a pipeline: loaded when a job asks for them, put aside again after it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from inpainting.errors import BadRequest
from inpainting.types import LoraUse
from models.device import is_out_of_memory
from models.ladder import changeable
from models.quiet import quiet

ENDING = ".safetensors"

Stamp = tuple[int, int]
"""When a file was changed, in nanoseconds, and its size in bytes."""


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A file that is loaded as `adapter`, as it was at `stamp`."""

    adapter: str
    stamp: Stamp
    digest: str


def lora_names(folder: Path | None) -> tuple[str, ...]:
    """Return the names, without their ending, of the LoRA files in a folder; none for None."""
    if folder is None or not folder.is_dir():
        return ()
    return tuple(sorted(path.stem for path in folder.glob(f"*{ENDING}") if path.is_file()))


def add_adapter(
    pipeline: Any,
    source: str,
    file: str,
    adapter: str,
    offline: bool = True,
    *,
    revision: str | None = None,
) -> bool:
    """Load a LoRA file of a folder or hub repository as `adapter`; tell whether anything fits.

    Its weights take the precision of the models that they go into.
    """
    with changeable(pipeline), quiet(), warnings.catch_warnings():
        # Two adapters beside each other are meant.
        warnings.filterwarnings("ignore", message="Already found a `peft_config`")
        pipeline.load_lora_weights(
            source,
            revision=revision,
            weight_name=file,
            adapter_name=adapter,
            use_safetensors=True,
            local_files_only=offline,
        )
        holders = [name for name, there in pipeline.get_list_adapters().items() if adapter in there]
        for name in holders:
            model = getattr(pipeline, name)
            for path, parameter in model.named_parameters():
                if f".{adapter}." in path:
                    parameter.data = parameter.data.to(model.dtype)
    return bool(holders)


class Loras:
    """The LoRA files of one pipeline, for one job at a time.

    `built_in` maps adapters that are loaded already, and belong to the painter, to their weights;
    `base` says in words what files must be made for, "" where the painter takes none. Not to `keep`
    files after the jobs that use them is for layers that are compiled: the code does not fit those
    that a file has wrapped, also while it has no effect.
    """

    def __init__(
        self,
        pipeline: Any,
        folder: Path | None = None,
        built_in: Mapping[str, float] | None = None,
        base: str = "",
        *,
        keep: bool = True,
    ) -> None:
        self._pipeline = pipeline
        self._folder = folder
        self._built_in = dict(built_in or {})
        self._base = base
        self._keep = keep
        self._loaded: dict[str, _Loaded] = {}
        self._count = 0
        self._rest()

    def check(self, uses: Sequence[LoraUse]) -> None:
        """Raise BadRequest for a file that is not there, or where none can be used."""
        if uses and not self._base:
            raise BadRequest("This painter takes no LoRA files; choose another painter.")
        there = lora_names(self._folder) if uses else ()
        for use in uses:
            if use.name not in there:
                listed = f"there are {', '.join(there)}" if there else "there is none"
                raise BadRequest(f"There is no LoRA file called {use.name[:80]!r}; {listed}.")

    @contextmanager
    def active(self, uses: Sequence[LoraUse]) -> Iterator[int]:
        """Let the files take part inside, beside what is built in; give how many they are.

        Raises BadRequest for bad files, and what torch raises when memory runs out.

        Files of the last job that used any stay loaded, without any effect; where they are not to
        be kept, until a job uses none.
        """
        if not uses:
            if not self._keep:
                self._clear()
            yield 0
            return
        self.check(uses)
        weights: dict[str, float] = {}
        for use in uses:
            weights[use.name] = weights.get(use.name, 0.0) + use.weight
        try:
            self._drop(set(self._loaded) - set(weights))
            for name in weights:
                self._load(name)
            named = {self._loaded[name].adapter: weight for name, weight in weights.items()}
            self._set({**self._built_in, **named})
            yield len(named)
        finally:
            self._rest()

    def digests(self, uses: Sequence[LoraUse]) -> dict[str, str]:
        """Return the SHA-256 of the files that the last job used, 64 hex digits, by their names."""
        return {use.name: self._loaded[use.name].digest for use in uses}

    def _rest(self) -> None:
        """Leave what is built in at work, and nothing else."""
        if self._built_in:
            self._set(self._built_in)
        elif self._loaded:
            self._pipeline.disable_lora()

    def _set(self, weights: Mapping[str, float]) -> None:
        self._pipeline.enable_lora()
        self._pipeline.set_adapters(list(weights), list(weights.values()))

    def _clear(self) -> None:
        """Take all files out, and the layers as they were back in."""
        if not self._loaded:
            return
        self._drop(set(self._loaded))
        if not self._built_in:
            with changeable(self._pipeline):
                self._pipeline.unload_lora_weights()

    def _drop(self, names: set[str]) -> None:
        for name in names:
            self._pipeline.delete_adapters(self._loaded.pop(name).adapter)

    def _load(self, name: str) -> None:
        """Load a file unless it is there already, unchanged."""
        assert self._folder is not None
        path = self._folder / f"{name}{ENDING}"
        found = path.stat()
        stamp = (found.st_mtime_ns, found.st_size)
        if name in self._loaded and self._loaded[name].stamp == stamp:
            return
        self._drop({name} & set(self._loaded))
        self._count += 1
        adapter = f"file_{self._count}"
        self._read(path, adapter)
        self._loaded[name] = _Loaded(adapter, stamp, sha256(path.read_bytes()).hexdigest())

    def _read(self, path: Path, adapter: str) -> None:
        try:
            fits = add_adapter(self._pipeline, path.parent.as_posix(), path.name, adapter)
        except Exception as error:  # whatever is in the file, the libraries raise all sorts
            self._forget(adapter)
            if is_out_of_memory(error):
                raise
            raise BadRequest(self._unfit(path)) from error
        if not fits:
            raise BadRequest(self._unfit(path))

    def _forget(self, adapter: str) -> None:
        """Take out what was put in before a file failed half-way."""
        with suppress(Exception):
            self._pipeline.delete_adapters(adapter)

    def _unfit(self, path: Path) -> str:
        return (
            f"The LoRA file {path.name} is damaged, or it was not made for this painter: "
            f"it must be one for {self._base}."
        )
