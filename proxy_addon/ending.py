"""The end of what was let by: at the instant its time is over, and at each change of what is allowed.

Several times a second the gate looks whose time has passed, and on each new bundle it looks at everything
that is open (S72). What would be blocked now is cut: both sides, unsent bytes included.
"""

from collections.abc import Callable

import structlog

from filter_policy.model import Reason
from proxy_addon.answering import Answers
from proxy_addon.connections import Connection, Exchange
from proxy_addon.harbour import ANYBODY
from proxy_addon.identify import still
from proxy_addon.judge import InForce
from proxy_addon.passthrough import still_passed

log = structlog.get_logger()


class Ending:
    """`abort` cuts a connection by its id (mitm_speed.abort)."""

    def __init__(self, answers: Answers, abort: Callable[[str], None]) -> None:
        self._answers = answers
        self._abort = abort
        self._connections = answers.connections

    def look(self) -> None:
        """Whose time has passed is judged again."""
        now = self._answers.clock.now()
        for connection in self._connections.due(now):
            self._judge_again(connection, self._answers.in_force())

    def judge_all_again(self, force: InForce) -> None:
        for connection in self._connections:
            self._judge_again(connection, force)

    def _judge_again(self, connection: Connection, force: InForce | None) -> None:
        try:
            allowed = force is not None and self._still_allowed(connection, force)
        except Exception:
            log.exception("filter.failed_closed")
            allowed = False
        if not allowed:
            self.cut(connection)

    def _still_allowed(self, connection: Connection, force: InForce) -> bool:
        tunnel = connection.tunnel
        if tunnel is not None and tunnel.withheld is None and tunnel.identity is not ANYBODY:
            identity = still(tunnel.identity, force.bundle, connection.address)
            if identity is None:
                return False
            tunnel.identity = identity
        return all(self._is_allowed(exchange, connection, force) for exchange in connection.open.values())

    def _is_allowed(self, exchange: Exchange, connection: Connection, force: InForce) -> bool:
        if exchange.decision.reason is Reason.SAFE_HARBOUR:
            return self._answers.harbour.still_open(exchange, connection, force)
        identity = still(exchange.identity, force.bundle, connection.address)
        if identity is None:
            return False
        now = self._answers.clock.now()
        judged = self._answers.judge(
            exchange.names, identity.person, force, now, exchange.signs, address=connection.address
        )
        exchange.identity, exchange.decision = identity, judged.decision
        return not judged.decision.is_block and still_passed(exchange, force, self._answers)

    def cut(self, connection: Connection) -> None:
        connection.cut = True
        log.info("connection.cut", open=len(connection.open))
        self._abort(connection.id)

    def cut_all(self) -> None:
        for connection in self._connections:
            self.cut(connection)
