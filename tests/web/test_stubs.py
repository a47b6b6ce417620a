"""gradio imported without its writing of type stubs, in a process of its own."""

from __future__ import annotations

import subprocess
import sys

import gradio

from inpainting.web.stubs import without_stubs

FIRST_IMPORT = """
import sys
opened = []
sys.addaudithook(lambda event, args: event == "open" and opened.append(str(args[0])))
from inpainting.web.stubs import without_stubs
found = list(sys.meta_path)
with without_stubs():
    import gradio
class Own(gradio.HTML):
    pass
assert sys.meta_path == found
stubs = [path for path in opened if path.endswith(".pyi")]
print(gradio.Button("Go").value, len(stubs), len(opened) > 100)
"""


def test_gradio_is_imported_without_a_look_at_its_stubs() -> None:
    command = [sys.executable, "-W", "ignore", "-c", FIRST_IMPORT]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["Go", "0", "True"]


def test_nothing_changes_where_gradio_is_there_already() -> None:
    from gradio import component_meta

    writer, finders = component_meta.create_or_modify_pyi, list(sys.meta_path)
    with without_stubs():
        import gradio as again
    assert again is gradio
    assert component_meta.create_or_modify_pyi is writer
    assert sys.meta_path == finders
