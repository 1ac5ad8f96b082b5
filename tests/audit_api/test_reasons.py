"""Every reason has words for people."""

from audit_api.reasons import REASONS, plainly
from filter_policy.model import Reason


def test_every_reason_has_words_of_its_own() -> None:
    assert set(REASONS) == set(Reason)
    assert len(set(REASONS.values())) == len(REASONS)


def test_an_answer_of_a_comparison_is_told_in_plain_words() -> None:
    assert plainly("block (category-not-allowed)") == "blocked: this kind of site is not allowed"
    assert plainly("allow (category-allowed)") == "open: this kind of site is allowed"
    assert plainly("something (else)") == "something (else)"
