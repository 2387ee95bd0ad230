#!/usr/bin/env python3
"""Instructions of `tenon serve` for one request and for one chunk of a stream, counted by callgrind:
the same on a busy machine as on an idle one, but without the kernel's part.

    instructions.py [--bin build/release/bin] [--keep DIRECTORY]

With --keep the profiles stay there, for callgrind_annotate."""

import argparse
import http.client
import re
import subprocess
import tempfile
from pathlib import Path

from rig import BODY, CHAT, Tenon, Upstream, result_of, stream_load

REQUESTS = 500
STREAMS = {"streams": 40, "connections": 20, "chunks": 100, "interval_ms": 50}


def control(tenon: Tenon, *words: str) -> None:
    subprocess.run(["callgrind_control", *words, str(tenon.process.pid)], check=True,
                   capture_output=True)


def ask(port: int, count: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    for _ in range(count):
        connection.request("POST", CHAT, BODY, {"content-type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, answer.status
    connection.close()


def counted(tenon: Tenon, folder: Path, name: str) -> int:
    """Since the last time; keeps the profile under `name`."""
    control(tenon, "--instr=off")
    before = set(folder.glob("callgrind.out.*"))
    control(tenon, "--dump")
    (dump,) = set(folder.glob("callgrind.out.*")) - before
    control(tenon, "--zero")
    dump = dump.rename(folder / f"{name}.callgrind")
    text = dump.read_text()
    return int(re.search(r"^totals: (\d+)", text, re.M).group(1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    root = Path(__file__).resolve().parents[3]
    parser.add_argument("--bin", type=Path, default=root / "build" / "release" / "bin")
    parser.add_argument("--keep", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        upstream = Upstream(args.bin)
        wrapper = Path(temporary) / "tenon"
        wrapper.write_text("#!/bin/sh\nexec valgrind -q --tool=callgrind --instr-atstart=no "
                           f"--callgrind-out-file={folder}/callgrind.out "
                           f"'{args.bin.resolve()}/tenon' \"$@\"\n")
        wrapper.chmod(0o755)
        tenon = Tenon(wrapper, Path(temporary) / "state", upstream.port)
        ask(tenon.port, 100)
        result_of(stream_load(args.bin, tenon.port, **STREAMS))
        control(tenon, "--instr=on")
        ask(tenon.port, REQUESTS)
        print(f"whole answer: {counted(tenon, folder, 'whole') / REQUESTS:,.0f} instructions")
        control(tenon, "--instr=on")
        seen = result_of(stream_load(args.bin, tenon.port, **STREAMS))
        assert seen["failed"] == 0, seen["failures"]
        each = counted(tenon, folder, "stream") / seen["chunks"]
        print(f"stream of 100 chunks: {each:,.0f} instructions a chunk")
        tenon.stop()
        upstream.stop()


if __name__ == "__main__":
    main()
