"""How soon it starts: `import app`, the page, and the painter behind it.

`python -m benchmarks.starting [--rounds N] [--json FILE]`: every start is a process of its own, the
rivals in turn: `import app` beside what a notebook's first cell imports; `app.py --preset embedded`
until it answers a first request with 200 beside the least page that gradio can serve; the embedded
painter, loaded by this project and by plain `from_pretrained`. The first start of each is told
apart: later ones find their files in the machine's cache, and what Python has compiled. Then what
the time is spent on, by package, as `-X importtime` has it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

from benchmarks.timing import Row, keep, markdown, options, say, seconds_of, table
from tests.support.ports import free_port

IMPORTS = {
    "nothing (python -c pass)": "pass",
    "import app": "import app",
    "a notebook's imports": (
        "import gradio, torch; from transformers import SamModel, SamProcessor; "
        "from diffusers import StableDiffusionXLInpaintPipeline"
    ),
}
LEAST_PAGE = """
import gradio
with gradio.Blocks(analytics_enabled=False) as page:
    gradio.Markdown("Hello")
page.launch(server_name="127.0.0.1", server_port={port}, quiet=True)
"""
PAINTERS = {
    "the embedded painter": (
        "import torch; from models.catalog import painter_row, preset; "
        "from models.loading import load_painter; "
        "load_painter(painter_row(preset('embedded').painter), torch.device('cpu'), "
        "torch.float32, offline=True)"
    ),
    "the same, plain from_pretrained": (
        "from diffusers import StableDiffusionXLInpaintPipeline as P; "
        "P.from_pretrained('models/embedded', local_files_only=True)"
    ),
}
PAGE = """
import inpainting.studio
from inpainting.web.stubs import without_stubs
with without_stubs():
    import inpainting.web.page, inpainting.web.serve
"""
PATIENCE = 60.0
POLL = 0.02
PROMISED_IMPORT, PROMISED_PAGE = 0.5, 3.0
LINE = re.compile(r"import time:\s+(\d+) \|\s+\d+ \|\s*(\S+)")


def run_code(code: str) -> None:
    """Run Python code in a process of its own, to its end."""
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, env=usual())


def usual() -> dict[str, str]:
    """Return this process's environment, in which Python keeps what it has compiled, as usual."""
    return {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}


def until_up(command: Sequence[str], port: int) -> None:
    """Start a server, wait for its first page, and end it; raises TimeoutError."""
    silent = subprocess.DEVNULL
    server = subprocess.Popen(command, stdout=silent, stderr=silent, env=usual())
    try:
        until = time.perf_counter() + PATIENCE
        while not answers(f"http://127.0.0.1:{port}/"):
            if time.perf_counter() > until or server.poll() is not None:
                raise TimeoutError(f"no page came from {command[1]}")
            time.sleep(POLL)
    finally:
        server.kill()
        server.wait()


def answers(url: str) -> bool:
    """Tell whether a page is there."""
    with suppress(OSError, urllib.error.URLError), urllib.request.urlopen(url, timeout=30) as page:
        return bool(page.status == 200)
    return False


def our_page() -> None:
    """Start this project's page and wait for it."""
    port = free_port()
    until_up([sys.executable, "app.py", "--preset", "embedded", "--port", str(port)], port)


def least_page() -> None:
    """Start the least page of gradio and wait for it."""
    port = free_port()
    until_up([sys.executable, "-c", LEAST_PAGE.format(port=port)], port)


def in_turn(rivals: dict[str, Callable[[], None]], rounds: int) -> tuple[list[Row], list[Row]]:
    """Return the first start of each, and the later ones."""
    seconds: dict[str, list[float]] = {name: [] for name in rivals}
    for _ in range(rounds + 1):
        for name, run in rivals.items():
            seconds[name].append(seconds_of(run))
    first = [Row(f"{name}, first", (values[0],)) for name, values in seconds.items()]
    return first, [Row(name, tuple(values[1:])) for name, values in seconds.items()]


def coded(codes: dict[str, str]) -> dict[str, Callable[[], None]]:
    """Return rivals that each run some code."""

    def rival(code: str) -> Callable[[], None]:
        return lambda: run_code(code)

    return {name: rival(code) for name, code in codes.items()}


def packages(lines: Iterable[str], most: int) -> list[tuple[str, float]]:
    """Add up the own seconds of `-X importtime` lines by package; return the slowest."""
    found = Counter[str]()
    for match in filter(None, map(LINE.match, lines)):
        found[match[2].split(".")[0]] += int(match[1])
    return [(name, micro / 1e6) for name, micro in found.most_common(most)]


def dominant(code: str, most: int = 8) -> list[tuple[str, float]]:
    """Return the packages that importing takes longest for."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", code],
        check=True,
        capture_output=True,
        text=True,
        env=usual(),
    )
    return packages(done.stderr.splitlines(), most)


def main(arguments: list[str]) -> int:
    """Measure all starts; write the tables."""
    chosen = options(__doc__, 5).parse_args(arguments)
    groups: list[dict[str, Callable[[], None]]] = [
        coded(IMPORTS),
        {"page up": our_page, "gradio's least page": least_page},
        coded(PAINTERS),
    ]
    rows: list[Row] = []
    for rivals in groups:
        first, later = in_turn(rivals, chosen.rounds)
        say(f"{table([*later, *first])}\n")
        rows += [*later, *first]
    for title, code in (("import app", IMPORTS["import app"]), ("the page's imports", PAGE)):
        lines = [(name, f"{seconds:.3f}") for name, seconds in dominant(code)]
        say(f"{markdown((title, 'own s'), lines)}\n")
    medians = {row.name: row.median for row in rows}
    say(f"import app {medians['import app']:.2f} s (promised: {PROMISED_IMPORT})")
    say(f"page up {medians['page up']:.2f} s (promised: {PROMISED_PAGE})")
    keep(chosen.json, rows)
    held = medians["import app"] <= PROMISED_IMPORT and medians["page up"] <= PROMISED_PAGE
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
