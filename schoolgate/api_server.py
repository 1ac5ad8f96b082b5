"""The API and the console of this school, and how they are served.

Everything they need is loaded with this module: the supervisor's child loads it before it is told to start.
"""

from pathlib import Path

import uvicorn
from fastapi import FastAPI

from audit_api.app import create_app
from audit_api.mail import MailServer, Ways
from change_control.desk import Desk
from change_control.preview_client import replay_apart
from filter_lists.worker_client import run_worker
from schoolgate.comparing import compare_lists
from schoolgate.gate_seen import GateSeen
from schoolgate.listening import LOOP
from schoolgate.pac import pac_of, why_none
from schoolgate.settings import Settings
from schoolgate.slow_heads import LARGEST_HEAD, MOST_CONNECTIONS, Unhurried


def app_of(settings: Settings, desk: Desk, *, gate_beside: bool = False) -> FastAPI:
    app = create_app(
        desk,
        dev_http=not (settings.serves_tls or settings.console.startswith("https:")),
        run_lists=run_worker,
        compare_lists=compare_lists,
        run_preview=replay_apart,
        ways=ways_of(settings),
        probe_gate=GateSeen(settings.state),
        front_ends=settings.front_ends.split(),
        gate_beside=gate_beside,
    )
    app.state.pac, app.state.no_pac = pac_of(settings), why_none(settings)
    return app


def ways_of(settings: Settings) -> Ways:
    """How checkpoints leave this server."""
    mail = MailServer(
        settings.mail_host,
        settings.mail_port,
        settings.mail_from,
        settings.mail_tls,
        settings.mail_user,
        settings.mail_password,
        settings.mail_ca,
    )
    return Ways(
        settings.checkpoint_folder,
        mail if settings.mail_host else None,
        settings.console,
        settings.webhook_secret,
        settings.webhook_ca,
    )


def as_served(app: FastAPI, tls: Path | None) -> uvicorn.Config:
    """`tls`: its key and certificate, in one file."""
    return uvicorn.Config(
        app,
        ssl_certfile=tls,
        log_config=None,
        access_log=False,  # it would write the URLs of searches by name
        server_header=False,
        proxy_headers=False,  # who may say where a request comes from is told to the app
        http=Unhurried,
        ws="none",
        loop=LOOP,
        h11_max_incomplete_event_size=LARGEST_HEAD,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_graceful_shutdown=5,
    )
