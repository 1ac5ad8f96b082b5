"""What every kind of proposal has in common: who sees it, and that one kind is not another."""

from tests.audit_api.school import School, problem_of
from tests.audit_api.test_unblocks import URL, act, asked


def test_staff_see_their_own_and_nobody_elses(school: School) -> None:
    made, other = asked(school.as_("tess")), asked(school.as_("sam"))
    own = school.as_("tess").get(URL).json()["rows"]

    assert [each["id"] for each in own] == [made["id"]]
    problem_of(school.as_("tess").get(f"{URL}/{other['id']}"), 404, "not-found")
    problem_of(act(school.as_("tess"), other["id"], "withdraw"), 404, "not-found")
    assert len(school.as_("gail").get(URL).json()["rows"]) == 2


def test_a_proposal_of_another_kind_is_no_unblock(school: School) -> None:
    policy = school.as_("terry").get("/api/v1/policy/proposals").json()["rows"][0]

    problem_of(school.as_("terry").get(f"{URL}/{policy['id']}"), 404, "not-found")
    problem_of(act(school.as_("terry"), policy["id"], "revoke"), 404, "not-found")
