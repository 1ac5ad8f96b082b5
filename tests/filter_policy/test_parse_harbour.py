"""Places of help are whole hosts with a name and a reason; everything else is refused, with its line."""

import pytest

from filter_lists.names import Site
from filter_policy.model_help import SafeHarbour
from filter_policy.parse import PolicyError, parse_policy
from tests.builders import POLICY


def faults(rows: str) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        parse_policy(f"{POLICY}safe_harbour:\n{rows}")
    return [fault.partition(": ")[2] for fault in caught.value.faults]


def test_a_place_of_help_has_a_name_and_may_have_a_telephone() -> None:
    text = (
        '  - {site: "*.Help.TEST.", name: Helpline, telephone: "0800 1111", reason: S128}\n'
        "  - {site: talk.test, name: Talk, reason: S54}\n"
    )
    assert parse_policy(f"{POLICY}safe_harbour:\n{text}").safe_harbour == (
        SafeHarbour(Site("help.test"), "Helpline", "0800 1111", "S128"),
        SafeHarbour(Site("talk.test"), "Talk", "", "S54"),
    )


def test_a_policy_that_names_no_place_of_help_has_none() -> None:
    assert parse_policy(POLICY).safe_harbour == ()


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("site: uk, name: A, reason: b", "this is not one site but the ending of many"),
        ("site: a.test/help, name: A, reason: b", "a whole host is needed, without a path"),
        ("site: 192.0.2.1, name: A, reason: b", "needs a name, not the address of a machine"),
        ("site: 192.0.2.0/24, name: A, reason: b", "a range of addresses is not a site"),
        ("site: 7, name: A, reason: b", "needs words, not 7"),
        ("name: A, reason: b", "site: is missing"),
        ("site: a.test, reason: b", "name: is missing"),
        ("site: a.test, name: A", "reason: is missing"),
        ("site: a.test, name: A, reason: b, telephone: 116123", "telephone: needs words, not 116123"),
        ("site: a.test, name: A, reason: b, path: /", "no such word; allowed: site, name, telephone, reason"),
        (f"site: a.test, name: {'a' * 61}, reason: b", "has 61 characters; 60 at most"),
        (f"site: a.test, name: a, telephone: {'a' * 41}, reason: b", "has 41 characters; 40 at most"),
    ],
)
def test_what_is_no_place_of_help_is_refused_and_said(row: str, says: str) -> None:
    (fault,) = faults(f"  - {{{row}}}\n")
    assert fault.startswith("safe_harbour.0")
    assert fault.endswith(says)


def test_a_place_of_help_stands_once_and_there_are_fifty_at_most() -> None:
    row = "  - {site: a.test, name: A, reason: b}\n"
    assert faults(row + row) == ["safe_harbour.1.site: a.test stands twice"]
    many = "".join(f"  - {{site: a{i}.test, name: A, reason: b}}\n" for i in range(51))
    assert faults(many) == ["safe_harbour: has 51 rows; 50 at most"]
