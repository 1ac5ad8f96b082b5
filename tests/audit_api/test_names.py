"""Who somebody is, to this reader."""

from datetime import UTC, datetime

from audit_api.names import Names
from audit_log.people import Registered
from filter_policy.model import Role

AT = datetime(2026, 11, 24, tzinfo=UTC)
ANNA = Registered("p_anna", "anna", "Anna Akhtar", Role.PUPIL, (), AT, ("6B", "choir"))
TESS = Registered("p_tess", "tess", "Tess Taylor", Role.STAFF, (), AT)


def test_adults_are_named_and_pupils_are_of_their_class() -> None:
    names = Names({"p_anna": ANNA, "p_tess": TESS}, pupils=False)

    assert names.name("p_tess") == "Tess Taylor"
    assert names.somebody("p_anna").model_dump() == {"id": None, "name": "a pupil of 6B"}


def test_who_needs_the_name_of_a_pupil_sees_it() -> None:
    assert Names({"p_anna": ANNA}, pupils=True).somebody("p_anna").name == "Anna Akhtar"


def test_the_system_and_those_who_are_gone_have_words_of_their_own() -> None:
    names = Names({}, pupils=False)

    assert names.name("system") == "the system"
    assert names.name("p_gone") == "somebody no longer on the register"
