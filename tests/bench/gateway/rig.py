"""Processes for load on the gateway: an upstream, `tenon serve`, nginx. Used by compare.py and by
tests/stress/gateway_aborts.py."""

import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any, Callable

CHAT = "/v1/chat/completions"
BODY = json.dumps({"model": "bench", "messages": [
    {"role": "system", "content": "You answer in one sentence."},
    {"role": "user", "content": "What is a tenon, and why does a joint with one hold? " * 4},
]})
LISTENING = "0A"  # in /proc/net/tcp
TICK = os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition: Callable[[], bool], patience: float, step: float = 0.02) -> bool:
    """Asks again and again, for `patience` seconds at most."""
    end = time.monotonic() + patience
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(step)
    return True


class Server:
    """A process, or some, that listens at a port."""

    name = ""
    port = 0
    process: subprocess.Popen

    def pids(self) -> list[int]:
        return [self.process.pid]

    def cpu(self) -> float:
        """Seconds of user and system time so far."""
        ticks = 0
        for pid in self.pids():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / TICK

    def memory(self) -> dict[str, int]:
        """RSS and PSS in KiB, of all its processes."""
        total = {"rss": 0, "pss": 0}
        for pid in self.pids():
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
            for key in total:
                total[key] += int(re.search(rf"^{key.title()}:\s+(\d+)", text, re.M).group(1))
        return total

    def fds(self) -> list[str]:
        """What its open descriptors are, sorted."""
        found = []
        for pid in self.pids():
            for fd in Path(f"/proc/{pid}/fd").iterdir():
                try:
                    found.append(os.readlink(fd))
                except FileNotFoundError:  # closed meanwhile
                    pass
        return sorted(found)

    def connections(self) -> int:
        """TCP sockets that are not only listening."""
        inodes = set(re.findall(r"socket:\[(\d+)\]", " ".join(self.fds())))
        rows = [line.split() for line in Path(f"/proc/{self.process.pid}/net/tcp").open()][1:]
        return sum(1 for row in rows if row[9] in inodes and row[3] != LISTENING)

    def ask(self, method: str, path: str, body: str | None = None) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, {"content-type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def get(self, path: str) -> Any:
        status, text = self.ask("GET", path)
        if status != 200:
            raise RuntimeError(f"{self.name}: GET {path} is {status}: {text}")
        return json.loads(text)

    def chat(self) -> None:
        status, text = self.ask("POST", CHAT, BODY)
        if status != 200:
            raise RuntimeError(f"{self.name} answers {status}: {text}")

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


class Upstream(Server):
    name = "direct"

    def __init__(self, bin_dir: Path) -> None:
        self.process = subprocess.Popen([bin_dir / "tenon-bench-upstream"], text=True,
                                        stdout=subprocess.PIPE)
        self.port = int(self.process.stdout.readline())


class Tenon(Server):
    """The gateway, with limits that the load does not reach."""

    name = "tenon"

    def __init__(self, program: Path, folder: Path, upstream: int, threads: int = 1,
                 changes: dict | None = None) -> None:
        folder.mkdir(parents=True)
        config = {
            "runtime": {"io_threads": threads},
            "default_provider": "upstream",
            "gateway": {"listen": ["127.0.0.1:0"], "keep_alive": "15s"},
            "http": {"max_connections": 10000, "max_keepalive": 1024, "keepalive_expiry": "1m"},
            "permits": {"limit": 10000, "queue": 10000},
            "pool": {"max_connections": 10000, "max_waiting": 10000, "max_connecting": 100},
            "providers": {"upstream": {
                "kind": "openai",
                "models": ["bench"],
                "config": {"base_url": f"http://127.0.0.1:{upstream}/v1"},
            }},
        }
        for section, members in (changes or {}).items():
            config.setdefault(section, {}).update(members)
        (folder / "config.json").write_text(json.dumps(config, indent=1))
        environment = {**os.environ, "HOME": str(folder), "TENON_STATE": str(folder / "state.db"),
                       "TENON_SOCKET": str(folder / "control.sock")}
        self.log = folder / "log"
        self.begun = time.monotonic()
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [program, "--config", folder / "config.json", "serve"], env=environment, text=True,
                stdout=subprocess.PIPE, stderr=log)
        line = self.process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
        if not found:
            raise RuntimeError(f"tenon serve says '{line}' {self.log.read_text()}")
        self.port = int(found.group(1))


NGINX = """
daemon off;
worker_processes {threads};
pid {folder}/pid;
error_log {folder}/error.log crit;
events {{ worker_connections 8192; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_requests 1000000000;
    tcp_nodelay on;
    upstream provider {{
        server 127.0.0.1:{upstream};
        keepalive 1024;
        keepalive_requests 1000000000;
        keepalive_timeout 60s;
    }}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{
            proxy_pass http://provider;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_buffering off;
            proxy_read_timeout 600s;
        }}
    }}
}}
"""


class Nginx(Server):
    name = "nginx"

    def __init__(self, folder: Path, upstream: int, threads: int = 1) -> None:
        folder.mkdir(parents=True)
        self.port = free_port()
        config = folder / "nginx.conf"
        config.write_text(NGINX.format(folder=folder, upstream=upstream, threads=threads,
                                       port=self.port))
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        self.begun = time.monotonic()
        self.process = subprocess.Popen([program, "-p", folder, "-c", config],
                                        stderr=subprocess.DEVNULL)
        if not wait_until(self.listens, 10, 0.001):
            raise RuntimeError(f"nginx does not start: {(folder / 'error.log').read_text()}")

    def listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def pids(self) -> list[int]:
        main = self.process.pid
        children = Path(f"/proc/{main}/task/{main}/children").read_text().split()
        return [main, *map(int, children)]


def stream_load(bin_dir: Path, port: int, **options: Any) -> subprocess.Popen:
    words = [str(bin_dir / "tenon-stream-load"), "--port", str(port)]
    for name, value in options.items():
        words += ["--" + name.replace("_", "-"), str(value)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True)


def result_of(load: subprocess.Popen, patience: float = 600) -> dict:
    output, _ = load.communicate(timeout=patience)
    return json.loads(output)
