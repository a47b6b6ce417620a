"""`python -m inpainting`: the composition root of the command line."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from types import FrameType

from inpainting.cli import main
from inpainting.settings import Settings
from inpainting.studio import Studio


def make_studio(settings: Settings, say: Callable[[str], None]) -> Studio:
    """Return a Studio with the models of the preset; what is not needed at once loads when used."""
    from models.bringup import models_for

    models = models_for(settings, say)
    return Studio(models.segmenter, models.painter, settings)


def stop(_signal: int, _frame: FrameType | None) -> None:
    """Treat a request to terminate as Ctrl-C, so that models are left in order."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, stop)
    sys.exit(main(sys.argv[1:], make_studio, os.environ, sys.stdout, sys.stderr))
