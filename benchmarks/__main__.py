"""All that this machine can measure: `python -m benchmarks [--out FOLDER] [NAME ...]`.

Each script runs in a process of its own and writes FOLDER/NAME.json; its tables go to stdout. One
that cannot run here says why and is skipped; one whose promise does not hold is named at the end,
and so is one that takes too long.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.timing import CANNOT, about, markdown, say

SCRIPTS: dict[str, tuple[str, ...]] = {
    "twice": (),
    "starting": ("--rounds", "2"),
    "embedded": ("--rounds", "5"),
    "load": ("--rounds", "1"),
    "frames": ("--rounds", "5"),
    "click_work": ("--rounds", "1"),
    "clicks": ("--rounds", "12"),
    "click_to_mask": ("--rounds", "12"),
    "shortcuts": ("--rounds", "1"),
    "loading": ("--rounds", "3"),
    "gpu": (),
}
"""What is run, with options that keep the whole under nine minutes on two free cores.

`gpu` runs its own scripts where there is a GPU; `peer_iopaint` wants an environment of its own and
is run by hand.
"""

SILENCE = {"TRANSFORMERS_VERBOSITY": "error", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
PATIENCE = 240.0
"""Seconds for one script; those on a GPU keep to a budget of their own."""

GPU_PATIENCE = 520.0
ENDED = {0: "done", 1: "a promise does not hold, or it failed", CANNOT: "skipped"}


def missing(name: str) -> str:
    """Return why a script cannot run here, "" where nothing is known to be missing."""
    if name == "gpu":
        import torch

        return "" if torch.cuda.is_available() else "there is no CUDA GPU here"
    if name in ("clicks", "click_to_mask"):
        return _missing_browser()
    return ""


def _missing_browser() -> str:
    try:
        from tests.support.window import find_chromium
    except ImportError:
        return "Playwright is not installed"
    return "" if find_chromium() else "there is no Chromium here"


def run(name: str, out: Path) -> tuple[str, float]:
    """Run one script; return how it ended and the seconds it took."""
    say(f"\n## {name}\n\n`python -m benchmarks.{' '.join((name, *SCRIPTS[name]))}`\n")
    if reason := missing(name):
        say(f"Skipped: {reason}.")
        return ENDED[CANNOT], 0.0
    command = [sys.executable, "-m", f"benchmarks.{name}", *SCRIPTS[name]]
    on_gpu = name == "gpu"
    extra = ("--out", str(out / name)) if on_gpu else ("--json", str(out / f"{name}.json"))
    patience = GPU_PATIENCE if on_gpu else PATIENCE
    started = time.perf_counter()
    try:
        done = subprocess.run(
            [*command, *extra], timeout=patience, check=False, env={**os.environ, **SILENCE}
        )
    except subprocess.TimeoutExpired:
        return f"stopped after {patience:.0f} s", time.perf_counter() - started
    return ENDED.get(done.returncode, "failed"), time.perf_counter() - started


def main(arguments: list[str]) -> int:
    """Run the scripts one after the other; write a summary. 1 where one failed or was stopped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*SCRIPTS, []], metavar="NAME")
    parser.add_argument("--out", type=Path, default=Path("outputs/bench"))
    chosen = parser.parse_args(arguments)
    chosen.out.mkdir(parents=True, exist_ok=True)
    say(markdown(("measured on", ""), about().items()))
    ends = {name: run(name, chosen.out) for name in chosen.names or SCRIPTS}
    lines = [(name, end, f"{seconds:.0f}") for name, (end, seconds) in ends.items()]
    whole = sum(seconds for _, seconds in ends.values())
    say(f"\n## All, in {whole:.0f} s\n\n{markdown(('script', 'how it ended', 's'), lines)}")
    good = {ENDED[0], ENDED[CANNOT]}
    return 0 if all(end in good for end, _ in ends.values()) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
