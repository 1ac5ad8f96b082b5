"""What the school says of incidents is read whole, or refused with every fault."""

import pytest

from filter_policy.model import Incidents, RepeatedBlocks
from filter_policy.parse import PolicyError, parse_policy
from tests.builders import POLICY

WHOLE = """\
incidents:
  report_minutes: 30
  repeated_blocks: {times: 5, minutes: 60}
  tasks: {parents: 2, local-authority: 5}
  letters: {parents: "Dear parents, something happened."}
  webhook: https://cases.test/hook
  sanctions: {A433: [a talk, a letter home, a talk]}
"""


def test_all_that_the_school_says_of_incidents_is_read() -> None:
    assert parse_policy(POLICY + WHOLE).incidents == Incidents(
        report_minutes=30,
        repeated_blocks=RepeatedBlocks(5, 60),
        tasks={"parents": 2, "local-authority": 5},
        letters={"parents": "Dear parents, something happened."},
        webhook="https://cases.test/hook",
        sanctions={"A433": ("a talk", "a letter home")},
    )


def test_a_school_that_says_nothing_has_what_is_usual() -> None:
    usual = Incidents()
    assert parse_policy(POLICY).incidents == parse_policy(f"{POLICY}incidents:\n").incidents == usual
    assert (usual.report_minutes, usual.repeated_blocks, usual.webhook) == (60, RepeatedBlocks(20, 10), "")


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("report_minutes: 0", "incidents.report_minutes: needs a whole number from 1 to 1440, not 0"),
        ("repeated_blocks: {times: 1}", "times: needs a whole number from 2 to 10000, not 1"),
        ("repeated_blocks: {minutes: 1441}", "minutes: needs a whole number from 1 to 1440, not 1441"),
        ("repeated_blocks: {hours: 1}", "hours: no such word; allowed: times, minutes"),
        ("tasks: {parents: 0}", "tasks.parents: needs a whole number from 1 to 366, not 0"),
        ("tasks: {The Parents: 1}", "needs small letters, digits and -, not 'The Parents'"),
        ("letters: {parents: 7}", "letters.parents: needs words, not 7"),
        (f"letters: {{parents: {'a' * 5001}}}", "letters.parents: has 5001 characters; 5000 at most"),
        ("webhook: http://a.test/", "webhook: needs an address that begins with https://, without a password"
         " in it"),
        ("webhook: https://a:b@cases.test/", "https://, without a password in it"),
        ("webhook: https://", "https://, without a password in it"),
        ("sanctions: {C1: [x]}", "needs a line of the written policy, like A433, not 'C1'"),
        ("sanctions: {A1: []}", "sanctions.A1: needs at least one sanction"),
        (f"sanctions: {{A1: [{'a' * 201}]}}", "sanctions.A1.0: has 201 characters; 200 at most"),
        (f"sanctions: {{A1: [{', '.join('abcdefghijklmnopqrstu')}]}}", "has 21 sanctions; 20 at most"),
        ("tasks: {" + ", ".join(f"a{i}: 1" for i in range(61)) + "}", "tasks: has 61 rows; 60 at most"),
        ("sooner: 1", "incidents.sooner: no such word; allowed: report_minutes, repeated_blocks, tasks,"
         " letters, webhook, sanctions"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_and_said(row: str, says: str) -> None:
    with pytest.raises(PolicyError) as caught:
        parse_policy(f"{POLICY}incidents: {{{row}}}\n")
    (fault,) = caught.value.faults
    assert fault.endswith(says)
