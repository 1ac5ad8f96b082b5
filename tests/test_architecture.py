"""The house keeps its shape: the rings hold, each module has its test, and no file grows too long."""

import re
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

from tests.documents import ROOT, committed, text_of

ROOMS = (
    "filter_lists",
    "filter_policy",
    "audit_log",
    "change_control",
    "proxy_addon",
    "audit_api",
    "schoolgate",
)
MOST_LINES = 400  # we aim for 100 and seldom pass 300
ONE_FILE = "audit_log/offline/verify_changes.py"  # a governor takes it home, and it needs no other

# What no test file names or imports, since it is tried from outside: which test drives it.
TRIED_FROM_OUTSIDE = {
    "audit_api/list_keeping.py": "tests/audit_api/test_list_tasks.py",
    "audit_api/unblock_shapes.py": "tests/audit_api/test_unblock_contracts.py",
    "schoolgate/commands/unblock_*.py": "tests/schoolgate/test_unblocks.py",
    "audit_log/migrations/*": "tests/audit_log/test_db.py",
    "audit_log/agreed_rows.py": "tests/change_control/test_corrections.py",  # and test_holds.py
    "change_control/erased_texts.py": "tests/change_control/test_erasing.py",
    "audit_log/account_tables.py": "tests/audit_log/test_db.py",
    "audit_log/change_tables.py": "tests/audit_log/test_db.py",
    "audit_log/log_tables.py": "tests/audit_log/test_db.py",
    "audit_log/table_types.py": "tests/audit_log/test_db.py",
    "audit_log/as_written.py": "tests/audit_log/test_verification.py",
    "audit_log/fault.py": "tests/audit_log/test_verification.py",
    "audit_log/row_seal.py": "tests/audit_log/test_row_verification.py",
    "filter_policy/bearing.py": "tests/filter_policy/test_decide.py",  # `decide` asks it
    "filter_policy/proof_lines.py": "tests/filter_policy/test_bundle_proof.py",
    "filter_policy/reading.py": "tests/filter_policy/test_parse.py",
    "filter_policy/yaml_lines.py": "tests/filter_policy/test_parse.py",
    "proxy_addon/*": "tests/proxy_addon/test_gate.py",  # a real gate, real sockets
}


def _modules() -> list[Path]:
    own = [path.relative_to(ROOT) for path in committed() if path.suffix == ".py"]
    return [path for path in own if path.parts[0] in ROOMS and path.name != "__init__.py"]


def test_the_import_contracts_hold() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"[1-9]\d* kept, 0 broken", done.stdout)


def test_each_module_has_a_test() -> None:
    tests = [path for path in committed() if path.name.startswith("test_")]
    left = [str(module) for module in _modules() if not _is_tested(module, tests)]
    assert not [name for name in left if not any(fnmatch(name, each) for each in TRIED_FROM_OUTSIDE)]


def test_what_is_tried_from_outside_is_there_and_so_are_its_tests() -> None:
    names = [str(module) for module in _modules()]
    assert not [each for each in TRIED_FROM_OUTSIDE if not any(fnmatch(name, each) for name in names)]
    assert not [test for test in TRIED_FROM_OUTSIDE.values() if not (ROOT / test).is_file()]


def _is_tested(module: Path, tests: list[Path]) -> bool:
    """By a test file of its room that has its name, or the first word of it (parse_access: test_parse); or by
    any test file that imports it."""
    parent, _, name = ".".join(module.with_suffix("").parts).rpartition(".")
    for path in tests:
        words = path.stem.removeprefix("test_")
        of_its_room = path.relative_to(ROOT / "tests").parts[0] == module.parts[0]
        if of_its_room and (name in words or words == name.partition("_")[0]):
            return True
        if _imports(text_of(path), parent, name):
            return True
    return False


def _imports(source: str, parent: str, name: str) -> bool:
    whole = rf"^\s*(?:from|import) {re.escape(parent)}\.{name}\b"
    part = rf"^\s*from {re.escape(parent)} import [^\n]*\b{name}\b"
    return bool(re.search(f"{whole}|{part}", source, re.MULTILINE))


def test_no_file_is_longer_than_a_person_reads() -> None:
    lengths = {path: text_of(path).count("\n") for path in committed() if path.suffix == ".py"}
    long = {str(path.relative_to(ROOT)): n for path, n in lengths.items() if n > MOST_LINES}
    assert set(long) <= {ONE_FILE}, long


def test_every_test_is_named_by_a_sentence() -> None:
    """At least three words after `test_`."""
    names = [
        (name, path.relative_to(ROOT))
        for path in committed()
        if path.name.startswith("test_")
        for name in re.findall(r"^\s*(?:async )?def (test_\w+)", text_of(path), re.MULTILINE)
    ]
    assert not [f"{path}: {name}" for name, path in names if name.count("_") < 3]


def test_nothing_is_mocked() -> None:
    mocks = re.compile(r"unittest\.mock|import mock|\bmocker\b|MagicMock")
    found = [path.relative_to(ROOT) for path in committed() if path.suffix == ".py"]
    assert [path for path in found if mocks.search(text_of(ROOT / path))] == [
        Path("tests/test_architecture.py")
    ]
