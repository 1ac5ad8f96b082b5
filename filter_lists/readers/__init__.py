"""What a list file says. Every line is understood, or counted with its reason and a line number.

A reader never repeats a line, since the list may be one that nobody should read (invariant 3).
"""

from filter_lists.readers.adblock import read_adblock, read_adblock_dns
from filter_lists.readers.csv_rows import read_csv
from filter_lists.readers.dnsmasq import read_dnsmasq
from filter_lists.readers.e2guardian import read_e2guardian_expressions, read_e2guardian_sites
from filter_lists.readers.hosts import read_hosts
from filter_lists.readers.plain import read_plain
from filter_lists.readers.rpz import read_rpz
from filter_lists.readers.squidguard import read_expressions
from filter_lists.readers.unbound import read_unbound
from filter_lists.readers.v2fly import read_v2fly
from filter_lists.report import Reader

READERS: dict[str, Reader] = {
    "adblock": read_adblock,
    "adblock-dns": read_adblock_dns,
    "csv": read_csv,
    "dnsmasq": read_dnsmasq,
    "e2guardian-expressions": read_e2guardian_expressions,
    "e2guardian-sites": read_e2guardian_sites,
    "e2guardian-urls": read_e2guardian_sites,
    "expressions": read_expressions,
    "hosts": read_hosts,
    "plain": read_plain,
    "rpz": read_rpz,
    "unbound": read_unbound,
    "v2fly": read_v2fly,
}
