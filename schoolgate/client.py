"""The command line as a client of the API: what changes something is done by the person who signed in."""

import json
import os
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from schoolgate.telling import Failed

TIMEOUT = 30.0
LONGEST_SILENCE = 300.0  # seconds: a large log is counted before its first row comes


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What `schoolgate login` leaves behind, in a file that only its owner can read."""

    api: str
    username: str
    token: str = field(repr=False)
    ca: str = ""  # the file with the school's CA, where the API is reached by TLS


def session_file(environ: Mapping[str, str] = os.environ) -> Path:
    if given := environ.get("SCHOOLGATE_SESSION_FILE"):
        return Path(given)
    home = environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(home) / "schoolgate" / "session.json"


def save_session(signed_in: SignedIn) -> Path:
    path = session_file()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.unlink(missing_ok=True)  # an older one may have been readable by others
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(asdict(signed_in), file)
    return path


def saved_session() -> SignedIn:
    """Raises Failed when nobody is signed in here."""
    try:
        return SignedIn(**json.loads(session_file().read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise Failed("Nobody is signed in here. First: schoolgate login") from None
    except (OSError, ValueError, TypeError) as error:
        raise Failed(f"{session_file()} cannot be read ({error}). Sign in anew: schoolgate login") from None


def forget_session() -> None:
    session_file().unlink(missing_ok=True)


def signed_in_api() -> "Api":
    session = saved_session()
    return Api(session.api, session.token, Path(session.ca) if session.ca else None)


class Refused(Failed):
    """The API said no; `slug` is the last part of its problem type."""

    def __init__(self, *lines: str, slug: str = "") -> None:
        super().__init__(*lines)
        self.slug = slug


class Api:
    """One school's API. A refusal becomes Failed, in the API's own words."""

    def __init__(self, base: str, token: str | None = None, ca: Path | None = None) -> None:
        """`ca`: the school's, trusted beside those that this machine trusts."""
        self._base = base
        self._verify = _trusting(ca) if base.startswith("https:") else False  # nothing to hold it against
        self._headers = {"Accept": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        return self._send("GET", path, params=_given(params or {})).json()

    def get_text(self, path: str, params: Mapping[str, Any], accept: str) -> str:
        return str(self._send("GET", path, params=_given(params), headers={"Accept": accept}).text)

    @contextmanager
    def stream(self, path: str, params: Mapping[str, Any]) -> Iterator[Any]:
        """An answer that comes bit by bit. One that breaks off raises Failed, like a refusal."""
        import httpx2

        try:
            with httpx2.stream(
                "GET",
                f"{self._base}/api/v1{path}",
                params=_given(params),
                headers=self._headers,
                timeout=httpx2.Timeout(TIMEOUT, read=LONGEST_SILENCE),
                trust_env=False,
                verify=self._verify,
            ) as answer:
                if answer.is_error:
                    answer.read()
                    raise Failed(*_refusal(answer))
                yield answer
        except httpx2.HTTPError as error:
            raise Failed(f"{self._base} broke off ({str(error) or type(error).__name__}).") from error

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        return self._body(self._send("POST", path, json=body))

    def upload(self, path: str, params: Mapping[str, Any], content: bytes) -> Any:
        """A file, as it is."""
        given = {"content": content, "headers": {"Content-Type": "application/octet-stream"}}
        return self._body(self._send("POST", path, params=_given(params), **given))

    def download(self, method: str, path: str) -> bytes:
        """A file, with what the API does for it."""
        return bytes(self._send(method, path, headers={"Accept": "*/*"}).content)

    def delete(self, path: str) -> None:
        self._send("DELETE", path)

    def _body(self, answer: Any) -> Any:
        return answer.json() if answer.content else {}

    def _send(self, method: str, path: str, **given: Any) -> Any:
        import httpx2

        given["headers"] = {**self._headers, **given.get("headers", {})}
        try:
            answer = httpx2.request(
                method,
                f"{self._base}/api/v1{path}",
                timeout=TIMEOUT,
                trust_env=False,
                verify=self._verify,
                **given,
            )
        except httpx2.HTTPError as error:
            raise Failed(f"No answer from {self._base} ({error}). Is it running? schoolgate run") from error
        if answer.is_error:
            raise Refused(*_refusal(answer), slug=_slug(answer))
        return answer


def _trusting(ca: Path | None) -> ssl.SSLContext:
    """Raises Failed when the file that was named cannot be used."""
    context = ssl.create_default_context()
    if ca is not None and ca.exists():
        try:
            context.load_verify_locations(ca)
        except (OSError, ssl.SSLError) as error:
            raise Failed(f"{ca} cannot be used as the school's CA: {error}") from error
    return context


def _given(params: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in params.items() if value is not None}


def _slug(answer: Any) -> str:
    try:
        return str(answer.json()["type"]).rpartition("/")[2]
    except (ValueError, KeyError, TypeError):
        return ""


def _refusal(answer: Any) -> list[str]:
    """problem+json as a person reads it: the title, the sentence, and each field at fault."""
    try:
        problem = answer.json()
        lines = [f"{problem['title']}: {problem['detail']}"]
        faults = [f"  {fault['field']}: {fault['detail']}" for fault in problem.get("errors", [])]
    except (ValueError, KeyError, TypeError):
        return [f"The API answered {answer.status_code}, and nothing that can be read."]
    if answer.status_code == 401:
        faults.append("  Sign in: schoolgate login")
    if _slug(answer) == "second-factor-needed":
        faults.append("  In the console, at /second-factor, or: schoolgate second-factor set")
    return lines + faults
