"""nginx with static files, one worker, and its access log, as Debian sets it up."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests import plain_http
from tests.bench.wrk import Target
from tests.dashboard import free_port, wait_for

START_TIMEOUT_S = 10
CONFIG = """
{as_root}
worker_processes 1;
daemon off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  types {{ text/html html; text/css css; application/json json; }}
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000;
  access_log {folder}/access.log;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{ listen 127.0.0.1:{port}; root {folder}/files; }}
}}
"""


@dataclass
class Nginx:
    """Use it as a context manager."""

    folder: Path
    port: int = 0
    process: "subprocess.Popen[bytes] | None" = None

    def __enter__(self) -> "Nginx":
        self.port = free_port()
        self.files.mkdir(parents=True)
        config = self.folder / "nginx.conf"
        as_root = "user root;" if os.geteuid() == 0 else ""
        config.write_text(CONFIG.format(folder=self.folder, port=self.port, as_root=as_root))
        command = [program(), "-c", str(config), "-e", str(self.folder / "error.log")]
        self.process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        wait_for(self._answers, START_TIMEOUT_S)
        return self

    def __exit__(self, *_: object) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait()

    @property
    def files(self) -> Path:
        return self.folder / "files"

    def serving(self, name: str, answer: httpx.Response) -> Target:
        """The same bytes, of the same type, as a static file."""
        assert self.process
        kind = answer.headers["content-type"].partition(";")[0].rpartition("/")[2]
        file = self.files / f"{name}.{kind}"
        file.write_bytes(answer.content)
        return Target(self.process.pid, f"http://127.0.0.1:{self.port}/{file.name}")

    def _answers(self) -> bool:
        try:
            return plain_http.get(f"http://127.0.0.1:{self.port}/").status_code > 0
        except httpx.TransportError:
            return False


def program() -> str:
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    assert found, "Install nginx: make nginx"
    return found
