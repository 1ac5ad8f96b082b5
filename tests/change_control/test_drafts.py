"""What each kind of proposal brings to the protocol."""

from datetime import timedelta

from change_control.drafts import Draft, Kind, instant
from change_control.proposals import KINDS
from change_control.roles import MAY
from tests.builders import NOON


def test_every_kind_does_what_the_protocol_asks_and_has_its_rights() -> None:
    kinds: dict[str, Kind] = dict(KINDS)

    protecting = {"correction", "hold-release", "erasure", "disclosure"}
    assert set(kinds) == {"policy", "lists", "unblock", "people", "break-glass"} | protecting
    for name in kinds:
        assert {f"{name}:{act}" for act in ("propose", "approve", "decline", "withdraw")} <= set(MAY)


def test_a_draft_shows_neither_its_payload_nor_its_texts() -> None:
    draft = Draft("people", {"rows": ["a secret"]}, "joiners", texts={"policy": "a secret"})

    assert "a secret" not in repr(draft)


def test_instants_are_sealed_in_one_spelling() -> None:
    assert instant(NOON + timedelta(hours=1)) == "2026-11-24T13:00:00.000000Z"
    assert instant(None) is None
