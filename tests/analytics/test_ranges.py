"""The operator's lists of networks: the longest prefix against a plain search, and files that are wrong."""

from __future__ import annotations

import ipaddress
import os
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.analytics.ranges import NO_CONSUMERS, NO_RANGES, Intervals, load_consumers, load_ranges
from subak.errors import ConfigError, StoreFailed

NOW = datetime(2026, 11, 21, tzinfo=UTC).timestamp()


def write(path: Path, text: str, *, at: float = NOW) -> Path:
    path.write_text(text, "utf-8")
    os.utime(path, (at, at))
    return path


# ---------------------------------------------------------------- intervals


def plainly(rows: list[tuple[str, int]], client: str) -> int:
    """The first of the longest prefixes, by trying all."""
    address = ipaddress.ip_address(client.partition("/")[0])
    best, length = -1, -1
    for prefix, value in rows:
        network = ipaddress.ip_network(prefix, strict=False)
        if network.version == 6 and network.prefixlen > 64:
            network = ipaddress.ip_network((network.network_address, 64), strict=False)
        if network.version == address.version and address in network and network.prefixlen > length:
            best, length = value, network.prefixlen
    return best


fours = st.integers(0, 2**32 - 1)
near = st.integers(0, 600).map(lambda n: (240 << 24) + n)
prefixes = st.one_of(
    st.tuples(st.one_of(fours, near), st.integers(0, 32)).map(lambda p: f"{ipaddress.IPv4Address(p[0])}/{p[1]}"),
    st.tuples(st.integers(0, 600), st.integers(40, 128)).map(
        lambda p: f"{ipaddress.IPv6Address((0x20010DB8 << 96) + (p[0] << 62))}/{p[1]}"
    ),
)
clients = st.one_of(
    st.one_of(fours, near).map(lambda n: str(ipaddress.IPv4Address(n))),
    st.integers(0, 200).map(lambda n: f"{ipaddress.IPv6Address((0x20010DB8 << 96) + (n << 64))}/64"),
)


@given(st.lists(prefixes, max_size=30), st.lists(clients, max_size=20))
def test_the_longest_prefix_decides(texts: list[str], asked: list[str]) -> None:
    rows = [(text, number) for number, text in enumerate(texts)]
    intervals = Intervals(rows, -1)
    assert intervals.find_all(asked) == [plainly(rows, client) for client in asked]


def test_the_edges_of_the_address_space() -> None:
    rows = [("0.0.0.0/0", 1), ("255.255.255.255/32", 2), ("0.0.0.0/32", 3), ("::/0", 4)]
    intervals = Intervals(rows, 0)
    assert intervals.find_all(["0.0.0.0", "0.0.0.1", "255.255.255.255", "::/64", "ffff:ffff:ffff:ffff::/64"]) == [
        3, 1, 2, 4, 4,
    ]  # fmt: skip


@pytest.mark.parametrize("client", ["", "host.example", "192.0.2", "::ffff::", "192.0.2.1\0", "\udc80"])
def test_what_is_no_address_is_in_no_network(client: str) -> None:
    assert Intervals([("0.0.0.0/0", 1), ("::/0", 1)], 0).find(client) == 0


def test_many_clients_cost_little() -> None:
    intervals = Intervals([(f"240.{a}.{b}.0/24", a) for a in range(60) for b in range(0, 250, 2)], -1)
    asked = [f"240.{n % 70}.{n % 256}.{n % 251}" for n in range(50_000)]

    def seconds() -> float:
        began = time.process_time()
        intervals.find_all(asked)
        return time.process_time() - began

    assert min(seconds() for _ in range(3)) / len(asked) < 6e-6  # 1 µs where this was written


# ---------------------------------------------------------------- range packs


def test_a_table_as_the_generator_writes_it(tmp_path: Path) -> None:
    text = "prefix,network,origin\n240.0.0.0/8,cloud-one,hyperscaler\n240.9.0.0/16,lab,education\n2001:db8::/32,x,\n"
    ranges = load_ranges([write(tmp_path / "networks.csv", text)], NOW)
    assert ranges.lookup("240.1.2.3") == ("cloud-one", "hyperscaler")
    assert ranges.lookup_all(["240.9.2.3", "2001:db8:1::/64", "198.51.100.1"]) == [
        ("lab", "education"), ("x", ""), ("", ""),
    ]  # fmt: skip
    assert (ranges.prefixes, ranges.date, ranges.warnings) == (3, "2026-11-21", ())


@pytest.mark.parametrize(
    "text",
    [
        "240.0.0.0/8,cloud,hosting",
        "\ufeff# a remark\n\n240.0.0.0/8 , cloud , hosting\n",
        "origin,cidr,provider\nhosting,240.0.0.0/8,cloud\n",
        'Prefix,Provider,Origin,since\r\n"240.0.0.0/8","cloud","hosting",2026\r\n',
    ],
)
def test_tables_may_be_written_in_several_ways(tmp_path: Path, text: str) -> None:
    assert load_ranges([write(tmp_path / "a.csv", text)], NOW).lookup("240.1.2.3") == ("cloud", "hosting")


def test_a_bare_list_is_named_by_its_file(tmp_path: Path) -> None:
    path = write(tmp_path / "partner.txt", "240.1.0.0/16\n240.2.0.0/16\n")
    assert load_ranges([path], NOW).lookup("240.2.9.9") == ("partner", "")


def test_of_equal_prefixes_the_first_files_counts(tmp_path: Path) -> None:
    one = write(tmp_path / "one.csv", "240.0.0.0/8,one,\n")
    two = write(tmp_path / "two.csv", "240.0.0.0/8,two,\n240.1.0.0/16,two,\n")
    ranges = load_ranges([one, two], NOW)
    assert ranges.lookup_all(["240.2.0.1", "240.1.0.1"]) == [("one", ""), ("two", "")]


def test_an_old_list_is_worth_a_warning(tmp_path: Path) -> None:
    paths = [
        write(tmp_path / "touched.csv", "240.0.0.0/8,one,\n", at=NOW - 31 * 86400),
        write(tmp_path / "stated.csv", "# date: 2026-09-01\n240.0.0.0/8,one,\n"),
        write(tmp_path / "named-20261001.csv", "240.0.0.0/8,one,\n"),
        write(tmp_path / "fresh.csv", "240.0.0.0/8,one,\n", at=NOW - 29 * 86400),
    ]
    ranges = load_ranges(paths, NOW)
    assert [warning.split(";")[0] for warning in ranges.warnings] == [
        "touched.csv is 31 days old", "stated.csv is 81 days old", "named-20261001.csv is 51 days old",
    ]  # fmt: skip
    assert ranges.date == "2026-09-01"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("240.0.0.0/8,cloud,hosting\nnonsense,cloud,hosting\n", "line 2"),
        ("240.0.0.0/8,cloud,moon\n", "origin 'moon'"),
        ("name,origin\ncloud,hosting\n", "no column of prefixes"),
        ("240.0.0.0/8,NL,region,city,1000\n", "5 columns"),
        ("prefix,provider\n240.0.0.0/8,\x1b[31m\n", "printable"),
        ('{"prefixes": 1}', "none of the lists"),
        ('{"', "no JSON"),
    ],
)
def test_a_wrong_list_is_told(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        load_ranges([write(tmp_path / "wrong.csv", text)], NOW)


def test_a_list_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(StoreFailed):
        load_ranges([tmp_path / "absent.csv"], NOW)
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="no text"):
        load_ranges([tmp_path / "binary"], NOW)


def test_feeds_and_tables_go_together(tmp_path: Path) -> None:
    feed = '{"addresses": ["240.5.0.0/16"], "ipv6_addresses": []}'
    paths = [write(tmp_path / "f.json", feed), write(tmp_path / "t.csv", "240.0.0.0/8,cloud,hosting\n")]
    assert load_ranges(paths, NOW).lookup_all(["240.5.0.1", "240.6.0.1"]) == [
        ("fastly", "cdn-relay"), ("cloud", "hosting"),
    ]  # fmt: skip
    broken = '{"addresses": ["240.5.0.0/33"], "ipv6_addresses": []}'
    with pytest.raises(ConfigError, match="no prefix"):
        load_ranges([write(tmp_path / "f.json", broken)], NOW)


def test_without_lists_nothing_is_known() -> None:
    assert NO_RANGES.lookup("192.0.2.1") == ("", "")
    assert load_ranges([], NOW).date == ""
    assert NO_CONSUMERS.lookup("192.0.2.1") == ("", "")


# ---------------------------------------------------------------- consumers


def test_consumers_and_their_grades(tmp_path: Path) -> None:
    text = "prefix,name,grade\n240.1.0.0/16,Rice Bank,B\n240.1.2.0/24,Rice Bank Lab\n2001:db8::/32,Well Ltd,C\n"
    consumers = load_consumers(write(tmp_path / "consumers.csv", text))
    assert consumers.lookup("240.1.9.9") == ("Rice Bank", "B")
    assert consumers.lookup_all(["240.1.2.9", "2001:db8::/64", "240.2.0.0"]) == [
        ("Rice Bank Lab", "C"), ("Well Ltd", "C"), ("", ""),
    ]  # fmt: skip
    assert consumers.names == ("Rice Bank", "Rice Bank Lab", "Well Ltd")


@pytest.mark.parametrize(
    "text", ["240.1.0.0/16,\n", "x,Rice Bank\n", "240.1.0.0/16,Rice Bank,A\n", "240.1.0.0/16,Rice Bank,D\n"]
)
def test_a_wrong_list_of_consumers_is_told(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match="line 1"):
        load_consumers(write(tmp_path / "consumers.csv", text))
