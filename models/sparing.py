"""Collections of garbage stop all threads: what is never freed need not be looked at."""

from __future__ import annotations

import gc


def spare_what_is_there() -> None:
    """Let collections of garbage pass over all objects that there are now, modules above all.

    A full one looks at every object, half a million once the libraries are imported, and a click
    that comes meanwhile waits for a fifth of a second. To be called before models are loaded: of
    what is passed over, rings are not freed any more; all else is, as ever, by counting.
    """
    gc.collect()
    gc.freeze()
