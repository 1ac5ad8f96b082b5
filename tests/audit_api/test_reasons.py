"""Every reason has words for people."""

from audit_api.reasons import REASONS
from filter_policy.model import Reason


def test_every_reason_has_words_of_its_own() -> None:
    assert set(REASONS) == set(Reason)
    assert len(set(REASONS.values())) == len(REASONS)
