"""Reviews and the envelope as a governor reads them, and what of them is in no repr."""

from typing import Any

import pytest

from audit_api.names import Names
from audit_api.review_sentences import TELL
from audit_api.review_shapes import ApproveWithIn, CodeIn, CodeOut, EnvelopeProposalOut
from tests.audit_api.school import School


def test_making_an_envelope_is_told_from_its_beginning_to_its_end(school: School) -> None:
    url = "/api/v1/break-glass/proposals"
    for username, verb in (("hedy", "approve"), ("hedy", "decline"), ("terry", "withdraw")):
        made = school.as_("terry").post(url, json={"reason": "for the safe"}).json()
        school.as_(username).post(f"{url}/{made['id']}/{verb}", json={"reason": "so it is"})
    rows = school.as_("gail").get("/api/v1/changes", params={"limit": 6}).json()["rows"]

    assert [row["says"] for row in reversed(rows)] == [
        "Terry Tyler (technician) wants to make a new sealed envelope.",
        "Hedy Hill (headteacher) and Terry Tyler (technician) made a sealed envelope."
        " An older one works no more.",
        "Terry Tyler (technician) wants to make a new sealed envelope.",
        "Hedy Hill (headteacher) said no to the sealed envelope that"
        " Terry Tyler (technician) wanted to make.",
        "Terry Tyler (technician) wants to make a new sealed envelope.",
        "Terry Tyler (technician) makes no new sealed envelope after all.",
    ]


def test_every_act_on_an_envelope_has_a_sentence() -> None:
    acts = ("propose", "approve", "decline", "withdraw", "lapse", "use")
    assert set(TELL) == {"review:sign", *(f"break-glass:{act}" for act in acts)}


def test_the_envelope_has_a_name_of_its_own() -> None:
    assert Names({}, pupils=False).name("break-glass") == "the sealed envelope"


@pytest.mark.parametrize(
    "shape",
    [
        ApproveWithIn(reason="r", proposal="p", code="SECRET"),
        CodeIn(reason="r", username="cora", code="SECRET"),
        CodeOut(username="cora", code="SECRET"),
        EnvelopeProposalOut.model_construct(id="x", half="SECRET"),
    ],
)
def test_no_code_is_in_the_repr_of_what_carries_it(shape: Any) -> None:
    assert "SECRET" not in repr(shape)
    assert "SECRET" in shape.model_dump_json()
