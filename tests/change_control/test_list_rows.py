"""What the row of the lists says: counts and hashes, and nothing that anybody could read out."""

from change_control.list_rows import Step, excepted, facts, opened
from change_control.policies import sha256_of
from filter_lists.index import Index
from tests.builders import a_policy
from tests.change_control.listed import LISTS, Listed
from tests.change_control.school import refused, row_of

BUT = "  but: {{category: {}, format: plain, source: learn.txt, exceptions: true}}\n"


def test_the_row_tells_of_each_list_its_version_and_how_much_there_is(listed: Listed) -> None:
    row = row_of(listed.desk, listed.agreed.id)

    assert [(each["list_id"], each["entries"], each["categories"]) for each in row["payload"]["lists"]] == [
        ("abuse", 4, {"child-sexual-abuse": 4}),
        ("bets", 100, {"gambling": 100}),
        ("learn", 40, {"education": 40}),
        ("porn", 10, {"pornography": 10}),
    ]
    assert all(len(each["sha256"]) == 64 for each in row["payload"]["lists"])
    assert ".test" not in repr(row["payload"])


def test_all_of_the_row_is_sealed_and_of_the_text_its_hash(listed: Listed) -> None:
    row = row_of(listed.desk, listed.agreed.id)
    told = facts(row)

    assert told.keys() == row["payload"].keys() - {"config"} | {"config_sha256", "loosening"}
    assert (told["config_sha256"], told["loosening"]) == (sha256_of(LISTS), False)


def test_the_first_lists_have_nothing_before_them() -> None:
    index = Index.in_memory({"bet.test": [("gambling", "bets")]})
    payload = Step("founding", "", index).payload

    assert (payload["base"], payload["base_id"], payload["agreement"], payload["is_agreed"]) == (
        *(None, None, None),
        False,
    )


def test_exceptions_in_what_is_illegal_are_found_by_category(listed: Listed) -> None:
    policy = a_policy()
    for category, found in (("child-sexual-abuse", ["child-sexual-abuse"]), ("gambling", [])):
        built = listed.build({}, LISTS + BUT.format(category)).generation or ""
        assert excepted(policy, listed.index(built)) == found


def test_lists_that_are_not_there_are_refused_by_the_beginning_of_their_name(listed: Listed) -> None:
    error = refused("refused", lambda: opened(listed.desk, "0" * 64))

    assert "the lists 000000000000 are missing or damaged" in error.says
