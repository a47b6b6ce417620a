"""How far a download is, seen from the files that it writes into the model cache."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

Report = Callable[[str, float | None], None]
"""Takes a sentence on what is being done and, where known, how much of it is done, 0-1."""

POLL_SECONDS = 1.0


def cache_folders(sources: Sequence[str]) -> tuple[Path, ...]:
    """Return where the hub's client keeps the files of these hub ids."""
    from huggingface_hub import constants

    cache = Path(constants.HF_HUB_CACHE)
    return tuple(cache / ("models--" + source.replace("/", "--")) for source in sources)


def stored_bytes(folders: Sequence[Path]) -> int:
    """Return the size of all files below `folders`, links not counted."""
    files = (path for folder in folders for path in folder.rglob("*"))
    return sum(_size(path) for path in files)


@contextmanager
def watched(title: str, folders: Sequence[Path], total: int, report: Report) -> Iterator[None]:
    """Report every second, while the body runs, how much of `total` bytes `folders` hold."""
    done = Event()

    def watch() -> None:
        while not done.wait(POLL_SECONDS):
            stored = stored_bytes(folders)
            if stored < total:
                report(f"Downloading {title}: {_gb(stored)} of {_gb(total)} GB.", stored / total)
            else:
                report(f"Loading {title}.", None)

    watcher = Thread(target=watch, name="download-watch", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size if path.is_file() and not path.is_symlink() else 0
    except OSError:  # renamed by the download between the listing and here
        return 0


def _gb(size: int) -> str:
    return f"{size / 1e9:.1f}"
