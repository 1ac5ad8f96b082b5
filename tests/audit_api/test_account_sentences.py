"""Second factors and tokens are told in words."""

from audit_api.account_sentences import SCOPE_WORDS
from change_control.tokens import SCOPES
from tests.audit_api.test_sentences import told


def test_every_scope_is_told_in_words() -> None:
    assert set(SCOPE_WORDS) == set(SCOPES)


def test_a_token_is_told_with_what_it_may_until_when_and_from_where() -> None:
    detail = {"scopes": ["changes:read", "metrics"], "ends_at": "2027-01-01T12:00:00.000000Z", "addresses": 1}
    says = told("token:create", detail)

    assert "made a token for a program, to read the change log and watch whether the filter works" in says
    assert "1 January 2027" in says
    assert says.endswith("from 1 network alone.")


def test_whose_token_was_revoked_is_told() -> None:
    assert told("token:revoke", {"person": "p_tess"}).endswith("revoked a token of Tess Taylor.")
    assert told("token:revoke", {"person": "p_terry"}, "p_terry").endswith("revoked a token of their own.")


def test_a_second_factor_that_a_code_cleared_is_told() -> None:
    assert "second factor was cleared" in told("person:enrol", {"second_factor": "cleared"})
    assert "second factor" not in told("person:enrol", {})
