"""The documents say what is there: each clause, file, test, command, route and setting they name exists."""

import re
import tomllib
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from filter_policy.model import Access, Reason, Role
from schoolgate.cli import app
from tests.documents import (
    ROOT,
    anchors,
    citations,
    clause_rows,
    commands,
    committed,
    documents,
    functions,
    links,
    text_of,
    words,
)

DOCS = ROOT / "docs"
LOCKS = ("requirements.lock", "requirements-dev.lock")


# The clauses


def test_every_clause_that_is_cited_anywhere_has_a_row() -> None:
    known = {clause for row in clause_rows() for clause in row.clauses}
    cited = {(clause, path) for path in committed() for clause in citations(path)}
    missing = sorted(f"{clause} in {path.relative_to(ROOT)}" for clause, path in cited if clause not in known)
    assert not missing


def test_no_clause_has_two_rows() -> None:
    every = [clause for row in clause_rows() for clause in row.clauses]
    assert sorted(every) == sorted(set(every))


def test_every_clause_is_quoted() -> None:
    assert not [row.clauses for row in clause_rows() if not re.search(r"\w+ \w+", row.quote)]


def test_every_file_that_a_clause_names_exists() -> None:
    assert not [row.clauses for row in clause_rows() if not row.files]
    named = {name for row in clause_rows() for name in row.files}
    assert not [name for name in sorted(named) if not (ROOT / name).exists()]


def test_every_clause_names_its_tests_or_says_why_there_is_none() -> None:
    assert not [row.clauses for row in clause_rows() if bool(row.tests) == bool(row.without_test)]


def test_every_test_that_a_clause_names_exists() -> None:
    named = {test.partition("::")[::2] for row in clause_rows() for test in row.tests}
    assert not [f"{name}::{function}" for name, function in sorted(named) if not _is_a_test(name, function)]


def _is_a_test(name: str, function: str) -> bool:
    return (ROOT / name).is_file() and function in functions(ROOT / name)


# What people are told to type


def test_every_link_leads_somewhere() -> None:
    assert not [
        f"{path.name}: {target}" for path in documents() for target in links(path) if _is_dead(path, target)
    ]


def _is_dead(page: Path, target: str) -> bool:
    name, _, anchor = target.partition("#")
    there = (page.parent / name).resolve() if name else page
    return not there.exists() or bool(anchor and anchor not in anchors(there))


def test_every_make_target_that_a_document_names_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", text_of(ROOT / "Makefile"), re.MULTILINE))
    typed = [line for path in documents() for line in commands(path)]
    assert {word for line in typed for word in re.findall(r"\bmake ([a-z]+)", line)} <= targets


def test_every_command_that_a_document_names_exists_with_its_options() -> None:
    typed = [(path.name, line) for path in documents() for line in commands(path)]
    assert not [f"{name}: {line}: {fault}" for name, line in typed for fault in _faults_of(words(line))]


def _faults_of(typed: list[str]) -> Iterator[str]:
    """What is wrong with each `schoolgate ...` of a line, and with `docker compose run --rm init ...`."""
    for i, word in enumerate(typed):
        if word == "schoolgate" or word.endswith("/schoolgate"):
            yield from _faults_of_command(typed[i + 1 :])
        elif typed[i : i + 4] == ["docker", "compose", "run", "--rm"]:
            yield from _faults_of_command(typed[i + 4 :])


def _faults_of_command(typed: list[str]) -> Iterator[str]:
    command = get_command(app)
    while typed and isinstance(command, TyperGroup) and not typed[0].startswith("-"):
        verb = typed.pop(0)
        if verb not in command.commands:
            yield f"no {verb}"
            return
        command = command.commands[verb]
    known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
    yield from (word for word in typed if word.startswith("--") and word.partition("=")[0] not in known)


def test_every_password_in_an_example_is_one_of_the_example_school() -> None:
    known = text_of(ROOT / "schoolgate/example/people.yaml")
    typed = [line for path in (ROOT / "docs/api.md", ROOT / "README.md") for line in commands(path)]
    given = {word for line in typed for word in re.findall(r'"password": "([^"]+)"', line)}
    assert given
    assert not [word for word in given if f'"{word}"' not in known]


# What must be written down somewhere


@pytest.mark.parametrize("words", [Reason, Access, Role])
def test_every_word_of_the_policy_and_the_log_is_explained(words: type[StrEnum]) -> None:
    explained = text_of(DOCS / "policy.md") + text_of(DOCS / "glossary.md") + text_of(DOCS / "api.md")
    assert not [
        word.value for word in words if f"`{word.value}`" not in explained and word.value not in explained
    ]


def test_every_setting_is_explained_to_the_technician() -> None:
    from schoolgate.settings import KEYS

    page = text_of(DOCS / "technician.md")
    assert not [key for key in KEYS if f"`{key}`" not in page]


def test_every_route_of_the_api_is_described_and_no_other() -> None:
    from audit_api.rights import RIGHTS

    known = {
        route
        for route in RIGHTS
        if route.split(" ")[1].startswith(("/api/", "/healthz", "/readyz", "/metrics"))
    }
    page = text_of(DOCS / "api.md")
    described = set(re.findall(r"`((?:GET|POST|PUT|PATCH|DELETE) /[^`?\s]*)", page))
    assert described == known


def test_every_column_and_filter_of_the_filtering_log_is_described() -> None:
    from audit_api.answers import LogRowOut
    from audit_api.filtering_log import Wanted

    filters = {str(field.alias or name) for name, field in Wanted.model_fields.items()}
    page = text_of(DOCS / "api.md")
    named = {*LogRowOut.model_fields, *filters}
    assert not [name for name in sorted(named) if f"`{name}`" not in page and f"`{name}=" not in page]


def test_every_page_of_the_console_is_described_to_its_readers() -> None:
    from audit_api.pages import MENU

    pages = "".join(text_of(DOCS / f"{who}.md") for who in ("teacher", "coordinator", "governor"))
    plain = " ".join(pages.split())
    assert not [label for href, label in MENU if href != "/" and f"**{label}**" not in plain]


def test_every_decision_is_in_the_index() -> None:
    index = text_of(DOCS / "adr/README.md")
    assert not [path.name for path in DOCS.glob("adr/0*.md") if f"({path.name})" not in index]


def test_every_document_can_be_reached_from_the_readme() -> None:
    seen, ahead = set(), [ROOT / "README.md"]
    while ahead:
        page = ahead.pop()
        seen.add(page)
        targets = [(page.parent / link.partition("#")[0]).resolve() for link in links(page)]
        ahead += [target for target in targets if target.suffix == ".md" and target not in seen]
    assert not [str(path.relative_to(ROOT)) for path in documents() if path not in seen]


def test_the_changelog_knows_this_version() -> None:
    version = tomllib.loads(text_of(ROOT / "pyproject.toml"))["project"]["version"]
    assert re.search(rf"^## \[?{re.escape(version)}\b", text_of(ROOT / "CHANGELOG.md"), re.MULTILINE)


# What must not be written anywhere


def test_no_file_names_a_package_registry() -> None:
    hosts = (
        "pypi." + "org",
        "pythonhosted." + "org",
        "npmjs." + "org",
        "npmjs." + "com",
        "deb.debian." + "org",
    )
    _assert_nowhere(
        re.compile("|".join(re.escape(host) for host in (*hosts, "docker." + "io", "ghcr." + "io")))
    )


def test_no_file_names_a_path_of_the_machine_that_it_was_written_on() -> None:
    _assert_nowhere(re.compile(r"(?<![\w./-])/(?:work" + r"|root|home/\w+)/"))


def test_the_words_of_the_trade_are_in_the_glossary_alone() -> None:
    trade = re.compile("white" + "list|black" + "list", re.IGNORECASE)
    found = [path for path in documents() if trade.search(text_of(path))]
    assert found == [DOCS / "glossary.md"]


def _assert_nowhere(pattern: re.Pattern[str]) -> None:
    found = {
        str(path.relative_to(ROOT)): match[0]
        for path in committed()
        if path.name not in LOCKS and (match := pattern.search(text_of(path)))
    }
    assert not found
