"""Rivals measured in turn in one process: rounds, medians, spreads, and rows for a table."""

from __future__ import annotations

import json
import platform
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from importlib import metadata


@dataclass(frozen=True, slots=True)
class Row:
    """One thing measured: seconds of its rounds, and the peak of device memory in GB if known."""

    name: str
    seconds: tuple[float, ...]
    peak_gb: float | None = None

    @property
    def median(self) -> float:
        """The median of the rounds, in seconds."""
        return statistics.median(self.seconds)


def measure(rivals: Mapping[str, Callable[[], object]], rounds: int) -> list[Row]:
    """Run every rival once to warm up, then all in turn `rounds` times."""
    for run in rivals.values():
        run()
    seconds: dict[str, list[float]] = {name: [] for name in rivals}
    for _ in range(rounds):
        for name, run in rivals.items():
            started = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - started)
    return [Row(name, tuple(values)) for name, values in seconds.items()]


def table(rows: list[Row]) -> str:
    """Return the rows as a Markdown table; ratios are to the first."""
    lines = ["| what | median s | min-max s | ratio | peak GB |", "|---|---|---|---|---|"]
    for row in rows:
        peak = "" if row.peak_gb is None else f"{row.peak_gb:.2f}"
        spread = f"{min(row.seconds):.3f}-{max(row.seconds):.3f}"
        ratio = row.median / rows[0].median
        lines.append(f"| {row.name} | {row.median:.3f} | {spread} | {ratio:.2f} | {peak} |")
    return "\n".join(lines)


def as_json(rows: list[Row]) -> str:
    """Return the rows with what they were measured on."""
    names = ("torch", "diffusers", "transformers", "numpy", "opencv-python-headless")
    versions = {name: metadata.version(name) for name in names}
    about = {"python": platform.python_version(), "machine": platform.machine(), **versions}
    return json.dumps({"about": about, "rows": [asdict(row) for row in rows]}, indent=2)
