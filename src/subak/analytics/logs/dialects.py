"""Where the servers that write one JSON object a line put what: a dialect is data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Keys = tuple[str, ...]
"""Places in order of preference; `a>b` is key b of the object under key a."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """Where one server's objects hold what."""

    name: str
    marks: Keys
    """Places that are all present only in this dialect."""
    places: Mapping[str, Keys]
    """By field of an event; `request` is a whole request line, `query` goes behind a target without one."""
    tick: float = 1.0
    """The log's unit of durations, in milliseconds."""
    states: Mapping[str, str] = field(default_factory=dict)
    """Places of true or false -> the state of the cache if true; the first that is true tells."""
    duplicates: Keys = ()
    """Places that are false in lines of requests which another line tells as well."""


DIALECTS: tuple[Dialect, ...] = (
    Dialect(
        "caddy",
        ("request>uri", "request>headers"),
        {
            "at": ("ts",),
            "client": ("request>client_ip", "request>remote_ip", "request>remote_addr"),
            "method": ("request>method",),
            "host": ("request>host",),
            "target": ("request>uri",),
            "status": ("status",),
            "sent": ("size",),
            "agent": ("request>headers>User-Agent",),
            "referer": ("request>headers>Referer",),
            "username": ("user_id",),
            "cache": ("resp_headers>X-Cache", "resp_headers>Cache-Status"),
            "ms": ("duration",),
            "session": ("request>headers>Npm-Session",),
        },
        tick=1000.0,
    ),
    Dialect(
        "fastly",
        ("date_time", "ip", "url"),
        {
            "at": ("date_time",),
            "client": ("ip",),
            "method": ("method",),
            "host": ("host",),
            "target": ("url",),
            "status": ("status",),
            "sent": ("bytes",),
            "agent": ("http>useragent", "useragent", "user_agent"),
            "referer": ("http>referer", "referer"),
            "cache": ("cache", "cache_status", "fastly_info>state", "fastly_info_state"),
        },
        duplicates=("fastly_is_edge",),
    ),
    Dialect(
        "fastly's own example",
        ("response_state", "response_status"),
        {
            "at": ("timestamp",),
            "client": ("client_ip",),
            "method": ("request_method",),
            "host": ("host",),
            "target": ("url",),
            "status": ("response_status",),
            "sent": ("response_body_size",),
            "agent": ("request_user_agent",),
            "referer": ("request_referer",),
            "cache": ("response_state",),
        },
        duplicates=("fastly_is_edge",),
    ),
    Dialect(
        "google",
        ("httpRequest>requestUrl",),
        {
            "at": ("timestamp",),
            "client": ("httpRequest>remoteIp",),
            "method": ("httpRequest>requestMethod",),
            "target": ("httpRequest>requestUrl",),
            "status": ("httpRequest>status",),
            "sent": ("httpRequest>responseSize",),
            "agent": ("httpRequest>userAgent",),
            "referer": ("httpRequest>referer",),
            "seconds": ("httpRequest>latency",),
        },
        states={
            "httpRequest>cacheValidatedWithOriginServer": "revalidated",
            "httpRequest>cacheHit": "hit",
            "httpRequest>cacheLookup": "miss",
        },
    ),
    Dialect(
        "azure storage",
        ("callerIpAddress", "uri"),
        {
            "at": ("time",),
            "client": ("callerIpAddress",),
            "method": ("operationName",),
            "target": ("uri",),
            "status": ("statusCode",),
            "sent": ("properties>responseBodySize", "responseBodySize"),
            "agent": ("properties>userAgentHeader", "userAgentHeader"),
            "referer": ("properties>referrerHeader", "referrerHeader"),
            "ms": ("durationMs",),
        },
    ),
    Dialect(
        "azure front door",
        ("properties>requestUri", "properties>httpStatusCode"),
        {
            "at": ("time",),
            "client": ("properties>clientIp", "properties>clientIP"),
            "method": ("properties>httpMethod",),
            "target": ("properties>requestUri",),
            "status": ("properties>httpStatusCode",),
            "sent": ("properties>responseBytes",),
            "agent": ("properties>userAgent",),
            "referer": ("properties>referer", "properties>referrer"),
            "cache": ("properties>cacheStatus",),
            "seconds": ("properties>timeTaken",),
        },
    ),
    Dialect(
        "envoy",
        ("start_time", "response_code"),
        {
            "at": ("start_time",),
            "client": ("downstream_remote_address", "downstream_direct_remote_address",
                "x-forwarded-for", "x_forwarded_for"),
            "method": ("method", ":method"),
            "host": (":authority", "authority", "host"),
            "target": ("x-envoy-origin-path", "x-envoy-original-path", "path", ":path"),
            "status": ("response_code",),
            "sent": ("bytes_sent",),
            "agent": ("user-agent", "user_agent"),
            "referer": ("referer",),
            "ms": ("duration",),
        },
    ),
    Dialect(
        "traefik",
        ("DownstreamStatus", "RequestPath"),
        {
            "at": ("StartUTC", "time"),
            "client": ("ClientHost", "ClientAddr"),
            "method": ("RequestMethod",),
            "host": ("RequestHost", "RequestAddr"),
            "target": ("RequestPath",),
            "status": ("DownstreamStatus",),
            "sent": ("DownstreamContentSize",),
            "agent": ("request_User-Agent",),
            "referer": ("request_Referer",),
            "username": ("ClientUsername",),
            "ms": ("Duration",),
        },
        tick=1e-6,
    ),
    Dialect(
        "cloudflare",
        ("EdgeStartTimestamp", "ClientRequestURI"),
        {
            "at": ("EdgeStartTimestamp",),
            "client": ("ClientIP",),
            "method": ("ClientRequestMethod",),
            "host": ("ClientRequestHost",),
            "target": ("ClientRequestURI",),
            "status": ("EdgeResponseStatus",),
            "sent": ("EdgeResponseBytes",),
            "agent": ("ClientRequestUserAgent",),
            "referer": ("ClientRequestReferer",),
            "cache": ("CacheCacheStatus",),
        },
    ),
    Dialect(
        "own keys",
        (),
        {
            "at": (
                "msec", "time_iso8601", "@timestamp", "timestamp", "time_local", "datetime", "date_time", "time",
                "ts", "date", "start_time",
            ),
            "client": (
                "remote_addr", "client_ip", "clientip", "remote_ip", "client", "ip", "src_ip", "client_address",
                "c_ip", "source_ip", "http_x_real_ip", "remote_host",
                "realip_remote_addr", "client>ip", "source>ip", "http_x_forwarded_for", "x_forwarded_for",
            ),
            "request": ("request", "request_line"),
            "method": ("request_method", "method", "verb", "http_method", "http>method", "http>request>method"),
            "host": ("http_host", "host", "vhost", "server_name", "authority", "domain", "url>domain"),
            "target": (
                "request_uri", "uri", "url", "path", "request_path", "target", "http>url", "url>original", "url>path",
            ),
            "query": ("args", "query_string", "query"),
            "status": (
                "status", "status_code", "response_code", "http_status", "response", "code", "http>status_code",
                "http>response>status_code",
            ),
            "sent": (
                "body_bytes_sent", "bytes_sent", "bytes", "response_size", "size", "response_length", "sent",
                "resp_size", "content_length", "http>response>bytes",
            ),
            "agent": (
                "http_user_agent", "user_agent", "useragent", "user-agent", "agent", "ua", "http>useragent",
                "http>user_agent", "user_agent>original",
            ),
            "referer": (
                "http_referer", "http_referrer", "referer", "referrer", "http>referer", "http>request>referrer",
            ),
            "username": ("remote_user", "user", "username", "auth_user"),
            "cache": ("upstream_cache_status", "cache_status", "cache", "x_cache", "cache_state",
                "http_x_cache", "sent_http_x_cache"),
            "ms": ("duration_ms", "request_time_ms", "latency_ms", "took_ms"),
            "seconds": ("request_time", "duration", "response_time", "elapsed"),
            "session": ("http_npm_session", "npm_session", "npm-session", "session"),
        },
    ),
)  # fmt: skip
