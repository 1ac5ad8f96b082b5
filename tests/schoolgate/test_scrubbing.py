"""Nothing that looks like a secret gets into what services tell."""

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolgate.scrubbing import HIDDEN, scrub, scrubbed
from tests.running import ROOT, clean_environ

CANARY = "kanarienvogel-4711"
PLANTED = f'''
import logging, sys, threading, warnings
from schoolgate.log import configure_logging
configure_logging("test", "info")
import structlog
log = structlog.get_logger()
canary = "{CANARY}"
log.info("a.b", password=canary, headers=[("Cookie", canary), (b"Authorization", canary.encode())])
log.info("a.c", url=f"https://anna:{{canary}}@bet.test/", nested={{"mail_password": [canary]}})
logging.getLogger("lib").warning("GET / Proxy-Authorization: Basic %s", canary)
logging.getLogger("lib").error("connect postgresql://sg:%s@db/x failed", canary)
warnings.warn(f"token={{canary}}")
try:
    secret_local = canary
    raise ValueError(f"bad url https://sg:{{canary}}@db")
except ValueError:
    log.exception("a.d")
thread = threading.Thread(target=lambda: [][1] or canary, name="t")
thread.start(); thread.join()
def last(password):
    raise RuntimeError(f"password={{password!r}}")
last(canary)
'''


@pytest.mark.parametrize(
    "text",
    [
        f"postgresql+psycopg://sg:{CANARY}@db.school/x",
        f"Authorization: Bearer {CANARY}",
        f"proxy-authorization: Basic {CANARY}\r\nHost: a",
        f"Cookie: schoolgate={CANARY}; b={CANARY}",
        f"(b'Set-Cookie', b'schoolgate={CANARY}')",
        f"{{'password': '{CANARY}'}}",
        f'{{"new_password": "{CANARY}"}}',
        f"old={CANARY}&new={CANARY}&again={CANARY}",
        f"csrf={CANARY}",
        f"-----BEGIN PRIVATE KEY-----\n{CANARY}\n-----END PRIVATE KEY-----",
        f"-----BEGIN EC PRIVATE KEY-----\n{CANARY}",
    ],
)
def test_a_secret_in_a_text_is_not_shown(text: str) -> None:
    assert CANARY not in scrub(text)
    assert HIDDEN in scrub(text)


@pytest.mark.parametrize(
    "text",
    [
        "gate.started",
        "bundle 0123456789abcdef refused: its proof is missing",
        "https://bet.test/odds?day=1",
        "127.0.0.1:8080",
        "renewed 14 of 20 lists",
    ],
)
def test_what_is_no_secret_is_left_as_it_is(text: str) -> None:
    assert scrub(text) == text


@pytest.mark.parametrize(
    "key",
    ["password", "mail_password", "Proxy-Authorization", "cookie", "set-cookie", "token", "csrf", "api_key",
     "client_secret", "old_password", "private_key", "enrolment_code", "totp"],
)  # fmt: skip
def test_what_stands_under_a_secrets_name_is_not_shown(key: str) -> None:
    assert scrubbed(None, "", {key: CANARY}) == {key: HIDDEN}
    assert scrubbed(None, "", {"a": [{key: CANARY}]}) == {"a": [{key: HIDDEN}]}


def test_what_is_counted_or_known_stays() -> None:
    event = {"event": "gate.started", "port": 8080, "status_code": 200, "password": None, "list": ["a", "b"]}

    assert scrubbed(None, "", dict(event)) == event


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(st.text(), inner),
)


@given(st.dictionaries(st.text(), ANYTHING))
def test_whatever_is_told_can_still_be_written(event: dict[str, object]) -> None:
    json.dumps(scrubbed(None, "", event))


def test_a_process_that_quotes_secrets_in_every_way_shows_none_of_them() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PLANTED],
        cwd=ROOT,
        env=clean_environ({"PYTHONPATH": str(ROOT)}),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    events = [json.loads(line)["event"] for line in done.stderr.splitlines()]

    assert done.returncode == 1
    assert CANARY not in done.stdout + done.stderr
    assert {"a.b", "a.c", "a.d", "thread.failed", "process.failed"} <= set(events)
    assert len(events) == 8
