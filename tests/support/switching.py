"""A small Switch whose loading waits for the test, for the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from threading import Event, Thread

from inpainting.errors import BadRequest
from inpainting.offers import Kind, Offer
from inpainting.ports import Painter
from inpainting.studio import Studio
from inpainting.types import ModelInfo

GB = 10**9


class FakeSwitch:
    """Offers the painters it was given; one that is None cannot be loaded.

    `gate` holds a load back while it is not set.
    """

    def __init__(
        self, studio: Studio, painters: Mapping[str, Painter | None], loras: tuple[str, ...] = ()
    ) -> None:
        self._studio = studio
        self._painters = painters
        self._loras = loras
        self._first = studio.status()
        self.gate = Event()
        self.gate.set()

    def offers(self) -> tuple[Offer, ...]:
        """Return what is in use, and the painters."""
        first = self._first
        there = (Offer("painter", first.painter), Offer("segmenter", first.segmenter))
        return (*there, *map(self._offer, self._painters))

    def _offer(self, key: str) -> Offer:
        found = self._painters[key]
        info = replace(first_info(self._studio), key=key, title=f"Painter {key}")
        if found is None:
            return Offer("painter", replace(info, gated=True, commercial=False), 7 * GB, GB, False)
        return Offer("painter", found.info)

    def loras(self) -> tuple[str, ...]:
        """Return the names it was given."""
        return self._loras

    def switch(self, kind: Kind, key: str) -> None:
        """Load a painter in a thread of its own, once the gate is open."""
        if kind != "painter" or key not in self._painters:
            raise BadRequest("Choose a model of the list.")
        if self._studio.status().loading:
            raise BadRequest("Another model is being loaded.")
        status = replace(self._studio.status(), loading=f"Loading {key}.", fraction=0.5)
        self._studio.report(replace(status, failure=""))
        Thread(target=self._load, args=(key,), daemon=True).start()

    def _load(self, key: str) -> None:
        self.gate.wait(60)
        found = self._painters[key]
        if found is None:
            status = replace(self._studio.status(), loading="", fraction=None)
            self._studio.report(replace(status, failure=f"{key} could not be loaded."))
        else:
            self._studio.use(painter=found)


def first_info(studio: Studio) -> ModelInfo:
    """Return the info of the painter in use."""
    return studio.painter.info
