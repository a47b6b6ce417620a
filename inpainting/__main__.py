"""`python -m inpainting`: the composition root of the command line."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from inpainting.settings import Settings
    from inpainting.studio import Studio

STOPPED = 130


def make_studio(
    settings: Settings, say: Callable[[str], None], *, segment: bool, paint: bool
) -> Studio:
    """Return a Studio with the models that the command needs."""
    from inpainting.studio import Studio
    from models.bringup import all_fillers, models_for

    models = models_for(settings, say, segment=segment, paint=paint)
    return Studio(models.segmenter, models.painter, settings, fillers=all_fillers(settings))


def leave(_signal: int, _frame: FrameType | None) -> NoReturn:
    """Stop while libraries are still being imported, when there is nothing to put in order."""
    sys.stderr.write("Stopped; nothing was written.\n")
    sys.stderr.flush()
    os._exit(STOPPED)


def stop(_signal: int, _frame: FrameType | None) -> NoReturn:
    """Treat a request to terminate as Ctrl-C, so that models are left in order."""
    raise KeyboardInterrupt


def run() -> int:
    """Run the command of this process and return its exit code."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, leave)
    # The model hub's client reports on its use unless it is told not to.
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    from inpainting.cli import main

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    return main(sys.argv[1:], make_studio, os.environ, sys.stdout, sys.stderr)


if __name__ == "__main__":
    sys.exit(run())
