#!/usr/bin/env python3
"""The gateway's load next to nginx as reverse proxy, in one run: docs/benchmarks.md.

    compare.py [--bin build/bench/bin] [--seconds 5] [--rounds 3] [--threads 1] [--json FILE]

Both stand before the same upstream and take turns. Prints ratios; never fails for a time."""

import argparse
import json
import re
import statistics
import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from rig import BODY, CHAT, Nginx, Server, Tenon, Upstream, result_of, stream_load, wait_until

MEMORY_STREAMS = 1000
PROMPT_STREAMS = 200
PROMPT_KIB = 100
UNITS = {"us": 1.0, "ms": 1e3, "s": 1e6, "m": 6e7}


class Samples:
    """What was measured, by server and name: one number for each round."""

    def __init__(self) -> None:
        self.values: dict[str, dict[str, list[float]]] = {}

    def add(self, server: str, **measured: float) -> None:
        for name, value in measured.items():
            self.values.setdefault(server, {}).setdefault(name, []).append(value)

    def median(self, server: str, name: str) -> float:
        return statistics.median(self.values[server][name])

    def ratio(self, name: str) -> float:
        """Tenon's by nginx's, each round by itself."""
        tenon, nginx = self.values["tenon"][name], self.values["nginx"][name]
        return statistics.median(a / b if b else float("nan") for a, b in zip(tenon, nginx))

    def added(self, server: str, name: str) -> float:
        """What a server adds to the same without it."""
        pairs = zip(self.values[server][name], self.values["direct"][name])
        return statistics.median(a - b for a, b in pairs)


def wrk(server: Server, script: Path, seconds: int, connections: int) -> dict[str, float]:
    """Microseconds, and requests."""
    text = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", script,
         f"http://127.0.0.1:{server.port}{CHAT}"], check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in text or "Socket errors" in text:
        print(f"{server.name}: {text}")

    def percentile(name: str) -> float:
        value, unit = re.search(rf"^\s+{name}%\s+([\d.]+)(\w+)", text, re.M).groups()
        return float(value) * UNITS[unit]

    requests = int(re.search(r"(\d+) requests in", text).group(1))
    return {"requests": requests, "p50": percentile("50"), "p99": percentile("99")}


def whole_answers(servers: list[Server], args: argparse.Namespace, connections: int,
                  script: Path) -> Samples:
    samples = Samples()
    for server in servers:
        wrk(server, script, 1, connections)
    for _ in range(args.rounds):
        for server in servers:
            before = server.cpu()
            seen = wrk(server, script, args.seconds, connections)
            cpu = (server.cpu() - before) / seen["requests"] * 1e6
            samples.add(server.name, cpu=cpu, p50=seen["p50"], p99=seen["p99"],
                        rate=seen["requests"] / args.seconds)
    return samples


def streams(servers: list[Server], args: argparse.Namespace) -> Samples:
    samples = Samples()
    wanted: dict[str, Any] = {"connections": 200, "chunks": 50, "interval_ms": 20}
    for server in servers:
        result_of(stream_load(args.bin, server.port, seconds=1, **wanted))
    for _ in range(args.rounds):
        for server in servers:
            before = server.cpu()
            seen = result_of(stream_load(args.bin, server.port, seconds=args.seconds, **wanted))
            cpu = (server.cpu() - before) / seen["chunks"] * 1e6
            if seen["failed"]:
                print(f"{server.name}: {seen['failures']}")
            first, delay, gap = seen["first_delta_us"], seen["delay_us"], seen["gap_us"]
            samples.add(server.name, cpu=cpu, first_p50=first["p50"], first_p99=first["p99"],
                        delay_p50=delay["p50"], delay_p99=delay["p99"], gap_p50=gap["p50"],
                        gap_p99=gap["p99"])
    return samples


def memory(servers: list[Server], upstream: Upstream, args: argparse.Namespace,
           streams: int = MEMORY_STREAMS, prompt_bytes: int = 200) -> Samples:
    """In KiB: before anything else, and with many streams open."""
    samples = Samples()
    for server in servers:
        server.chat()
        idle = server.memory()
        load = stream_load(args.bin, server.port, connections=streams, streams=streams, chunks=40,
                           interval_ms=500, ramp_ms=2000, prompt_bytes=prompt_bytes)
        wait_until(lambda: upstream.get("/stats")["streams_open"] >= streams, 15)
        time.sleep(1)  # some chunks of each
        busy = server.memory()
        open_then = upstream.get("/stats")["streams_open"]
        result_of(load)
        samples.add(server.name, idle_rss=idle["rss"], idle_pss=idle["pss"], busy_rss=busy["rss"],
                    streams=open_then, per_stream=(busy["rss"] - idle["rss"]) / max(open_then, 1))
    return samples


def prompts(args: argparse.Namespace, folder: Path, upstream: Upstream) -> Samples:
    """Memory of streams with large prompts, at servers that have not seen any load."""
    servers = [Tenon(args.tenon, folder / "prompts-tenon", upstream.port, args.threads),
               Nginx(folder / "prompts-nginx", upstream.port, args.threads)]
    try:
        return memory(servers, upstream, args, PROMPT_STREAMS, PROMPT_KIB * 1024)
    finally:
        for server in servers:
            server.stop()


def starts(args: argparse.Namespace, folder: Path, upstream: Upstream) -> Samples:
    """From the start of the process to the end of its first answer, in milliseconds."""
    samples = Samples()
    for number in range(max(args.rounds, 5)):
        for make in (lambda where: Tenon(args.tenon, where, upstream.port, args.threads),
                     lambda where: Nginx(where, upstream.port, args.threads)):
            server = make(folder / f"start-{number}-{len(samples.values)}-{time.monotonic_ns()}")
            server.chat()
            samples.add(server.name, wall=(time.monotonic() - server.begun) * 1e3,
                        cpu=server.cpu() * 1e3)
            server.stop()
    return samples


class Table:
    def __init__(self) -> None:
        self.rows: list[tuple[str, str, str, str, str]] = []

    def add(self, what: str, tenon: str, nginx: str, ratio: str = "", budget: str = "") -> None:
        self.rows.append((what, tenon, nginx, ratio, budget))

    def compare(self, what: str, samples: Samples, name: str, unit: str, budget: str = "") -> None:
        self.add(what, f"{samples.median('tenon', name):,.1f} {unit}",
                 f"{samples.median('nginx', name):,.1f} {unit}",
                 f"{samples.ratio(name):.2f}", budget)

    def added(self, what: str, samples: Samples, name: str, budget: str = "") -> None:
        self.add(what, f"{samples.added('tenon', name):,.0f} us",
                 f"{samples.added('nginx', name):,.0f} us", "", budget)

    def text(self) -> str:
        lines = ["| what | tenon | nginx | ratio | budget |", "|---|---|---|---|---|"]
        return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in self.rows])


def measure(args: argparse.Namespace, stack: ExitStack, folder: Path) -> tuple[Table, dict]:
    def run(server: Server) -> Any:
        stack.callback(server.stop)
        return server

    script = folder / "post.lua"
    script.write_text('wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\n'
                      f"wrk.body = [==[{BODY}]==]\n")
    upstream = run(Upstream(args.bin))
    proxies = [run(Tenon(args.tenon, folder / "tenon", upstream.port, args.threads)),
               run(Nginx(folder / "nginx", upstream.port, args.threads))]
    servers = [*proxies, upstream]
    parts: dict[str, Samples] = {}
    if "memory" in args.parts:
        parts["memory"] = memory(proxies, upstream, args)
        parts["prompts"] = prompts(args, folder, upstream)
    if "whole" in args.parts:
        parts["whole_64"] = whole_answers(servers, args, 64, script)
        parts["whole_1"] = whole_answers(servers, args, 1, script)
    if "streams" in args.parts:
        parts["streams_200"] = streams(servers, args)
    if "starts" in args.parts:
        parts["starts"] = starts(args, folder, upstream)
    return table_of(parts), {name: samples.values for name, samples in parts.items()}


def table_of(parts: dict[str, Samples]) -> Table:
    table = Table()
    for name, connections in (("whole_64", 64), ("whole_1", 1)):
        if not (samples := parts.get(name)):
            continue
        plural = "s" if connections > 1 else ""
        whole = f"whole answers, {connections} connection{plural}"
        table.compare(f"{whole}: CPU per request", samples, "cpu", "us",
                      "1.0 × nginx" if connections == 64 else "")
        table.compare(f"{whole}: requests a second", samples, "rate", "")
        table.added(f"{whole}: added p50", samples, "p50")
        table.added(f"{whole}: added p99", samples, "p99")
    if samples := parts.get("streams_200"):
        table.compare("200 streams, 20 ms: CPU per chunk", samples, "cpu", "us", "1.0 × nginx")
        table.added("200 streams, 20 ms: first byte, added p50", samples, "first_p50")
        table.added("200 streams, 20 ms: first byte, added p99", samples, "first_p99", "500 us")
        table.added("200 streams, 20 ms: each chunk, added p50", samples, "delay_p50")
        table.added("200 streams, 20 ms: each chunk, added p99", samples, "delay_p99")
        table.compare("200 streams, 20 ms: from chunk to chunk, p99", samples, "gap_p99", "us")
    if samples := parts.get("memory"):
        table.compare("idle, RSS", samples, "idle_rss", "KiB", "15 MB")
        table.compare("idle, PSS", samples, "idle_pss", "KiB")
        table.compare(f"{MEMORY_STREAMS} streams, RSS", samples, "busy_rss", "KiB")
        table.compare(f"{MEMORY_STREAMS} streams, each", samples, "per_stream", "KiB", "32 KB")
    if samples := parts.get("prompts"):
        table.compare(f"{PROMPT_STREAMS} streams with prompts of {PROMPT_KIB} KiB, each", samples,
                      "per_stream", "KiB", "32 KB and the prompt")
    if samples := parts.get("starts"):
        table.compare("start to first answer", samples, "wall", "ms", "50 ms")
        table.compare("CPU until then", samples, "cpu", "ms")
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    root = Path(__file__).resolve().parents[3]
    parser.add_argument("--bin", type=Path, default=root / "build" / "release" / "bin")
    parser.add_argument("--tenon", type=Path, help="another program than that in --bin")
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1, help="I/O threads and nginx workers")
    parser.add_argument("--parts", nargs="+", default=["memory", "whole", "streams", "starts"])
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    args.tenon = args.tenon or args.bin / "tenon"
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        table, values = measure(args, stack, Path(folder))
    print(table.text())
    if args.json:
        args.json.write_text(json.dumps(values, indent=1))


if __name__ == "__main__":
    main()
