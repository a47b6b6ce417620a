"""A Painter that is still being loaded: the page is up meanwhile, and a first job just waits."""

from __future__ import annotations

from collections.abc import Callable, Generator
from threading import Event, Lock, Thread

from inpainting.errors import ModelUnavailable, PointPaintError
from inpainting.ports import Painter, Tokens
from inpainting.types import Mask, ModelInfo, Painted, PaintSettings, Progress, Rgb

POLL_SECONDS = 0.5


class DeferredPainter:
    """Stands for the painter that `load` returns; `info` describes it until it is there.

    Loading begins with `start`, or else with the first job, on a thread of its own. When it fails
    the jobs that wait raise ModelUnavailable with the reason, and the next one tries again.
    """

    def __init__(self, info: ModelInfo, load: Callable[[], Painter]) -> None:
        self._info = info
        self._load = load
        self._painter: Painter | None = None
        self._failure = ""
        self._settled = Event()
        self._starting = Lock()
        self._thread: Thread | None = None

    @property
    def info(self) -> ModelInfo:
        """What this is: the painter's own words once it is loaded."""
        return self._painter.info if self._painter else self._info

    @property
    def ready(self) -> bool:
        """Whether loading has ended, well or not."""
        return self._settled.is_set()

    def tokens(self, prompt: str) -> tuple[int, int]:
        """Return what the painter says of a prompt; (0, 0) while it cannot tell."""
        painter = self._painter
        return painter.tokens(prompt) if isinstance(painter, Tokens) else (0, 0)

    def start(self) -> None:
        """Begin to load in the background, once more where that has failed; else only once."""
        with self._starting:
            if self._settled.is_set() and self._painter is None:
                self._settled.clear()
                self._thread = None
            if self._thread is None:
                self._thread = Thread(target=self._settle, name="painter-loading", daemon=True)
                self._thread.start()

    def paint(
        self, rgb: Rgb, hole: Mask, settings: PaintSettings
    ) -> Generator[Progress | Painted, None, None]:
        """Wait for the painter, telling so twice a second, and let it paint; see `Painter`."""
        self.start()
        total = max(1, int(settings.steps * settings.strength))
        while not self._settled.wait(POLL_SECONDS):
            yield Progress(0, total, note=f"Loading {self._info.title}; this is done once.")
        if self._painter is None:
            raise ModelUnavailable(self._failure)
        yield from self._painter.paint(rgb, hole, settings)

    def _settle(self) -> None:
        try:
            self._painter = self._load()
        except PointPaintError as error:
            self._failure = str(error)
        except Exception as error:  # a thread's error would be lost, and every job wait for ever
            self._failure = f"{self._info.title} could not be loaded ({type(error).__name__})."
        finally:
            self._settled.set()
