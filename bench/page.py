"""The page docs/benchmarks.md: how it was measured, on what, and the table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bench.table import Row, as_markdown

METHOD = """\
# Benchmarks

This page is written by `python -m bench --markdown docs/benchmarks.md`; `make bench` prints the same table.
Nothing in it is asserted by a test: figures that fall short of their target stand here as well.

## Method

- **Processor time per request, not requests per second.** On a machine that does other things too, requests per
  second tell of the machine; the processor time of all processes of the server (`utime + stime` of
  `/proc/PID/stat`), divided by the requests, tells of the server. Requests per second are printed beside it. What
  Subak does later in a process of its own, compacting readings, is a row of its own. Where one answer is so large
  that the end of a round cuts many in half, requests are bytes divided by the size.
- **In one run, in turn.** Servers that are compared run at the same time, pinned to processor 0; wrk (one thread,
  32 connections, 4 for 50 MB, 8 for the slow peers) is pinned to processor 1. Rounds alternate A B A B, and the
  figure is the median of the rounds' ratios. A warm-up round comes before.
- **The same bytes.** Everything comes from one local upstream: nginx on plain files, so that the upstream is never
  the bottleneck. All load stays on loopback. Only the groups of installs ask real registries, a few times.
- **Subak** runs with its default settings, identity, class, limit and reading on. Only the allowance is set so high
  that it never refuses, and documents stay fresh for an hour.
- **nginx** is Debian's nginx-light: one worker, `proxy_cache` valid for an hour, `sendfile`, `tcp_nopush`, a JSON
  access log with as much of a reading as nginx knows, `limit_req` that never refuses. The log is written line by
  line, which is nginx's default. Rows that say *tuned* compare with the same nginx after what an expert would change:
  a buffered log (Subak also buffers its readings, for half a second) and `open_file_cache`.
- **Peers** keep pages for an hour as well: proxpi under gunicorn with one worker of eight threads, devpi-server's
  mirror index, verdaccio with one uplink and a log line per request.
- **Misses** are files that nobody asked for before, with bytes that nobody saw before; each is fetched directly and
  through the gateway, alternating which comes first, on a connection of its own. Medians. On loopback this shows what
  the gateway itself takes (writing, hashing, syncing to disk) against an upstream of several gigabytes a second, which
  no registry is; the paced upstream sends each file at 1 Gbit/s, 10 ms after it was asked.
- **Installs** begin with an empty client cache and an empty target. *Outside requests* of the gateway are HTTP
  requests that its client library sent; those of the direct run are what the same client asked the cold gateway for.
  Cold: the gateway's data folder is new.
- **Other ecosystems** install with their own clients, pointed as `subak run` points them (skopeo by the image's name),
  through a gateway that one cold run has filled, and directly, in turn; medians, and the client's caches and the target
  are empty each time. Maven, Cargo, Go and Debian ask the registry that this machine's own clients ask. The others ask
  a local registry whose answers, to the gateway as well, begin 10 ms after they were asked and flow at about 1 Gbit/s;
  each row says which. Much of the time is the client's own: unpacking, hashing, building, starting Java or Node.js.
  *Requests* are what the client asked the cold gateway for. *Outside requests* are the most that the gateway sent in
  any warm run; were a file fetched again, the row would say so. There is no row for NuGet: it has no client here.
- **Memory** is resident memory of the gateway with one worker (VmRSS; *at most* is VmHWM).
- **Analysing a log**: a combined log that `tools/traffic` made (seed 1), read once beforehand so that it lies in the
  page cache. In each of three rounds four programs run one after the other, each alone on the machine, from exec to
  exit: `subak analyze --ranges --html`, `goaccess --log-format=COMBINED -o report.html`, the bare scan and our reading
  alone. The ratio with GoAccess is the median of the rounds' ratios of wall time; processor time stands beside it,
  because Subak uses both processors and GoAccess before 1.8 one (from 1.8 on it is given `--jobs=2`). The two do not
  do the same: GoAccess counts hosts, paths, agents and times; Subak tells packages, clients, classes and waste, and
  accounts for every byte. Neither looks anything up. The bare scan is DuckDB's CSV reader with typed columns,
  `count(*), sum(bytes)` with two threads: it takes whatever fits its columns and checks nothing, and its time is that
  of the query, without starting Python; Subak's is that of the whole command.
- **Distinct pairs**: facts are made inside DuckDB and every measure runs over them with a `memory_limit` of
  750 MB and a folder to spill into; the figure is the most resident memory that the process ever had.

"""


def page(rows: Sequence[Row], titles: Mapping[str, str], about: Mapping[str, str]) -> str:
    """The whole page."""
    facts = "".join(f"| {name} | {_cell(name, value)} |\n" for name, value in about.items())
    counted = [row.verdict for row in rows if row.verdict]
    missing = sum(bool(row.missing) for row in rows)
    summary = f"{counted.count('met')} of {len(counted)} targets met, {counted.count('falls short')} fall short"
    summary += f", {missing} rows could not be measured" if missing else ""
    table = as_markdown(rows, titles).rstrip()
    return f"{METHOD}## This run\n\n| | |\n|---|---|\n{facts}\n## Figures\n\n{summary}.\n\n{table}\n"


def _cell(name: str, value: str) -> str:
    return f"`{value}`" if name == "command" else value.replace("|", "\\|")
