"""The real lists beside this checkout: where each is, what format it has, and which kind of site it names.

Nobody reads an entry of them: whoever uses this prints counts.
"""

import shutil
from collections.abc import Iterator
from io import TextIOWrapper
from pathlib import Path

import zstandard

from filter_lists.sources import ListSource

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

# Every other list: its format, the kind of site it names, and its place below dev/lists.
OTHERS = """
adblock-dns ads            adblock/adguard-dns-tests
adblock     pornography    adblock/alexsannikov-adult
adblock     gambling       adblock/alexsannikov-gambling
adblock     drugs          adblock/blp-drugs
adblock     social-media   adblock/alexsannikov-social
adblock     ads            adblock/easylist
adblock     malware        adblock/spam404
dnsmasq     drugs          dnsmasq/blp-drugs
dnsmasq     social-media   dnsmasq/blp-tiktok
hosts       pornography    hosts/4skin-adult
hosts       ads            hosts/adguard-urlfilter-testhosts
hosts       drugs          hosts/blp-drugs
hosts       social-media   hosts/blp-facebook
hosts       circumvention  hosts/blp-redirect
hosts       file-sharing   hosts/blp-torrent
hosts       video          hosts/blp-youtube
plain       malware        ip/blp-malware
plain       circumvention  ip/dibdot-doh-ipv4
plain       circumvention  ip/dibdot-doh-ipv6
plain       not-inspected  nomitm/adguard-android
plain       not-inspected  nomitm/adguard-banks
plain       not-inspected  nomitm/adguard-firefox
plain       not-inspected  nomitm/adguard-issues
plain       not-inspected  nomitm/adguard-mac
plain       not-inspected  nomitm/adguard-sensitive
plain       not-inspected  nomitm/adguard-windows
plain       drugs          plain/blp-drugs
plain       messaging      plain/disposable-email
plain       unsafe-search  plain/nextdns-no-safesearch
plain       ads            plain/stevenblack-unified
v2fly       pornography    plain/v2fly-porn
expressions ads            regex/alexsannikov-adregex
rpz         social-media   rpz/GENERATED-ut1-dating.rpz
rpz         ads            rpz/ngadmini-publicite
adblock     unsafe-search  sameset/nosafesearch/adblock
dnsmasq     unsafe-search  sameset/nosafesearch/dnsmasq
plain       unsafe-search  sameset/nosafesearch/domains
hosts       unsafe-search  sameset/nosafesearch/hosts
unbound     unsafe-search  sameset/nosafesearch/unbound
plain       unsafe-search  sameset/nosafesearch/wildcard
plain       malware        scale/ut1-ever-malware-phishing.domains
plain       malware        scale/ut1-ever-malware-phishing.urls
"""
V2FLY_CATEGORIES = {
    "category-ads-all": "ads", "category-ai-!cn": "ai-assistants", "category-games": "games",
    "category-porn": "pornography", "category-vpnservices": "circumvention", "discord": "messaging",
}  # fmt: skip


def sources(ut1: Path) -> list[ListSource]:
    """Every list of sites there is here; `ut1` is where `unpack_ut1` put that one."""
    theirs = {path.name: (UT1_CATEGORIES.get(path.name, path.name),) for path in ut1.iterdir()}
    v2fly = {name: (ours,) for name, ours in V2FLY_CATEGORIES.items()}
    return [
        ListSource("ut1", "", "squidguard", ut1, theirs, licence="CC-BY-SA-4.0"),
        ListSource("v2fly", "", "v2fly", DATA / "dev" / "v2fly" / "data.tar.zst", v2fly, licence="MIT"),
        *(
            ListSource(path.replace("/", "-"), category, format_, LISTS / f"{path}.zst")
            for format_, category, path in map(str.split, OTHERS.strip().splitlines())
        ),
    ]


def ut1_files() -> Iterator[tuple[str, Path]]:
    """Each file of that list, packed: its name as it is handed out, and where it lies."""
    for part in ("dev", "common"):
        for packed in sorted((DATA / part / "squidguard" / "ut1").glob("*/*.zst")):
            yield f"{packed.parent.name}/{packed.stem}", packed


def unpack_ut1(folder: Path) -> Path:
    """As it is handed out: a folder for each category, with what lies in two places here."""
    for name, packed in ut1_files():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with zstandard.open(packed, "rb") as file, path.open("wb") as into:
            shutil.copyfileobj(file, into, 1 << 20)
    return folder


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
