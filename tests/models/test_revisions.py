"""The commit of a model is read from where its files lie, and from nowhere else."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from models.revisions import commit_of
from tests.support.tiny import tiny_sd_inpaint

FOLDER = "/c/snapshots/{}/unet"
COMMIT = "a4f5151b5ffa547374d026a70982483765eb8070"


@pytest.mark.parametrize(
    ("model", "commit"),
    [
        (SimpleNamespace(config=SimpleNamespace(_commit_hash=COMMIT)), COMMIT),
        (
            SimpleNamespace(config=SimpleNamespace(_name_or_path=FOLDER.format(COMMIT))),
            COMMIT,
        ),
        (SimpleNamespace(name_or_path=f"C:\\c\\snapshots\\{COMMIT}"), COMMIT),
        (SimpleNamespace(config=SimpleNamespace(_name_or_path="models/mine")), ""),
        (SimpleNamespace(config=SimpleNamespace(_commit_hash=None)), ""),
        (SimpleNamespace(), ""),
    ],
)
def test_a_commit_is_found_where_the_hub_left_it(model: object, commit: str) -> None:
    assert commit_of(model) == commit


def test_a_pipeline_is_asked_through_its_parts() -> None:
    pipeline = tiny_sd_inpaint()
    assert commit_of(pipeline) == ""
    pipeline.unet.register_to_config(_name_or_path=FOLDER.format(COMMIT))
    assert commit_of(pipeline) == COMMIT
