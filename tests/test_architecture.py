"""The house holds: imports run one way, and some things stand nowhere in the code."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOTS = {"inpainting/__main__.py"}  # composition roots besides app.py: they may know everyone
CODE = [
    path.relative_to(ROOT).as_posix()
    for folder in ("inpainting", "models")
    for path in sorted((ROOT / folder).rglob("*.py"))
] + ["app.py"]
CORE = [name for name in CODE if name.startswith("inpainting/") and name not in ROOTS]
MODELS = [name for name in CODE if name.startswith("models/")]
TORCH_WORLD = {"torch", "transformers", "diffusers", "accelerate", "safetensors", "tokenizers"}


def tree_of(name: str) -> ast.Module:
    return ast.parse((ROOT / name).read_text(encoding="utf8"))


def imports(name: str) -> Iterator[str]:
    """Every module that a file imports, also inside functions and type-checking blocks."""
    for node in ast.walk(tree_of(name)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name} imports relatively"
            yield node.module or ""


def calls(name: str) -> Iterator[str]:
    for node in ast.walk(tree_of(name)):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)


def top(modules: Iterator[str]) -> set[str]:
    return {module.split(".")[0] for module in modules}


@pytest.mark.parametrize("name", CORE)
def test_core_knows_neither_models_nor_torch_nor_app(name: str) -> None:
    assert not top(imports(name)) & (TORCH_WORLD | {"models", "app"})


@pytest.mark.parametrize("name", CORE)
def test_gradio_is_imported_only_under_web(name: str) -> None:
    if not name.startswith("inpainting/web/"):
        assert not top(imports(name)) & {"gradio", "gradio_client", "fastapi"}
        assert not any(module.startswith("inpainting.web") for module in imports(name))


MODELS_MAY_KNOW = {
    "inpainting.errors",
    "inpainting.offers",
    "inpainting.ports",
    "inpainting.repainting",  # pure; for the notebook's run_inpainting
    "inpainting.settings",
    "inpainting.status",
    "inpainting.types",
}


@pytest.mark.parametrize("name", MODELS)
def test_models_know_no_page_no_studio_no_environment(name: str) -> None:
    known = set(imports(name))
    assert not top(iter(known)) & {"gradio", "app"}
    assert {module for module in known if module.startswith("inpainting")} <= MODELS_MAY_KNOW
    assert "environ" not in {
        node.attr for node in ast.walk(tree_of(name)) if isinstance(node, ast.Attribute)
    }
    assert "os.getenv" not in set(calls(name))


@pytest.mark.parametrize("room", ["masks", "framing", "compositing", "photo", "recipe", "types"])
def test_pure_rooms_do_not_know_the_studio_or_the_ports(room: str) -> None:
    known = set(imports(f"inpainting/{room}.py"))
    assert not known & {"inpainting.studio", "inpainting.ports", "inpainting.settings"}


def test_only_photo_opens_pictures() -> None:
    assert [n for n in CORE if "Image.open" in set(calls(n))] == ["inpainting/photo.py"]


@pytest.mark.parametrize("name", CODE)
def test_what_stands_nowhere(name: str) -> None:
    forbidden = {"print", "eval", "exec", "torch.load", "torch.manual_seed", "pickle.loads"}
    assert not set(calls(name)) & forbidden
    for node in ast.walk(tree_of(name)):
        assert not isinstance(node, ast.Global), f"{name}:{node.lineno} global"
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None, f"{name}:{node.lineno} bare except"
        if isinstance(node, ast.keyword):
            assert node.arg != "trust_remote_code"


def function_lengths(names: list[str]) -> list[tuple[int, str]]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return sorted(
        ((node.end_lineno or node.lineno) - node.lineno + 1, f"{name}:{node.name}")
        for name in names
        for node in ast.walk(tree_of(name))
        if isinstance(node, kinds)
    )


def test_functions_are_small() -> None:
    lengths = function_lengths(CODE)
    assert lengths[-1][0] <= 60, lengths[-1]
    assert lengths[len(lengths) // 2][0] < 10


def test_import_app_loads_neither_torch_nor_a_server() -> None:
    code = "import sys, app; print([m for m in ('torch', 'gradio', 'uvicorn') if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
