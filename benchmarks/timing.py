"""Rivals measured in turn in one process: rounds, medians, spreads, and rows for a table."""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path

CANNOT = 3
"""Exit code of a script that cannot run on this machine; it has said why."""

PACKAGES = ("torch", "diffusers", "transformers", "gradio", "numpy", "opencv-python-headless")

Figures = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Row:
    """One thing measured: seconds of its rounds, and the peak of device memory in GB if known.

    `worked` are the seconds of processor time of this process and all its threads, where they were
    noted: they tell more than the clock does where other work runs beside.
    """

    name: str
    seconds: tuple[float, ...]
    peak_gb: float | None = None
    worked: tuple[float, ...] = ()

    @property
    def median(self) -> float:
        """The median of the rounds, in seconds."""
        return statistics.median(self.seconds)


def measure(
    rivals: Mapping[str, Callable[[], object]], rounds: int, warm_up: bool = True
) -> list[Row]:
    """Run every rival once to warm up, then all in turn `rounds` times."""
    for run in rivals.values() if warm_up else ():
        run()
    seconds: dict[str, list[float]] = {name: [] for name in rivals}
    worked: dict[str, list[float]] = {name: [] for name in rivals}
    for _ in range(rounds):
        for name, run in rivals.items():
            started = time.process_time()
            seconds[name].append(seconds_of(run))
            worked[name].append(time.process_time() - started)
    return [
        Row(name, tuple(values), worked=tuple(worked[name])) for name, values in seconds.items()
    ]


def seconds_of(run: Callable[[], object]) -> float:
    """Return how long one call takes."""
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def table(rows: list[Row]) -> str:
    """Return the rows as a Markdown table; ratios are to the first."""
    titles = ("what", "median s", "min-max s", "ratio", "peak GB", "processor s")
    lines = []
    for row in rows:
        peak = "" if row.peak_gb is None else f"{row.peak_gb:.2f}"
        spread = f"{min(row.seconds):.3f}-{max(row.seconds):.3f}"
        ratio = row.median / rows[0].median
        worked = f"{statistics.median(row.worked):.3f}" if row.worked else ""
        lines.append((row.name, f"{row.median:.3f}", spread, f"{ratio:.2f}", peak, worked))
    return markdown(titles, lines)


def markdown(titles: Sequence[str], lines: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table of any columns."""
    cells = [titles, ["---"] * len(titles), *lines]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in cells)


def share_of(values: Sequence[float], share: float) -> float:
    """Return the value that `share` (0 to 1) of `values` do not exceed: the nearest rank."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def about() -> dict[str, str]:
    """Return when and on what this runs: date, processor, cores, load, versions."""
    versions = {name: _version(name) for name in PACKAGES}
    return {
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "load": " ".join(f"{value:.1f}" for value in os.getloadavg()),
        "python": platform.python_version(),
        "machine": platform.machine(),
        **versions,
    }


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "none"


def _processor() -> str:
    """Return the processor's name as Linux gives it, else as Python knows it."""
    table = Path("/proc/cpuinfo")
    lines = table.read_text(encoding="utf8").splitlines() if table.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def as_json(rows: list[Row], figures: Figures | None = None) -> str:
    """Return the rows, and other figures, with what they were measured on."""
    found = {"about": about(), "rows": [asdict(row) for row in rows], "figures": figures or {}}
    return json.dumps(found, indent=2)


def options(text: str | None, rounds: int) -> argparse.ArgumentParser:
    """Return a parser of the options that every script takes."""
    parser = argparse.ArgumentParser(description=text)
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--json", type=Path, help="file for what was measured")
    return parser


def say(text: str) -> None:
    """Write a line that is seen at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def keep(path: Path | None, rows: list[Row], figures: Figures | None = None) -> None:
    """Write what was measured as JSON, where a file was asked for."""
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(as_json(rows, figures), encoding="utf8")


def cannot(reason: str) -> int:
    """Say why a script cannot run here; return its exit code."""
    say(f"Skipped: {reason}")
    return CANNOT
