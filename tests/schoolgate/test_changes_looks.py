"""`schoolgate changes seen`, `review` and `reviews`: a governor signs from her own machine."""

import base64
import hashlib
import json

from tests.running import Demo, eventually
from tests.schoolgate.conftest import Session


def test_a_governor_signs_what_she_has_seen_and_reviewed(demo: Demo, session: Session) -> None:
    gordon = session("gordon")
    size = json.loads(demo.cli("changes", "verify", "--json", session=gordon).stdout)["entries"]
    seen = demo.cli("changes", "seen", str(size), "--json", session=gordon)
    assert (json.loads(seen.stdout)["size"], seen.returncode) == (size, 0)

    done = demo.cli("changes", "review", str(size), "--note", "every reason read", session=gordon)
    assert f"reviewed up to entry {size}" in done.stderr
    told = demo.cli("changes", "reviews", session=gordon)
    assert "every reason read" in told.stdout
    assert "that no governor has read; due by" in told.stderr
    found = json.loads(demo.cli("changes", "reviews", "--json", session=gordon).stdout)
    assert (found["due"]["overdue"], found["rows"][0]["size"]) == (False, size)


def test_a_number_that_was_never_signed_is_refused_with_the_reason(demo: Demo, session: Session) -> None:
    done = demo.cli("changes", "seen", "999999", session=session("gordon"))

    assert done.returncode == 1
    assert "the change log has" in done.stderr


def test_a_school_that_runs_has_a_checkpoint_in_its_folder(demo: Demo) -> None:
    folder = demo.state / "checkpoints"
    one = eventually(lambda: sorted(folder.glob("checkpoint-*.txt")), bool)[0]
    assert one.read_text().startswith("schoolgate/change-log\n")


def test_the_key_for_the_sheet_in_the_safe_is_printed_with_its_fingerprint(
    demo: Demo, session: Session
) -> None:
    gordon = session("gordon")
    told = json.loads(demo.cli("changes", "key", "--json", session=gordon).stdout)
    raw = base64.b64decode(told["public_key"])

    assert told["fingerprint"] == hashlib.sha256(raw).hexdigest()
    printed = demo.cli("changes", "key", session=gordon).stdout
    assert told["public_key"] in printed
    assert told["fingerprint"] in printed
