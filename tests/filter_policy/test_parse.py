"""A policy is read whole or refused whole, every fault with its line."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filter_policy.model import Access, Rule
from filter_policy.parse import SECTIONS, PolicyError, parse_policy
from tests.builders import POLICY


def faults(text: str) -> list[str]:
    with pytest.raises(PolicyError) as error:
        parse_policy(text)
    return error.value.faults


def test_the_table_becomes_rules() -> None:
    policy = parse_policy(POLICY)

    assert policy.access["games-educational"].rules["pupils"] == Rule(Access.AT_CERTAIN_TIMES, ("lunch",))
    assert policy.access["pornography"].locked
    assert policy.access["child-sexual-abuse"].illegal
    assert policy.filter_groups["upper-ks2"].kind == "pupils"
    assert policy.filter_groups["unidentified"].kind is None


def test_a_cell_that_nobody_filled_in_is_named() -> None:
    assert "access.video: unidentified" in parse_policy(POLICY).undecided


def test_ten_faults_give_ten_messages_each_with_its_line() -> None:
    text = (
        POLICY.replace("Europe/London", "Europe/Lodnon")
        .replace("[2026-09-02, 2026-10-23]", "[2026-10-23, 2026-09-02]")
        .replace('from: "10:30"', "from: 10:30")
        .replace("except: [break, lunch]", "except: [brake, lunch]")
        .replace("unlisted: with_staff_permission", "unlisted: maybe")
        .replace(
            "  gambling:           {source: A363, everyone: not_allowed}", "  gambling: {everyone: no_way}"
        )
        .replace("at_certain_times: [lunch]", "at_certain_times: [lnuch]")
        .replace("filter_group: reception-ks1", "filter_group: infants")
        .replace("longest_days: 42", "longest_days: 9000")
        .replace("reason: reviewed", "reason: ''")
    )

    found = faults(text)

    assert len(found) == 10
    assert all(fault.startswith("policy.yaml:") and int(fault.split(":")[1]) > 1 for fault in found)
    gambling = next(fault for fault in found if "access.gambling" in fault)
    assert gambling.startswith(f"policy.yaml:{text.split('no_way')[0].count(chr(10)) + 1}:")
    assert "'no_way'" in gambling
    assert "not_allowed" in gambling


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("everyone: illegal", "everyone: illegal, staff: allowed", "illegal"),
        ("  gambling:", "  education:", "twice"),
        ("connect_ports: [443]", "connect_ports: [70000]", "65535"),
        ("allow: []", "allow: [10.0.0.0/8]", "one address and port"),
        ("allow: []", "allow: [server.example:443]", "one address and port"),
        ("127.20.0.0/16", "127.20.0.1/16", "range"),
        ("school:\n", "scool: {}\nschool:\n", "no such word"),
        ("  staff:         {role: staff", "  everyone: {role: staff", "stands for a kind"),
        ("  guests:        {role: guest", "  pupils: {role: guest", "stands for a kind"),
        ("  guests:        {role: guest", "  earlier: {role: guest", "an earlier version"),
        ("selected_users: [communications]", "selected_users: [nobody]", "nobody"),
        ("{allow: [www.gov.uk, bbc.example/bitesize], for", "{allow: ['a b'], for", "not a host"),
        (
            "{allow: [www.gov.uk, bbc.example/bitesize], for",
            "{allow: [x.test], block: [x.test], for",
            "either",
        ),
        ("locked: true", "locked: 'yes'", "true or false"),
        ("locked: true", "locked: !!bool yes", "tags"),
        (
            'lunch:   {days: [mon, tue, wed, thu, fri], from: "12:00"',
            'lunch: {days: [mon], from: "1200Z"',
            "in quotes",
        ),
        ("[2026-11-02, 2026-12-18]", "[2026-11-02T00:00:00, 2026-12-18T00:00:00]", "first and last day"),
        ("[2026-11-02, 2026-12-18]", "[2026-11-02T00:00:00Z, 2026-12-18]", "first and last day"),
        ("{allow: [www.gov.uk, bbc.example/bitesize], for", "{allow: [ac.uk], for", "ending of many"),
        ("{allow: [www.gov.uk, bbc.example/bitesize], for", "{block: [10.0.0.0/8], for", "range"),
        ("timezone: Europe/London", "timezone: ../../etc/passwd", "no such time zone"),
    ],
)
def test_what_cannot_be_meant_is_refused(old: str, new: str, word: str) -> None:
    assert old in POLICY
    assert any(word in fault for fault in faults(POLICY.replace(old, new)))


@pytest.mark.parametrize(
    "text", ["", "[]", "a: [", "- &a [1]\n- *a", "!!python/object:os.system {}", "\0", "1"]
)
def test_what_is_not_a_policy_at_all_is_refused_with_a_line(text: str) -> None:
    assert all(fault.startswith("policy.yaml:") for fault in faults(text))


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_policy_with_any_line_lost_or_bent_is_whole_or_refused(data: st.DataObject) -> None:
    lines = POLICY.splitlines()
    at = data.draw(st.integers(0, len(lines) - 1))
    lines[at] = data.draw(
        st.sampled_from(["", lines[at][::-1], lines[at] + "x", "  " + lines[at], lines[at][:-2]])
    )
    try:
        policy = parse_policy("\n".join(lines))
    except PolicyError as error:
        assert error.faults
    else:
        assert policy.filter_groups


def instead(section: str, words: str) -> str:
    """The policy with these words in place of that section, at its end."""
    kept, within = [], False
    for line in POLICY.splitlines():
        within = line.startswith(section + ":") or (within and line.startswith(" "))
        kept += [] if within else [line]
    return "\n".join([*kept, words, ""])


LIST, ROWS, WORDS = "a list", "rows of its own", "words"
LISTED = ("networks", "connect_ports", "checks", "passthrough", "carriers", "terms", "safe_harbour", "sites")


@pytest.mark.parametrize("section", SECTIONS)
def test_a_section_that_is_a_number_is_told_by_its_name_and_line(section: str) -> None:
    text = instead(section, f"{section}: 7")

    needs = LIST if section in LISTED else ROWS
    line = len(text.splitlines())
    assert f"policy.yaml:{line}: {section}: needs {needs}, not 7" in faults(text)


@pytest.mark.parametrize(
    ("section", "row", "needs"),
    [
        ("timetable", "terms", LIST),
        ("timetable", "periods", ROWS),
        ("access", "education", ROWS),
        ("selected_users", "communications", LIST),
        ("egress", "allow", LIST),
        ("record", "pupils", ROWS),
        ("notify", "governor", LIST),
        ("safe_search", "rules", LIST),
    ],
)
def test_a_row_that_is_a_number_is_told_by_its_name_and_line(section: str, row: str, needs: str) -> None:
    text = instead(section, f"{section}:\n  {row}: 7")

    line = len(text.splitlines())
    assert f"policy.yaml:{line}: {section}.{row}: needs {needs}, not 7" in faults(text)


@pytest.mark.parametrize("section", ["networks", "checks", "passthrough", "terms", "sites"])
def test_a_number_in_a_list_of_rows_is_told_by_its_place(section: str) -> None:
    text = instead(section, f"{section}:\n  - 7")

    line = len(text.splitlines())
    assert f"policy.yaml:{line}: {section}.0: needs rows of its own, not 7" in faults(text)


@pytest.mark.parametrize(
    ("words", "path", "needs"),
    [
        ("timetable: {periods: {lunch: 7}}", "timetable.periods.lunch", ROWS),
        ("timetable: {periods: {lunch: {days: 7}}}", "timetable.periods.lunch.days", LIST),
        ("timetable: {periods: {lunch: {except: 7}}}", "timetable.periods.lunch.except", LIST),
        ("filter_groups: {staff: 7}", "filter_groups.staff", ROWS),
        ("access: {a: {everyone: {at_certain_times: 7}}}", "access.a.everyone.at_certain_times", LIST),
        ("networks: [{addresses: 7}]", "networks.0.addresses", WORDS),
        ("checks: [{see: 7}]", "checks.0.see", LIST),
        ("checks: [{not: [7]}]", "checks.0.not.0", WORDS),
        ("checks: [{not: [], why: 7}]", "checks.0.why", WORDS),
        ("passthrough: [{sites: 7}]", "passthrough.0.sites", LIST),
        ("passthrough: [{categories: 7}]", "passthrough.0.categories", LIST),
        ("passthrough: [{categories: [7]}]", "passthrough.0.categories.0", WORDS),
        ("passthrough: [{for: [7]}]", "passthrough.0.for.0", WORDS),
        ("passthrough: [{reason: 7}]", "passthrough.0.reason", WORDS),
        ("safe_search: {for: [7]}", "safe_search.for.0", WORDS),
        ("safe_search: {rules: [7]}", "safe_search.rules.0", ROWS),
        ("safe_search: {rules: [{sites: 7}]}", "safe_search.rules.0.sites", LIST),
        ("safe_search: {rules: [{parameters: 7}]}", "safe_search.rules.0.parameters", ROWS),
        ("safe_search: {rules: [{fields: 7}]}", "safe_search.rules.0.fields", ROWS),
        ("safe_search: {rules: [{fields: {X-A: 7}}]}", "safe_search.rules.0.fields.X-A", WORDS),
        ("terms: [{block: 7}]", "terms.0.block", LIST),
        ("terms: [{block: [7]}]", "terms.0.block.0", WORDS),
        ("terms: [{for: [7]}]", "terms.0.for.0", WORDS),
        ("terms: [{reason: 7}]", "terms.0.reason", WORDS),
        ("notify: {governor: [7]}", "notify.governor.0", WORDS),
        ("egress: {allow: [7]}", "egress.allow.0", WORDS),
        ("sites: [{allow: 7}]", "sites.0.allow", LIST),
        ("sites: [{block: [7]}]", "sites.0.block.0", WORDS),
        ("sites: [{block: [], for: [7]}]", "sites.0.for.0", WORDS),
        ("sites: [{block: [], reason: 7}]", "sites.0.reason", WORDS),
    ],
)
def test_a_number_anywhere_within_is_told_by_its_place(words: str, path: str, needs: str) -> None:
    text = instead(words.partition(":")[0], words)

    line = len(text.splitlines())
    assert f"policy.yaml:{line}: {path}: needs {needs}, not 7" in faults(text)


@pytest.mark.parametrize("section", ["school", "filter_groups", "access"])
def test_what_no_policy_can_do_without_is_told(section: str) -> None:
    text = instead(section, "")

    assert f"policy.yaml:1: {section}: is missing" in faults(text)


@pytest.mark.parametrize("section", sorted(set(SECTIONS) - {"school", "filter_groups", "access"}))
def test_every_other_section_may_be_left_out(section: str) -> None:
    try:
        parse_policy(instead(section, ""))
    except PolicyError as error:  # words elsewhere that stand in it
        assert not [fault for fault in error.faults if "is missing" in fault]
