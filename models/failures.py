"""Why a model could not be loaded, in a sentence that also says what to do."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from inpainting.errors import ModelUnavailable, PointPaintError

_NETWORK = ("ConnectError", "NetworkError", "ConnectionError", "ConnectTimeout", "ReadTimeout")
_REFUSED = ("RepositoryNotFoundError", "RevisionNotFoundError")
_MISSING = ("LocalEntryNotFoundError", "OfflineModeIsEnabled")


@contextmanager
def explained(title: str, offline: bool) -> Iterator[None]:
    """Turn every failure inside into a ModelUnavailable about the model called `title`."""
    try:
        yield
    except PointPaintError:
        raise
    except Exception as error:
        if not _lacks_memory(error):
            raise ModelUnavailable(explain(error, title, offline)) from error
    else:
        return
    # Here the traceback is gone, and with it the tensors that it held.
    from models.device import release_memory

    release_memory()
    raise ModelUnavailable(
        f"{title} does not fit into the memory of the device; close other programs that use it, "
        "or choose another model."
    )


def explain(error: BaseException, title: str, offline: bool) -> str:
    """Return a sentence on why `title` could not be loaded, drawn from `error` and its causes."""
    chain = list(_causes(error))
    names = {kind.__name__ for cause in chain for kind in type(cause).__mro__}
    if any(isinstance(c, OSError) and c.errno == errno.ENOSPC for c in chain):
        return f"The disk is full, so {title} cannot be stored; free some space and try again."
    if offline and names & {*_MISSING, *_NETWORK}:
        return (
            f"{title} is not on this disk, and the offline setting forbids to download it; "
            "start once without --offline, or choose another model."
        )
    if "GatedRepoError" in names:
        return (
            f"The model hub gives {title} to those who have accepted its licence: accept it on the "
            "model's page there, log in on this machine with hf auth login, and try again."
        )
    if names & set(_REFUSED):
        return f"The model hub does not give out {title}; choose another model."
    if names & {*_NETWORK, *_MISSING}:
        return (
            f"{title} is not on this disk, and the model hub cannot be reached; check the network "
            "and try again, or choose another model."
        )
    if any("no file named" in str(cause) and "safetensors" in str(cause) for cause in chain):
        return (
            f"{title} has no weights in the safetensors format; other formats can run code and "
            "are not loaded. Choose another model."
        )
    if any(
        isinstance(c, OSError | ValueError | LookupError) or "Safetensor" in type(c).__name__
        for c in chain
    ):
        return (
            f"The files of {title} are damaged or incomplete ({type(error).__name__}); delete them "
            "from the model cache and try again."
        )
    return (
        f"{title} could not be loaded ({type(error).__name__}). Try again, or choose another model."
    )


def _lacks_memory(error: BaseException) -> bool:
    from models.device import is_out_of_memory

    return is_out_of_memory(error)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error, and what it was raised from, oldest last."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
