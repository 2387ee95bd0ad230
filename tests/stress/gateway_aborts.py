"""Clients that go away at random moments leave nothing behind in `tenon serve`.

    gateway_aborts.py --tenon PROGRAM --tools DIRECTORY [--aborts 10000] [--seed N]

Clients leave while they send, before the head, before the first delta and in the stream, with FIN or
RST. Others stay, and get all of theirs. Afterwards file descriptors, permits and every gauge are what
they were before, no failure is anybody's, and the upstream has nobody left. Exits with 1 otherwise.

File descriptors are compared exactly: connections to the upstream that idle are closed after 100 ms,
and the comparison waits for that."""

import argparse
import json
import re
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bench" / "gateway"))
from rig import Tenon, Upstream, result_of, stream_load, wait_until  # noqa: E402

PATIENCE = 60.0
CLIENTS = 50
# Heads come before the first delta by the keep-alive. A short list of traces is full after the
# warm-up, and a health check would be a connection at a moment of its own.
CHANGES = {
    "gateway": {"keep_alive": "5ms"},
    "http": {"keepalive_expiry": "100ms"},
    "health": {"active": False},
    "telemetry": {"traces": 20},
}
# Streams that nobody reads to the end: 1,000 s. Their first delta comes after some keep-alives.
LEAVING = {"connections": CLIENTS, "chunks": 50_000, "interval_ms": 20, "first_ms": 30,
           "abort_ratio": 1}
STAYING = {"connections": 5, "chunks": 20, "interval_ms": 5, "ramp_ms": 50}


class Failures:
    def __init__(self) -> None:
        self.count = 0

    def check(self, good: bool, what: str) -> None:
        print(("ok      " if good else "FAILED  ") + what)
        self.count += not good


def gauges(text: str) -> dict[str, float]:
    """Those of Tenon itself; the process's own numbers are looked at by themselves."""
    names = set(re.findall(r"^# TYPE (tenon_\w+) gauge$", text, re.M))
    found = {}
    for series, name, value in re.findall(r"^((\w+)\S*) (\S+)$", text, re.M):
        if name in names:
            found[series] = float(value)
    return found


class Storm:
    """One gateway, and what is sent to it."""

    def __init__(self, args: argparse.Namespace, folder: Path) -> None:
        self.tools = args.tools
        self.seed = args.seed
        self.upstream = Upstream(args.tools)
        self.tenon = Tenon(args.tenon, folder / "tenon", self.upstream.port, 2, CHANGES)
        self.failures = Failures()
        self.completed = 0
        self.aborts: dict[str, int] = {}

    def blow(self, aborts: int) -> None:
        """Some leave while others stay."""
        self.seed += 1
        leaving = stream_load(self.tools, self.tenon.port, streams=aborts, seed=self.seed, **LEAVING)
        staying = stream_load(self.tools, self.tenon.port, streams=max(10, aborts // 20), **STAYING)
        left, stayed = result_of(leaving), result_of(staying)
        self.completed += stayed["completed"]
        for phase, count in left["aborts"].items():
            self.aborts[phase] = self.aborts.get(phase, 0) + count
        self.failures.check(left["aborted"] == aborts and left["failed"] == 0,
                            f"{aborts} clients left: {left['aborts']}, failures {left['failures']}")
        self.failures.check(stayed["completed"] == stayed["started"],
                            f"{stayed['completed']} of {stayed['started']} others had their whole "
                            f"stream, failures {stayed['failures']}")

    def settle(self) -> None:
        """Until all that was under way has ended, as far as it ends."""
        quiet = wait_until(lambda: self.upstream_stats()["connections"] <= 1, PATIENCE)
        stats = self.upstream_stats()
        self.failures.check(quiet and stats["streams_open"] == 0,
                            f"the upstream has nobody left: {stats}")
        closed = wait_until(lambda: self.tenon.connections() == 0, PATIENCE)
        self.failures.check(closed, "the gateway has no connection left")

    def upstream_stats(self) -> dict:
        return self.upstream.get("/stats")

    def gauges(self) -> dict[str, float]:
        return gauges(self.tenon.ask("GET", "/metrics")[1])

    def provider(self) -> dict:
        return self.tenon.get("/admin/v1/status")["providers"][0]


def kinds(fds: list[str]) -> list[str]:
    return sorted(re.sub(r":\[\d+\]", "", fd) for fd in fds)


def compare(storm: Storm, fds_before: list[str], gauges_before: dict[str, float]) -> None:
    check = storm.failures.check
    before, after = kinds(fds_before), kinds(storm.tenon.fds())
    check(before == after, f"open file descriptors: {len(before)} before, {len(after)} after")
    gauges_after = storm.gauges()
    changed = {name: (value, gauges_after.get(name)) for name, value in gauges_before.items()
               if gauges_after.get(name) != value}
    check(len(gauges_before) > 20 and not changed,
          f"{len(gauges_before)} gauges are back, but for {changed}")
    provider = storm.provider()
    at_rest = {
        "permits held": provider["permits"]["held"],
        "waiting for permits": provider["permits"]["waiting"],
        "in flight": provider["in_flight"],
        "pool, active": provider["pool"]["active"],
        "pool, waiting": provider["pool"]["waiting"],
        "unfinished in the plugin": provider["unfinished"],
        "misbehaviours": provider["misbehaviours"],
        "requests listed": len(storm.tenon.get("/admin/v1/requests")["requests"]),
    }
    check(not any(at_rest.values()), f"nothing is left: {at_rest}")
    breaker = provider["breaker"]
    check(breaker["state"] == "closed" and breaker["failures"] == 0 and breaker["trips"] == 0
          and provider["health"] == "healthy", f"nobody is blamed: {json.dumps(breaker)}")
    attempts = provider["statistics"]["attempts"]
    check(attempts["failed"] == 0 and attempts["succeeded"] == storm.completed,
          f"only who stayed was served: {json.dumps(attempts)}")
    stats = storm.upstream_stats()
    check(stats["streams_ended"] == storm.completed and stats["streams_cancelled"] > 0,
          f"the upstream ended only what somebody waited for: {json.dumps(stats)}")
    check(all(count > 0 for count in storm.aborts.values()), f"every phase was met: {storm.aborts}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tenon", type=Path, required=True)
    parser.add_argument("--tools", type=Path, required=True, help="where the load generator is")
    parser.add_argument("--aborts", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rss-growth", type=int, default=1024, metavar="KIB",
                        help="from the second to the last third of the aborts; 0 = as it likes")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        storm = Storm(args, Path(folder))
        storm.blow(CLIENTS * 4)  # buffers, threads and lists are as large afterwards as they get
        storm.settle()
        fds_before = storm.tenon.fds()
        gauges_before = storm.gauges()
        memory = []
        for _ in range(3):
            storm.blow(args.aborts // 3 + 1)
            storm.settle()
            memory.append(storm.tenon.memory()["rss"])
        compare(storm, fds_before, gauges_before)
        storm.failures.check(not args.rss_growth or memory[2] - memory[1] <= args.rss_growth,
                             f"memory after each third, KiB: {memory}")
        storm.failures.check(storm.tenon.stop() == 0, "it ends well")
        storm.upstream.stop()
        if storm.failures.count:
            print(storm.tenon.log.read_text())
    return 1 if storm.failures.count else 0


if __name__ == "__main__":
    sys.exit(main())
