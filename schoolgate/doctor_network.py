"""Of the doctor: who can reach what of ours, and what the policy lets the gate reach inside the school."""

import smtplib
import ssl
from collections.abc import Iterator
from pathlib import Path

from schoolgate.finding import Finding
from schoolgate.settings import Settings, is_this_machine

ANYWHERE = ("0.0.0.0", "::")  # noqa: S104  # compared, not bound
MAIL_SECONDS = 10.0


def console_reached(settings: Settings) -> Iterator[Finding]:
    """Off this machine the console is asked for over TLS alone."""
    here = is_this_machine(settings.api_host)
    safe = settings.console.startswith("https:")
    says = f"answers on {settings.api_host}, people type {settings.console}"
    yield Finding("console", here or safe, says, warns=here and not safe and bool(settings.console_url))


def proxy_reached(settings: Settings) -> Iterator[Finding]:
    wide = settings.proxy_host in ANYWHERE
    says = f"answers on {'every address of this machine' if wide else settings.proxy_host}"
    yield Finding("proxy", True, says, warns=wide)


def front_ends(settings: Settings) -> Iterator[Finding]:
    named = settings.front_ends.split()
    far = [each for each in named if not is_this_machine(each)]
    says = f"{', '.join(named)} may say for whom it asks" if named else "none is believed"
    yield Finding("front ends", True, says, warns=bool(far))


def egress_allowed(settings: Settings) -> Iterator[Finding]:
    """It is for a school's own servers, one at a time; our own listeners are refused all the same."""
    from schoolgate.in_force import bundle_in_force
    from schoolgate.serving import own_addresses

    allowed = bundle_in_force(settings.state).policy.egress_allow
    ours = {(settings.proxy_host, settings.proxy_port), *own_addresses(settings)}
    own = [f"{host} port {port}" for host, port in allowed if _is_ours(host, port, ours)]
    if own:
        yield Finding("egress", False, f"egress.allow names what is ours: {', '.join(own)}")
    admin = [f"{host} port {port}" for host, port in allowed if port in ADMIN_PORTS]
    says = f"{len(allowed)} addresses inside are allowed"
    if admin:
        says += f"; to administer machines by: {', '.join(admin)}"
    yield Finding("egress", not own, says, warns=bool(admin) or len(allowed) > MANY_ALLOWED)


ADMIN_PORTS = frozenset({22, 23, 135, 139, 445, 3389, 5432, 5900, 5985, 5986, 8006, 8443, 9200, 10000})
MANY_ALLOWED = 50


def mail(settings: Settings, *, connect: bool = False) -> Iterator[Finding]:
    """Asked only when somebody wants it: a mail server may be slow, or count who knocks."""
    if not settings.mail_host:
        yield Finding("mail", True, "no mail server is named: nobody is told by mail", warns=True)
        return
    where = f"{settings.mail_host} port {settings.mail_port}, {settings.mail_tls}"
    if not connect:
        yield Finding("mail", True, f"{where}; not tried (doctor --mail tries it)")
        return
    try:
        _knock(settings)
    except (OSError, smtplib.SMTPException) as error:
        yield Finding("mail", False, f"{where}: {type(error).__name__}")
        return
    yield Finding("mail", True, f"{where}: answers, and takes us")


def _knock(settings: Settings) -> None:
    """Signs in, and sends nothing. Raises OSError or SMTPException."""
    context = ssl.create_default_context(cafile=str(settings.mail_ca) if settings.mail_ca else None)
    if settings.mail_tls == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            settings.mail_host, settings.mail_port, timeout=MAIL_SECONDS, context=context
        )
    else:
        server = smtplib.SMTP(settings.mail_host, settings.mail_port, timeout=MAIL_SECONDS)
    with server:
        if settings.mail_tls == "starttls":
            server.starttls(context=context)
        if settings.mail_user:
            server.login(settings.mail_user, settings.mail_password)
        server.noop()


def database_role(settings: Settings) -> Iterator[Finding]:
    """Whoever may do everything in the database may also take back what guards the records."""
    from sqlalchemy import text

    from audit_log.db import open_engine, reading

    if not settings.database.startswith("postgresql"):
        return
    engine = open_engine(settings.database)
    try:
        with reading(engine) as conn:
            row = conn.execute(
                text("SELECT rolsuper, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user")
            ).one()
    finally:
        engine.dispose()
    powers = ("superuser", "may make roles", "may make databases")
    has = [power for power, there in zip(powers, row, strict=True) if there]
    yield Finding(
        "database role", not has, f"it is a role that {', '.join(has)}" if has else "no more than needed"
    )


def readable_certificate(settings: Settings) -> Iterator[Finding]:
    """The key that signs for every site is nobody's to read."""
    folder = settings.state / "ca"
    if not folder.is_dir():
        return
    open_ = [path for path in sorted(folder.glob("*")) if _holds_key(path) and path.stat().st_mode & 0o077]
    says = f"{', '.join(map(str, open_))}: others may read it" if open_ else "read by us alone"
    yield Finding("ca key", not open_, says)


def _holds_key(path: Path) -> bool:
    return path.is_file() and b"PRIVATE KEY" in path.read_bytes()[:100_000]


def _is_ours(host: str, port: int, ours: set[tuple[str, int]]) -> bool:
    return any(port == own and (host == at or at in ANYWHERE) for at, own in ours)
