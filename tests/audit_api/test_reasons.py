"""Every reason has words for people."""

from audit_api.reasons import ONE_CHANGE, REASONS, noticed, plainly
from filter_policy.model import Reason


def test_every_reason_has_words_of_its_own() -> None:
    assert set(REASONS) == set(Reason)
    assert len(set(REASONS.values())) == len(REASONS)


def test_an_answer_of_a_comparison_is_told_in_plain_words() -> None:
    assert plainly("block (category-not-allowed)") == "blocked: this kind of site is not allowed"
    assert plainly("allow (category-allowed)") == "open: this kind of site is allowed"
    assert plainly("something (else)") == "something (else)"


def test_one_change_of_device_is_no_accusation_and_who_was_guessed_at_did_nothing() -> None:
    assert noticed("account-shared", "devices: 2, one change", "Mary Moss") == ONE_CHANGE
    assert noticed("account-shared", "devices: 2", "Mary Moss") == "one account on several devices at once"
    assert (
        noticed("guessing", "account: 9 tries", "Mary Moss")
        == "somebody guessed at the password of Mary Moss"
    )
    assert noticed("guessing", "device: 9 tries", "nobody signed in") == "somebody guessed at passwords"
