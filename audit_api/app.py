"""The window: a JSON API and a console over the same verbs and the same queries."""

from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from fastapi import FastAPI

from audit_api.faults import install_faults
from audit_api.front_ends import FrontEnds
from audit_api.headers import SafeHeaders
from audit_api.limits import BodyLimit
from audit_api.list_jobs import CompareLists, ListJobs, RunLists, compare_here, no_worker
from audit_api.mail import Ways
from audit_api.preview_jobs import PreviewJobs, RunPreview
from audit_api.rates import Rates
from audit_api.reference import describe
from audit_api.routes import ROUTERS
from audit_api.upkeep import upkeep
from audit_api.window import ProbeGate, Window
from change_control.desk import Desk
from change_control.preview import replay_here


def utc_now() -> datetime:
    return datetime.now(UTC)


def create_app(
    desk: Desk,
    *,
    clock: Callable[[], datetime] = utc_now,
    dev_http: bool = True,
    run_lists: RunLists = no_worker,
    compare_lists: CompareLists = compare_here,
    run_preview: RunPreview = replay_here,
    ways: Ways = Ways(),  # noqa: B008  # a frozen value
    probe_gate: ProbeGate = lambda: None,
    rates: Rates | None = None,
    front_ends: Collection[str] = (),
    gate_beside: bool = False,
) -> FastAPI:
    """`dev_http`: served without TLS, so that the console's cookie cannot insist on it.

    `run_lists`, `compare_lists`: how lists are built and compared; a child process, where there are millions.
    `run_preview`: how proposals are tried out; child processes, where there are millions of rows.
    `probe_gate`: whether the gate does its work.
    `ways`: how checkpoints leave this server. `rates`: how often anybody may ask.
    `front_ends`: addresses that may say for whom they ask; `gate_beside`: whether the gate is here.
    """
    previews = PreviewJobs(desk, run_preview, clock)
    window = Window(desk, clock, dev_http, ListJobs(run_lists, clock), compare_lists, previews, ways=ways)
    window.probe_gate = probe_gate
    window.rates = rates or window.rates
    app = _empty(window)
    app.add_middleware(BodyLimit)
    app.add_middleware(SafeHeaders)
    app.add_middleware(FrontEnds, trusted=front_ends, gate_beside=gate_beside)
    install_faults(app)
    for router in ROUTERS:  # as they are: including them would work each route out again, for every app
        app.router.routes.extend(router.routes)
    describe(app)
    return app


def _empty(window: Window) -> FastAPI:
    """What lives as long as the app does, and no route yet."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with upkeep(window):
            yield
        for pool in (window.hashing, window.mailing):
            pool.shutdown(wait=False, cancel_futures=True)

    app = FastAPI(
        title="Schoolgate",
        version="1",
        description="What was filtered, what was changed, and who agreed.",
        openapi_url=None,  # ours says who may use what; and no page of ours loads from elsewhere
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    app.state.window = window
    return app
