from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from inpainting.errors import BadRequest
from inpainting.settings import SETTINGS, Settings, read_settings

ROOT = Path(__file__).resolve().parents[2]


def test_the_table_and_the_type_agree() -> None:
    assert [row.name for row in SETTINGS] == [f.name for f in fields(Settings)]
    assert read_settings({}) == Settings()


def test_private_by_default() -> None:
    assert (Settings().host, Settings().port) == ("127.0.0.1", 8080)


def test_an_option_wins_over_the_environment_and_that_over_the_default() -> None:
    environment = {"POINTPAINT_PORT": "9000", "POINTPAINT_PRESET": "embedded"}
    settings = read_settings(environment, {"port": "9001", "preset": None})
    assert (settings.port, settings.preset) == (9001, "embedded")


def test_an_empty_variable_is_no_value() -> None:
    assert read_settings({"POINTPAINT_PORT": ""}).port == 8080


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("port", "eighty", "port is 'eighty'; it must be a whole number"),
        ("port", "0", "port is 0; it must be from 1 to 65535"),
        ("max_megapixels", "179", "max_megapixels is 179"),
        ("preset", "huge", "preset is 'huge'; it must be one of auto, sdxl, light, embedded"),
    ],
)
def test_a_bad_value_is_named_with_what_would_be_right(
    name: str, value: str, sentence: str
) -> None:
    with pytest.raises(BadRequest, match=sentence):
        read_settings({}, {name: value})


@pytest.mark.parametrize("row", SETTINGS, ids=lambda row: row.name)
def test_every_setting_stands_in_the_readme(row: object) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf8")
    option, variable = row.option, row.variable  # type: ignore[attr-defined]
    assert f"`{option}`" in readme
    assert f"`{variable}`" in readme
    assert row.help in readme  # type: ignore[attr-defined]
