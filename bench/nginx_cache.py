"""The measure of a warm hit: nginx's proxy_cache with a JSON access log and a request limit."""

from __future__ import annotations

from pathlib import Path

from bench.places import free_port
from bench.processes import Server
from bench.upstream import nginx_command

READING = (
    '{"at":$msec,"path":"$request_uri","consumer":"$remote_addr","agent":"$http_user_agent","method":"$request_method",'
    '"status":$status,"sent":$body_bytes_sent,"fetched":"$upstream_bytes_received","origin":"$upstream_cache_status",'
    '"ms":$request_time}'
)
"""As much of a reading as nginx knows; what agent and package that is, somebody else has to find out."""


class NginxCache(Server):
    """`url` is nginx as it is usually set up; `tuned` is the same process with a buffered log and files kept open."""

    def __init__(self, folder: Path, origin: str, *, processor: int) -> None:
        port, other = free_port(), free_port()
        http = f"""
  proxy_cache_path {folder}/cache levels=1:2 keys_zone=copies:32m max_size=10g inactive=24h use_temp_path=off;
  limit_req_zone $binary_remote_addr zone=consumers:10m rate=1000000r/s;
  log_format reading escape=json '{READING}';
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  proxy_cache copies;
  proxy_cache_valid 200 60m;
  proxy_cache_key $request_uri$http_accept;
  limit_req zone=consumers burst=1000000 nodelay;
  upstream goods {{ server {origin.removeprefix("http://")}; keepalive 8; }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    access_log {folder}/access.json reading;
    location / {{ proxy_pass http://goods; }}
  }}
  server {{
    listen 127.0.0.1:{other} backlog=4096;
    access_log {folder}/tuned.json reading buffer=64k flush=500ms;
    open_file_cache max=10000 inactive=1h;
    location / {{ proxy_pass http://goods; }}
  }}
"""
        command = nginx_command(folder, http)
        super().__init__(
            "nginx", command, f"http://127.0.0.1:{port}", folder=folder, ready="/none", processor=processor
        )
        self.tuned = f"http://127.0.0.1:{other}"
