"""The libraries' own bars and advice, off while something is loaded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from logging import CRITICAL


@contextmanager
def quiet() -> Iterator[None]:
    """Turn the bars of diffusers and transformers off for a while, and all that they log.

    Transformers advises torchvision on stderr, which nothing here needs; diffusers wonders about
    every LoRA file that leaves a text encoder alone. What goes wrong is raised, too.
    """
    import diffusers.utils.logging as diffusers_logging
    import transformers.utils.logging as transformers_logging

    loggings = (diffusers_logging, transformers_logging)
    shown = [logging for logging in loggings if logging.is_progress_bar_enabled()]
    before = [logging.get_verbosity() for logging in loggings]
    for logging in loggings:
        logging.set_verbosity(CRITICAL)
    for logging in shown:
        logging.disable_progress_bar()
    try:
        yield
    finally:
        for logging, verbosity in zip(loggings, before, strict=True):
            logging.set_verbosity(verbosity)
        for logging in shown:
            logging.enable_progress_bar()
