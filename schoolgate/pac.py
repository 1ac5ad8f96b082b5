"""The file that tells a device to use the gate: for everything but this machine and the console itself.

`HTTPS host:port` and nothing after it: with PROXY or DIRECT behind, whoever keeps the gate from answering
would have passwords in the clear, or no filter. A device that ignores it is stopped by the firewall, not by
this.
"""

import ipaddress
from urllib.parse import urlsplit

from schoolgate.settings import Settings

PAC = """\
// The school's web filter. Devices are told here what to use; that nothing else works is the firewall's part.
function FindProxyForURL(url, host) {{
  host = host.toLowerCase();
  if (host == "localhost" || host == "127.0.0.1" || host == "::1" || host == "[::1]") return "DIRECT";
  if (url.substring(0, {length}).toLowerCase() == "{console}") return "DIRECT";
  return "HTTPS {proxy}";
}}
"""
EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104  # compared, not bound


def pac_of(settings: Settings) -> str:
    """Empty where it would mislead (`why_none`)."""
    if why_none(settings):
        return ""
    console = settings.console.lower().rstrip("/") + "/"
    return PAC.format(length=len(console), console=console, proxy=proxy_of(settings))


def why_none(settings: Settings) -> str:
    """Led to 127.0.0.1, each device would look for the gate on itself. Empty where nothing is wrong."""
    console = urlsplit(settings.console).hostname or ""
    if (not settings.serves_tls and _leads_nowhere(console)) or not _leads_nowhere(_host(settings)):
        return ""
    return (
        f"the file would lead every device to {proxy_of(settings)}, which is the device itself: set"
        " proxy_name in config/school.yaml to the name or address by which devices reach the proxy"
        " (and proxy_host, so that they do)"
    )


def proxy_of(settings: Settings) -> str:
    """host:port, as devices reach the gate."""
    host = _host(settings)
    return f"[{host}]:{settings.proxy_port}" if ":" in host else f"{host}:{settings.proxy_port}"


def _host(settings: Settings) -> str:
    listening = "" if settings.proxy_host in EVERYWHERE else settings.proxy_host
    return settings.proxy_name or listening or urlsplit(settings.console).hostname or "localhost"


def _leads_nowhere(host: str) -> bool:
    """To whoever asks, that is, or to no address at all."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        name = host.lower().rstrip(".")
        return name == "localhost" or name.endswith(".localhost")
    mapped = getattr(address, "ipv4_mapped", None) or address
    return bool(mapped.is_loopback or mapped.is_unspecified)
