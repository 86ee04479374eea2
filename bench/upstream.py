"""Local upstreams: nginx on plain files, so that the upstream is never the bottleneck, and a paced line."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from bench.asking import ask
from bench.places import NGINX, free_port
from bench.processes import Server

SIMPLE_JSON = "application/vnd.pypi.simple.v1+json"


def nginx_settings(folder: Path, http: str, *, workers: int = 1) -> str:
    """A whole nginx.conf that touches nothing outside `folder` and runs in the foreground, as root or not."""
    user = "user root;\n" if os.geteuid() == 0 else ""
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"  {kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    return (
        f"{user}worker_processes {workers};\ndaemon off;\npid {folder}/nginx.pid;\nerror_log {folder}/error.log;\n"
        f"worker_rlimit_nofile 8192;\nevents {{ worker_connections 4096; }}\nhttp {{\n{temporary}"
        "  sendfile on;\n  tcp_nopush on;\n  keepalive_timeout 300s;\n  keepalive_requests 1000000000;\n"
        "  server_tokens off;\n"
        f"{http}}}\n"
    )


def nginx_command(folder: Path, http: str, *, workers: int = 1) -> list[str]:
    """The command of an nginx of our own, `http` being the inside of its http block."""
    settings = folder / "nginx.conf"
    settings.write_text(nginx_settings(folder, http, workers=workers))
    return [NGINX or "nginx", "-p", str(folder), "-c", str(settings), "-e", f"{folder}/error.log"]


def static(goods: Path, folder: Path) -> Server:
    """The upstream for everything but paced misses: serves `goods`, pages by Accept. Indexes at /simple/ and /npm/."""
    port = free_port()
    http = f"""
  map $http_accept $form {{ default index.html; ~application/vnd.pypi.simple.v1\\+json index.json; }}
  access_log off;
  open_file_cache max=20000 inactive=1h;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    root {goods};
    location = /-/health {{ return 200; }}
    location /simple/ {{
      types {{ text/html html; {SIMPLE_JSON} json; }}
      try_files $uri$form =404;
    }}
    location /packages/ {{ types {{ }} default_type application/octet-stream; }}
    location /npm/ {{
      types {{ application/json json; application/octet-stream tgz; }}
      try_files $uri $uri/packument.json =404;
    }}
  }}
"""
    command = nginx_command(folder, http, workers=2)
    return Server("upstream", command, f"http://127.0.0.1:{port}", folder=folder, ready="/-/health")


class Paced(Server):
    """The same goods over a line of its own for every request: so many bytes a second after so long a pause."""

    def __init__(self, goods: Path, folder: Path, *, bytes_per_second: int, pause: float) -> None:
        port = free_port()
        command = [sys.executable, str(Path(__file__).with_name("paced.py")), str(goods), str(port)]
        command += [str(bytes_per_second), str(pause)]
        super().__init__("paced", command, f"http://127.0.0.1:{port}", folder=folder, ready="/-/count/health")

    def count(self, path: str) -> int:
        """How often a path was asked for."""
        return int(ask(f"{self.url}/-/count{path}").body)
