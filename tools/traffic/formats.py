"""Log lines in the formats that registries write. Each writes the lines of one client within one second."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Protocol
from urllib.parse import quote

from tools.traffic.agents import protocol
from tools.traffic.catalogue import Request
from tools.traffic.rhythm import Window


class Format(Protocol):
    """One format of log."""

    def head(self) -> str:
        """What the file begins with."""

    def lines(
        self, second: int, client: str, family: str, agent: str, requests: Sequence[Request], session: str = ""
    ) -> list[str]:
        """One line for each request, with its line end. `session`: the run's name, for formats that carry one."""


class Combined:
    """Apache's combined format; with `escape` nginx's, which writes a double quote as \\x22."""

    def __init__(self, window: Window, *, nginx: bool = False) -> None:
        self._window, self._second, self._stamp = window, -1, ""
        self._quote, self._empty = ("\\x22", "0") if nginx else ('\\"', "-")

    def head(self) -> str:
        return ""

    def lines(
        self, second: int, client: str, family: str, agent: str, requests: Sequence[Request], session: str = ""
    ) -> list[str]:
        if second != self._second:
            self._second, self._stamp = second, self._window.at(second).strftime("%d/%b/%Y:%H:%M:%S +0000")
        head = f'{client} - - [{self._stamp}] "'
        middle = f' {protocol(family)}" '
        tail = f' "-" "{agent.replace(chr(34), self._quote) or "-"}"\n'
        empty = self._empty
        return [f"{head}{r.method} {r.path}{middle}{r.status} {r.sent or empty}{tail}" for r in requests]


class Fastly:
    """Syslog heads and one JSON object a line, as the Rust registry's CDN writes them."""

    def __init__(self, window: Window) -> None:
        self._window, self._second = window, -1
        self._iso = ""

    def head(self) -> str:
        return ""

    def lines(
        self, second: int, client: str, family: str, agent: str, requests: Sequence[Request], session: str = ""
    ) -> list[str]:
        if second != self._second:
            self._second, self._iso = second, self._window.at(second).strftime("%Y-%m-%dT%H:%M:%S")
        place = _place(client)
        spoken = protocol(family).removesuffix(".0")
        head = f'<134>{self._iso}Z cache-{place.lower()}-0001 registry-logs[7]: {{"bytes":'
        first = (
            f',"date_time":"{self._iso}.{sum(map(ord, client)) % 1000:03d}001122Z","edge_location":"{place}","host":"'
        )
        named = json.dumps(agent) if agent else "null"
        asked = f'","http":{{"protocol":"{spoken}","referer":null,"useragent":{named}}},"ip":"{client}","method":"'
        secure = ',"tls":{"cipher":"TLS_AES_128_GCM_SHA256","protocol":"TLSv1.3"},"url":"https://'
        return [
            f'{head}{r.sent}{first}{r.host}{asked}{r.method}","service":"registry","status":{r.status}{secure}'
            f'{r.host}{r.path}","version":"1"}}\n'
            for r in requests
        ]


_FIELDS = (
    "date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) "
    "cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken "
    "x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status "
    "fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len "
    "sc-range-start sc-range-end"
)


class CloudFront:
    """CloudFront's standard log: two header lines, 33 fields between tabs, agents percent-encoded.

    `sc-bytes` counts the body only here, so that all formats tell the same bytes.
    """

    def __init__(self, window: Window) -> None:
        self._window, self._second, self._stamp = window, -1, ""

    def head(self) -> str:
        return f"#Version: 1.0\n#Fields: {_FIELDS}\n"

    def lines(
        self, second: int, client: str, family: str, agent: str, requests: Sequence[Request], session: str = ""
    ) -> list[str]:
        if second != self._second:
            self._second, self._stamp = second, self._window.at(second).strftime("%Y-%m-%d\t%H:%M:%S")
        place = _place(client)
        head = f"{self._stamp}\t{place}50-C1\t"
        text = quote(agent, safe="/:;(),+@=*!'") or "-"
        tail = f"https\t60\t0.011\t-\tTLSv1.3\tTLS_AES_128_GCM_SHA256\t%s\t{protocol(family)}\t-\t-\t50123\t0.010\t%s\t"
        found = []
        for r in requests:
            stem, _, query = r.path.partition("?")
            result = _result(r)
            found.append(
                f"{head}{r.sent}\t{client}\t{r.method}\td0.cdn.example\t{stem}\t{r.status}\t-\t{text}\t{query or '-'}"
                f"\t-\t{result}\tr{second:x}{r.number:x}==\t{r.host}\t{tail % (result, result)}"
                f"application/octet-stream\t{r.sent}\t-\t-\n"
            )
        return found


class Json:
    """nginx with a log_format of JSON keys (`escape=json`): the only format here with npm's session and its cache."""

    def __init__(self, window: Window) -> None:
        self._window, self._second, self._stamp = window, -1, ""

    def head(self) -> str:
        return ""

    def lines(
        self, second: int, client: str, family: str, agent: str, requests: Sequence[Request], session: str = ""
    ) -> list[str]:
        if second != self._second:
            self._second, self._stamp = second, self._window.at(second).isoformat()
        head = f'{{"time_iso8601":"{self._stamp}","remote_addr":"{client}","request_method":"'
        tail = f',"server_protocol":"{protocol(family)}","http_user_agent":{json.dumps(agent)}'
        tail += f',"npm_session":"{session}"}}\n'
        return [
            f'{head}{r.method}","host":"{r.host}","request_uri":{json.dumps(r.path)},"status":{r.status}'
            f',"body_bytes_sent":{r.sent},"upstream_cache_status":"{_NGINX[_result(r)]}"{tail}'
            for r in requests
        ]


_NGINX = {"Hit": "HIT", "Miss": "MISS", "RefreshHit": "REVALIDATED", "Error": "MISS"}


def _result(request: Request) -> str:
    if request.status >= 400:
        return "Error"
    if request.status == 304:
        return "RefreshHit"
    return "Miss" if request.number % 50 == 0 else "Hit"


@lru_cache(20_000)
def _place(client: str) -> str:
    return ("ZRH", "FRA", "IAD", "SFO", "NRT", "GRU", "SIN")[sum(map(ord, client)) % 7]


def formatter(name: str, window: Window) -> Format:
    """The format of that name. Raises KeyError for others."""
    made: dict[str, Format] = {
        "combined": Combined(window), "nginx": Combined(window, nginx=True), "fastly": Fastly(window),
        "cloudfront": CloudFront(window), "json": Json(window),
    }  # fmt: skip
    return made[name]


FORMATS = ("combined", "nginx", "fastly", "cloudfront", "json")
