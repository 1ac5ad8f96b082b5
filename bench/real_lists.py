"""The real lists beside this checkout: where each is, what format it has, and which kind of site it names.

Nobody reads an entry of them: whoever uses this prints counts.
"""

from collections.abc import Iterator
from io import TextIOWrapper
from pathlib import Path

import zstandard

DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
LISTS = DATA / "dev" / "lists"
ABSENT = "the real lists (shared/data beside this checkout) are not here"

UT1_CATEGORIES = {
    "adult": "pornography", "lingerie": "pornography", "mixed_adult": "pornography",
    "agressif": "discrimination", "sect": "discrimination", "dangerous_material": "violence",
    "arjel": "gambling", "gambling": "gambling", "drogue": "drugs",
    "doh": "circumvention", "redirector": "circumvention", "strict_redirector": "circumvention",
    "strong_redirector": "circumvention", "residential-proxies": "circumvention", "vpn": "circumvention",
    "cryptojacking": "malware", "ddos": "malware", "dialer": "malware", "hacking": "malware",
    "malware": "malware", "phishing": "malware", "stalkerware": "malware",
    "filehosting": "file-sharing", "warez": "file-sharing", "download": "file-sharing",
    "blog": "social-media", "dating": "social-media", "forums": "social-media",
    "social_networks": "social-media",
    "chat": "messaging", "webmail": "messaging", "shopping": "shopping", "games": "games",
    "educational_games": "games-educational", "audio-video": "video", "radio": "video", "ai": "ai-assistants",
    "child": "education", "liste_blanche": "education", "liste_bu": "education",
    "sexual_education": "education",
}  # fmt: skip


def lines_in(path: str) -> Iterator[str]:
    """Of a compressed text below `shared/data`, without its line ends."""
    with zstandard.open(DATA / f"{path}.zst", "rb") as file:
        for line in TextIOWrapper(file, encoding="utf-8", errors="replace", newline="\n"):
            yield line.rstrip("\r\n")


def ut1_lines(category: str, kind: str) -> Iterator[str]:
    """`kind`: domains or urls; nothing where the category has no such file."""
    path = f"dev/squidguard/ut1/{category}/{kind}"
    return lines_in(path) if (DATA / f"{path}.zst").is_file() else iter(())


def rows_in(path: str) -> Iterator[dict[str, str]]:
    """Of a table with a heading."""
    lines = lines_in(path)
    heading = next(lines).split("\t")
    for line in lines:
        yield dict(zip(heading, line.split("\t"), strict=True))


def popular_hosts() -> list[str]:
    return list(lines_in("common/popular/tranco-10k.txt"))


UK_HOSTS = ("english-secondary-school-domains.txt", "public-sector-hosts.txt", "swot-uk-academic.txt")


def uk_hosts() -> list[str]:
    """Schools, councils, hospitals, universities, police of the United Kingdom."""
    return list(dict.fromkeys(host for name in UK_HOSTS for host in lines_in(f"common/uk/{name}") if host))
