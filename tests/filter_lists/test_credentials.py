"""What opens a provider's door is read from a file of its own, and shown nowhere."""

from pathlib import Path

import pytest

from filter_lists.credentials import Credentials, CredentialsFault, read_credentials
from filter_lists.names import parse_url

GOOD = "https://lists.example\nAuthorization: Bearer eleven-grey-owls\n"


def a_file(state: Path, content: str | bytes, mode: int = 0o600) -> Path:
    path = state / "keys" / "lists-iwf"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(mode)
    return state


def test_two_lines_are_the_server_and_the_header(tmp_path: Path) -> None:
    found = read_credentials(a_file(tmp_path, GOOD), "iwf")
    assert found == Credentials(("https", "lists.example", 443), "Authorization", "Bearer eleven-grey-owls")
    assert "owls" not in repr(found)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://lists.example/list", True),
        ("https://lists.example:8443/list", False),
        ("http://lists.example/list", False),
        ("https://other.example/list", False),
        ("https://www.lists.example/list", False),
    ],
)
def test_they_go_to_that_server_alone(tmp_path: Path, url: str, told: bool) -> None:
    found = read_credentials(a_file(tmp_path, GOOD), "iwf")
    assert bool(found.headers_for(parse_url(url))) is told


@pytest.mark.parametrize(
    "content",
    [
        "",
        "https://lists.example\n",
        "Authorization: Bearer eleven-grey-owls\n",
        "http://lists.example\nAuthorization: Bearer eleven-grey-owls\n",
        GOOD + "more\n",
        "https://lists.example\nBearer eleven-grey-owls\n",
        "https://lists.example\nAuthorization: Bearer\x01eleven-grey-owls\n",
        "https://lists.example\nAuthorization: Bearer eleven-grey-öwls\n",
        b"\xff\xfe",
    ],
)
def test_a_file_that_is_not_so_is_refused_and_not_repeated(tmp_path: Path, content: str | bytes) -> None:
    with pytest.raises(CredentialsFault, match="lists-iwf") as caught:
        read_credentials(a_file(tmp_path, content), "iwf")
    assert "grey" not in str(caught.value)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(CredentialsFault, match="can be read by others"):
        read_credentials(a_file(tmp_path, GOOD, mode), "iwf")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CredentialsFault, match=r"keys/lists-iwf cannot be read"):
        read_credentials(tmp_path, "iwf")
