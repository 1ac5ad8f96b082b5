"""Nobody in particular: each set of groups of a class once."""

from datetime import timedelta

from audit_api.unblock_typical import in_words, typical
from filter_policy.bundle import Account, Bundle
from filter_policy.model import Person, Role
from filter_policy.unblocking import Whom
from tests.builders import NOON, a_person, a_policy, a_teacher


def bundle(*people: Person) -> Bundle:
    return Bundle(a_policy(), "", "", {each.username: Account(each) for each in people})


def told(of: Bundle, whom: Whom) -> list[str]:
    return [each.who for each in typical(of, whom, NOON)]


SIX_B = Whom(classes=frozenset({"6B"}))
PUPILS = [a_person(name, classes=("6B", "chess")) for name in ("anna", "ben", "cleo")]


def test_a_class_of_many_alike_is_one_and_names_nobody() -> None:
    (found,) = typical(bundle(*PUPILS), SIX_B, NOON)

    assert (found.who, found.person.id, found.person.username) == ("pupils of 6B (upper-ks2)", "typical", "")
    assert found.person.classes == ("6B",)


def test_other_groups_and_the_teacher_come_apart_and_pupils_first() -> None:
    other = a_person("dan", ("lower-ks2", "upper-ks2"), classes=("6B",))
    found = told(bundle(a_teacher(classes=("6B",)), other, *PUPILS), SIX_B)

    assert found == [
        "pupils of 6B (lower-ks2, upper-ks2)",
        "pupils of 6B (upper-ks2)",
        "members of staff of 6B (staff)",
    ]


def test_who_has_left_is_not_asked() -> None:
    gone = a_person("dan", ("lower-ks2",), classes=("6B",), ends_at=NOON - timedelta(days=1))

    assert told(bundle(gone, *PUPILS), SIX_B) == ["pupils of 6B (upper-ks2)"]


def test_a_group_of_devices_is_asked_too() -> None:
    assert told(bundle(), Whom(filter_groups=frozenset({"unidentified"}))) == ["devices (unidentified)"]


def test_every_role_has_a_word_of_many() -> None:
    words = [in_words(role, ["g"], []) for role in (Role.GUEST, Role.HEADTEACHER, Role.STAFF)]

    assert words == ["guests (g)", "headteachers (g)", "members of staff (g)"]
