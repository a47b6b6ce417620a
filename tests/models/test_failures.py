"""A refusal of the hub says what the user can do about it."""

from __future__ import annotations

from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

from models.failures import explain


def test_a_gated_model_says_how_to_get_it() -> None:
    sentence = explain(_refused(GatedRepoError), "SAM 3", offline=False)
    assert "SAM 3" in sentence
    assert "accept" in sentence and "log in" in sentence


def test_a_model_that_is_not_there_is_something_else() -> None:
    sentence = explain(_refused(RepositoryNotFoundError), "SAM 3", offline=False)
    assert "does not give out SAM 3" in sentence


def _refused(kind: type[RepositoryNotFoundError]) -> RepositoryNotFoundError:
    """As the hub's client raises it, without an answer of the hub."""
    return kind.__new__(kind)
