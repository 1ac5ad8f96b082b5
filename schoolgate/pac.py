"""The file that tells a device to use the gate: for everything but this machine and the console itself.

`HTTPS host:port` and nothing after it: with PROXY or DIRECT behind, whoever keeps the gate from answering
would have passwords in the clear, or no filter. A device that ignores it is stopped by the firewall, not by
this.
"""

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


def pac_of(settings: Settings) -> str:
    console = settings.console.lower().rstrip("/") + "/"
    return PAC.format(length=len(console), console=console, proxy=proxy_of(settings))


def proxy_of(settings: Settings) -> str:
    """host:port, as devices reach the gate."""
    everywhere = {"0.0.0.0", "::"}  # noqa: S104  # compared, not bound
    listening = "" if settings.proxy_host in everywhere else settings.proxy_host
    host = settings.proxy_name or listening or urlsplit(settings.console).hostname or "localhost"
    return f"[{host}]:{settings.proxy_port}" if ":" in host else f"{host}:{settings.proxy_port}"
