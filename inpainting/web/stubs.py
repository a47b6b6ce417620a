"""gradio without the type stubs that it writes for editors each time it is imported.

For every component gradio parses its own source twice, renders a stub and compares it with the file
beside it: two fifths of the processor time of `import gradio` 6.31, and nothing that a page uses.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType

MODULE, WRITER = "gradio.component_meta", "create_or_modify_pyi"


@contextmanager
def without_stubs() -> Iterator[None]:
    """Let gradio, imported inside for the first time, write no stubs, now and later.

    Where gradio is there already, or another version writes them otherwise, nothing is changed.
    """
    finder = _Finder()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


class _Finder(MetaPathFinder):
    """Finds the one module, as Python would, and has it loaded by `_Loader`."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(fullname, path, target) if fullname == MODULE else None
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Loader(spec.loader.name, spec.loader.path)
        return spec


class _Loader(SourceFileLoader):
    """Loads a source file, and takes the writer of stubs out of it."""

    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        if hasattr(module, WRITER):
            setattr(module, WRITER, _nothing)


def _nothing(*_: object) -> None:
    """Write nothing."""
