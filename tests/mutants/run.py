#!/usr/bin/env python3
"""Do the tests notice a defect? Plants each listed one in a copy of the core layer, builds the
part's tests there and expects them to fail.

    tests/mutants/run.py --part breaker [--jobs 2] [--only 3,7]

tests/mutants/<part>.txt has one mutant in each line,

    file|||exact text to replace|||replacement|||what it breaks

with `file` below host/src/core and the text found exactly once in it; \\n stands for a line end.
Empty lines and those that start with # are skipped. The tests are those of unit_core_<part>.
Everything is written to build/mutants/<part>. Exit status: 0 = all were killed.
"""

import argparse
import os
import queue
import shutil
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COPIED = [
    *("abi", "sdk", "host/cmake", "host/CMakeLists.txt", "host/src/base", "host/src/core"),
    *("tests/CMakeLists.txt", "tests/support/test_main.cpp"),
    *("tests/unit/CMakeLists.txt", "tests/unit/core"),
]
TOP = """cmake_minimum_required(VERSION 3.25)
project(tenon_mutants VERSION 0.0.0 LANGUAGES C CXX)
set(TENON_TESTS ON)
list(PREPEND CMAKE_MODULE_PATH "${PROJECT_SOURCE_DIR}/host/cmake" "${PROJECT_SOURCE_DIR}/sdk/cmake")
include(GNUInstallDirs)
include(TenonCompiler)
enable_testing()
foreach(dir IN ITEMS abi sdk host tests)
    add_subdirectory(${dir})
endforeach()
"""
BUILD_SECONDS = 600
TEST_SECONDS = 120  # a mutant may loop for ever


@dataclass(frozen=True)
class Mutant:
    line: int
    file: str
    old: str
    new: str
    breaks: str


def read_mutants(part: str) -> list[Mutant]:
    mutants = []
    path = ROOT / "tests/mutants" / f"{part}.txt"
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        fields = line.split("|||")
        if len(fields) != 4:
            sys.exit(f"{path.name}:{number}: four fields are wanted, here are {len(fields)}")
        file, old, new, breaks = (field.replace("\\n", "\n") for field in fields)
        source = ROOT / "host/src/core" / file
        found = source.read_text(encoding="utf-8").count(old) if source.is_file() else 0
        if found != 1:
            sys.exit(f"{path.name}:{number}: {file} has the text {found} times, not once")
        mutants.append(Mutant(number, file, old, new, breaks.strip()))
    return mutants


class Tree:
    """One worker's copy of the sources, with its own build directory."""

    def __init__(self, part: str, worker: int) -> None:
        self.target = f"unit_core_{part}"
        self.root = ROOT / "build/mutants" / part / str(worker)
        self.build = self.root / "build"
        self._copy()
        (self.root / "CMakeLists.txt").write_text(TOP, encoding="utf-8")
        self._run(
            ["cmake", "-S", self.root, "-B", self.build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug"],
            BUILD_SECONDS,
            "configure",
        )

    def _copy(self) -> None:
        for name in COPIED:
            source, target = ROOT / name, self.root / name
            if source.is_dir():
                # The times are kept, so that what is built stays; but the object of a file that can
                # be mutated may be one of a mutant.
                mutable = name.endswith("core")
                shutil.rmtree(target, ignore_errors=True)
                shutil.copytree(
                    source, target, copy_function=shutil.copyfile if mutable else shutil.copy2
                )
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, target)

    def _run(self, command: list, seconds: int, what: str) -> None:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=seconds, check=False
        )
        if done.returncode != 0:
            raise RuntimeError(f"cannot {what}:\n{done.stdout[-4000:]}{done.stderr[-4000:]}")

    def compile(self) -> None:
        self._run(["ninja", "-C", self.build, "-j1", self.target], BUILD_SECONDS, "build")

    def test(self) -> str:
        """SURVIVED, killed, or hung: a mutant that loops, or a machine that is too busy."""
        try:
            done = subprocess.run(
                [self._program(), "--log_level=nothing", "--report_level=no"],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=TEST_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return "hung"
        return "SURVIVED" if done.returncode == 0 else "killed"

    def _program(self) -> Path:
        found = [p for p in self.build.rglob(self.target) if p.is_file() and os.access(p, os.X_OK)]
        if len(found) != 1:
            raise RuntimeError(f"{self.target} is not where it should be")
        return found[0]

    def judge(self, mutant: Mutant) -> str:
        path = self.root / "host/src/core" / mutant.file
        original = path.read_text(encoding="utf-8")
        path.write_text(original.replace(mutant.old, mutant.new), encoding="utf-8")
        try:
            self.compile()
            return self.test()
        except RuntimeError as error:
            return f"INVALID, {error}"
        finally:
            path.write_text(original, encoding="utf-8")


def work(part: str, worker: int, todo: queue.SimpleQueue, results: dict, lock: threading.Lock):
    try:
        tree = Tree(part, worker)
        tree.compile()
        if tree.test() != "SURVIVED":
            raise RuntimeError("the tests do not pass without any mutant")
        while True:
            mutant = todo.get_nowait()
            verdict = tree.judge(mutant)
            with lock:
                results[mutant] = verdict
                print(f"{verdict:9} {part}.txt:{mutant.line} {mutant.file}: {mutant.breaks}", flush=True)
    except queue.Empty:
        pass
    except (RuntimeError, subprocess.TimeoutExpired) as error:
        with lock:
            print(error, file=sys.stderr)


def main() -> int:
    parser = argparse.ArgumentParser(description="Expects the core's tests to notice defects.")
    parser.add_argument("--part", required=True, help="which tests/mutants/<part>.txt")
    parser.add_argument("--jobs", type=int, default=1, help="copies of the tree at work")
    parser.add_argument("--only", default="", help="lines of that file, e.g. 3,7")
    arguments = parser.parse_args()

    mutants = read_mutants(arguments.part)
    if arguments.only:
        lines = {int(line) for line in arguments.only.split(",")}
        mutants = [mutant for mutant in mutants if mutant.line in lines]
    todo: queue.SimpleQueue = queue.SimpleQueue()
    for mutant in mutants:
        todo.put(mutant)
    results: dict[Mutant, str] = {}
    lock = threading.Lock()
    workers = [
        threading.Thread(target=work, args=(arguments.part, index, todo, results, lock))
        for index in range(max(1, arguments.jobs))
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    killed = sum(verdict in {"killed", "hung"} for verdict in results.values())
    print(f"{killed} of {len(mutants)} mutants killed")
    return 0 if killed == len(mutants) and mutants else 1


if __name__ == "__main__":
    sys.exit(main())
