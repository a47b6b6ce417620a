from __future__ import annotations

from dataclasses import replace

from inpainting.offers import Offer
from inpainting.web.catalogue import NONE, choices, facts
from tests.support.fakes import FakePainter

INFO = FakePainter().info
HERE = Offer("painter", INFO, memory=500_000_000)
THERE = Offer(
    "painter",
    replace(INFO, key="big", title="Big <b>", gated=True, commercial=False, licence="Odd 1.0"),
    7_100_000_000,
    12_000_000_000,
    here=False,
)
OTHER = Offer("filler", replace(INFO, key="patches", title="Patches"))
OFFERS = (THERE, HERE, OTHER)


def test_each_kind_lists_its_own_with_what_is_here_first() -> None:
    assert choices(OFFERS, "painter") == [
        ("One colour", "fake-painter"),
        ("Big <b> ↓ 7.1 GB", "big"),
    ]
    assert choices(OFFERS, "filler") == [("Patches", "patches")]
    assert choices(OFFERS, ["odd"]) == []


def test_the_facts_tell_what_a_model_costs_and_what_its_licence_asks() -> None:
    card = facts(OFFERS, "painter", "big")
    for text in ("Download: 7.1 GB", "Memory: 12.0 GB", "Licence: Odd 1.0"):
        assert text in card
    assert "has to be accepted" in card
    assert "does not allow commercial use" in card
    here = facts(OFFERS, "painter", "fake-painter")
    assert "On this disk" in here
    assert "Memory: 500 MB" in here
    assert "pp-mark" not in here


def test_what_comes_from_a_model_is_escaped() -> None:
    odd = Offer("painter", replace(INFO, world="<script>", licence="<i>"))
    assert "<script>" not in facts((odd,), "painter", INFO.key)
    assert "<i>" not in facts((odd,), "painter", INFO.key)


def test_a_model_that_is_none_is_a_sentence() -> None:
    assert NONE in facts(OFFERS, "painter", None)
    assert NONE in facts((), "segmenter", "fake-painter")
