"""The window behind a real server, for answers that come bit by bit."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import uvicorn

from tests.audit_api.school import School

PATIENCE = 30.0


@contextmanager
def served(school: School) -> Iterator[str]:
    """Its address; stopped at the end."""
    config = uvicorn.Config(
        school.app, "127.9.0.2", 0, log_config=None, lifespan="off", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        deadline = time.monotonic() + PATIENCE
        while not server.started:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.9.0.2:{port}"
    finally:
        server.should_exit = True
        thread.join(PATIENCE)


@contextmanager
def streamed(school: School, url: str, username: str, **wanted: Any) -> Iterator[httpx2.Response]:
    headers = {"Authorization": f"Bearer {school.token(username)[0]}"}
    with httpx2.stream(
        "GET", url, params=wanted, headers=headers, timeout=PATIENCE, trust_env=False
    ) as answer:
        yield answer


def rows_in(answer: httpx2.Response) -> Iterator[dict[str, Any]]:
    yield from (json.loads(line) for line in answer.iter_lines() if line)
