"""All that a CUDA GPU can measure, unattended: `python -m benchmarks.gpu [--out FOLDER]`.

Each script runs in a process of its own, the most important first, within a time of its own and 8
minutes for all (`--budget` in seconds). FOLDER gets what each wrote, as JSON and as text, and
RESULTS.md with all tables so far after each of them, so that nothing is lost when the machine is.
Options beyond that go to every script, as `--tiny` does.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.timing import CANNOT, Row, about, markdown, say, table

BUDGET = 480.0
LEAST = 20.0
"""Seconds without which a script is not begun."""

SILENCE = {
    "TRANSFORMERS_VERBOSITY": "error",
    "DIFFUSERS_VERBOSITY": "error",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_OFFLINE": "1",
}
ENDED = {0: "done", 1: "a promise does not hold, or it failed", CANNOT: "skipped"}


@dataclass(frozen=True, slots=True)
class Script:
    """A script's name, the seconds that it gets at most, and its options."""

    name: str
    seconds: float
    options: tuple[str, ...] = ()


SCRIPTS = (
    Script("cuda", 150),
    Script("cuda_fast", 120),
    Script("cuda_options", 120),
    Script("cuda_batch", 70),
    Script("cuda_clicks", 60),
    Script("cuda_beside", 60),
    Script("memory", 120),
    Script("cuda_compile", 150),
)
"""In the order of their weight; one that this copy does not have is left out."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a script ended, after how many seconds, and what it wrote.

    `rest` is a table of what it had measured, where it was stopped before it wrote one.
    """

    script: Script
    how: str
    seconds: float
    text: str
    rest: str = ""


def run(script: Script, extra: Sequence[str], out: Path, seconds: float) -> Ended:
    """Run one script for at most so many seconds; what it writes is seen and kept at once."""
    file = out / f"{script.name}.json"
    command = [sys.executable, "-m", f"benchmarks.{script.name}", "--json", str(file)]
    file.unlink(missing_ok=True)
    started, lines = time.perf_counter(), list[str]()
    process = subprocess.Popen(
        [*command, *script.options, *extra],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **SILENCE},
    )
    timer = threading.Timer(seconds, process.kill)
    timer.start()
    with (out / f"{script.name}.txt").open("w", encoding="utf8", buffering=1) as kept:
        for line in process.stdout or ():
            lines.append(line)
            kept.write(line)
            say(line.rstrip("\n"))
    code = process.wait()
    stopped = timer.finished.is_set()
    timer.cancel()
    how = f"stopped after {seconds:.0f} s" if stopped else ENDED.get(code, f"failed ({code})")
    rest = left_by(file) if stopped else ""
    return Ended(script, how, time.perf_counter() - started, "".join(lines), rest)


def left_by(file: Path) -> str:
    """Return a table of the rows that a script had kept when it was stopped, "" for none."""
    told = json.loads(file.read_text(encoding="utf8")) if file.is_file() else {}
    rows = [
        Row(row["name"], tuple(row["seconds"]), row["peak_gb"], tuple(row["worked"]))
        for row in told.get("rows", ())
    ]
    return table(rows) if rows else ""


def written(ended: Sequence[Ended], facts: dict[str, str]) -> str:
    """Return all tables so far as one text for benchmarks/RESULTS.md."""
    parts = ["## SAM and SDXL on a CUDA GPU", markdown(("measured on", ""), facts.items())]
    for one in ended:
        parts += [f"`python -m benchmarks.{one.script.name}`: {one.how}, {one.seconds:.0f} s"]
        parts += [one.text.strip(), one.rest]
    return "\n\n".join(filter(None, parts)) + "\n"


def there(scripts: Sequence[Script]) -> list[Script]:
    """Return the scripts that this copy of the project has."""
    folder = Path(__file__).parent
    return [script for script in scripts if (folder / f"{script.name}.py").is_file()]


def main(arguments: list[str]) -> int:
    """Run all within the budget. 1 where one failed, was stopped or was not begun."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("outputs/gpu"))
    parser.add_argument("--budget", type=float, default=BUDGET)
    parser.add_argument("--only", nargs="+", choices=[s.name for s in SCRIPTS])
    chosen, extra = parser.parse_known_args(arguments)
    chosen.out.mkdir(parents=True, exist_ok=True)
    started, ended, facts = time.perf_counter(), list[Ended](), about()
    for script in there([s for s in SCRIPTS if not chosen.only or s.name in chosen.only]):
        left = chosen.budget - (time.perf_counter() - started)
        say(f"\n## {script.name}, {left:.0f} s left\n")
        if left < LEAST:
            ended.append(Ended(script, "no time was left", 0.0, ""))
        else:
            ended.append(run(script, extra, chosen.out, min(script.seconds, left)))
        (chosen.out / "RESULTS.md").write_text(written(ended, facts), encoding="utf8")
    lines = [(one.script.name, one.how, f"{one.seconds:.0f}") for one in ended]
    say(f"\n{markdown(('script', 'how it ended', 's'), lines)}")
    good = {ENDED[0], ENDED[CANNOT]}
    return 0 if all(one.how in good for one in ended) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
