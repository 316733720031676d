"""nginx, which answers every request with the same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

PACKAGE: Final = "nginx"

_CONFIG: Final = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log /dev/null;
events {{ worker_connections 256; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    client_body_temp_path {folder}/body;
    server {{
        listen unix:{place};
        location = /v1/credentials {{ default_type application/json; return 200 '{body}'; }}
    }}
}}
"""


def command(folder: Path, place: Path, body: str) -> Sequence[str]:
    """Return the command that answers ``body`` at the Unix socket ``place``."""
    config = folder / "nginx.conf"
    config.write_text(_CONFIG.format(folder=folder, place=place, body=body))
    return ["nginx", "-p", str(folder), "-c", str(config)]
