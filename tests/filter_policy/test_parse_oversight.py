"""Who looks after the filter itself, as the school wrote it down."""

import pytest

from filter_lists.names import parse_site
from filter_policy.model import Check, Reviews, Verdict
from filter_policy.parse import PolicyError, parse_policy
from tests.builders import POLICY


def faults(text: str) -> list[str]:
    with pytest.raises(PolicyError) as error:
        parse_policy(POLICY + text)
    return error.value.faults


def test_a_policy_that_says_nothing_of_it_has_the_usual_times_tells_nobody_and_expects_nothing() -> None:
    policy = parse_policy(POLICY)

    assert policy.reviews == Reviews(tightening_days=7, break_glass_days=2, change_log_days=92)
    assert policy.notify == {}
    assert policy.checks == ()


def test_the_school_says_how_soon_others_look_and_who_is_told() -> None:
    twice = "chair@school.example, chair@school.example"
    told = f"notify: {{governor: [{twice}], headteacher: [head@school.example]}}\n"
    policy = parse_policy(f"{POLICY}reviews: {{tightening_days: 3, change_log_days: 31}}\n{told}")

    assert policy.reviews == Reviews(3, 2, 31)
    assert policy.notify == {"governor": ("chair@school.example",), "headteacher": ("head@school.example",)}


@pytest.mark.parametrize(
    "address", ["chair", "a@b c", "'a@b\\r\\nBcc: x@y.example'", "'@school.example'", "3"]
)
def test_what_is_no_mail_address_is_refused_with_its_line(address: str) -> None:
    (found,) = faults(f"notify: {{governor: [{address}]}}\n")

    assert "notify.governor.0" in found


def test_every_wrong_word_is_named_at_once() -> None:
    found = faults("reviews: {tightening_days: 0, weeks: 3}\nnotify: {pupils: [a@school.example]}\n")

    assert len(found) == 3
    assert "needs a whole number from 1 to 366" in "".join(found)
    assert "allowed: governor, headteacher, coordinator" in "".join(found)


def test_a_check_says_which_group_must_see_a_site_or_must_not() -> None:
    rows = "checks:\n  - {see: [bbc.co.uk/bitesize], group: upper-ks2, during: lessons, why: homework}\n"
    rows += "  - {not: [bet.example], group: staff, why: S116}\n"
    policy = parse_policy(POLICY + rows)

    bitesize = Check(parse_site("bbc.co.uk/bitesize"), Verdict.ALLOW, "upper-ks2", "lessons", "homework")
    assert policy.checks == (bitesize, Check(parse_site("bet.example"), Verdict.BLOCK, "staff", None, "S116"))


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("{group: staff, why: x}", "needs either see or not"),
        ("{see: [a.example], not: [a.example], group: staff, why: x}", "needs either see or not"),
        ("{see: [a.example], group: nobody, why: x}", "is not known; allowed:"),
        ("{see: [a.example], group: staff, during: never, why: x}", "is not known; allowed:"),
        ("{see: [a.example], group: staff}", "checks.0.why: is missing"),
        ("{see: ['10.0.0.0/8'], group: staff, why: x}", "a range of addresses is not a site"),
        ("{see: ['http://['], group: staff, why: x}", "checks.0.see.0"),
    ],
)
def test_a_check_that_is_not_understood_is_refused_with_its_line(row: str, says: str) -> None:
    (found,) = faults(f"checks:\n  - {row}\n")

    assert says in found
    assert found.startswith("policy.yaml:")


def test_a_policy_checks_two_hundred_sites_at_most_however_its_rows_share_them() -> None:
    def rows(*sizes: int) -> str:
        sites = [", ".join(f"s{n}.example" for n in range(size)) for size in sizes]
        return "checks:\n" + "".join(f"  - {{see: [{each}], group: staff, why: x}}\n" for each in sites)

    assert len(parse_policy(POLICY + rows(150, 50)).checks) == 200
    (found,) = faults(rows(150, 50, 1))
    assert "name 201 sites; at most 200 are checked" in found
