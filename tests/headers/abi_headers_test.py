"""Compiles each header of the ABI alone: C11, C17, C++17, C++20, without padding, without warnings.

    python3 abi_headers_test.py --include DIR --c gcc --cxx g++ [--c clang --cxx clang++]"""

import argparse
import os
import re
import subprocess
import sys
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wpadded", "-Wundef", "-Wshadow", "-Werror"]
STANDARDS = [("c", "c11"), ("c", "c17"), ("c++", "c++17"), ("c++", "c++20")]

OPTIONS = argparse.Namespace(c=["cc"], cxx=["c++"], include=Path("abi/include"))


def errors_of(compiler: str, language: str, standard: str, text: str) -> str:
    strict = ["-Wstrict-prototypes"] if language == "c" else ["-Wold-style-cast"]
    run = subprocess.run(
        [compiler, "-x", language, f"-std={standard}", *WARNINGS, *strict]
        + ["-fsyntax-only", "-I", str(OPTIONS.include), "-"],
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    return f"{compiler} -std={standard}: {text}{run.stderr}" if run.returncode else ""


class AbiHeaders(unittest.TestCase):
    def setUp(self) -> None:
        self.headers = [str(p.relative_to(OPTIONS.include)) for p in OPTIONS.include.rglob("*.h")]
        self.assertGreater(len(self.headers), 10)

    def everywhere(self, texts: list[str]) -> list[str]:
        """The errors of all compilers in all standards."""
        jobs = [
            (compiler, language, standard, text)
            for language, standard in STANDARDS
            for compiler in (OPTIONS.c if language == "c" else OPTIONS.cxx)
            for text in texts
        ]
        with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
            return [errors for errors in pool.map(lambda job: errors_of(*job), jobs) if errors]

    def test_each_header_compiles_alone_and_twice(self) -> None:
        texts = [f'#include "{h}"\n' * 2 + "typedef int not_empty;\n" for h in self.headers]
        self.assertEqual("\n".join(self.everywhere(texts)), "")

    def test_padding_would_be_noticed(self) -> None:
        # Clang lays a struct out, and warns, when somebody asks for its size.
        text = (
            '#include "tenon/abi.h"\n'
            "struct padded { uint32_t a; uint64_t b; };\n"
            "extern char size[sizeof(struct padded)];\n"
        )
        caught = self.everywhere([text])
        self.assertEqual(len(caught), 2 * (len(OPTIONS.c) + len(OPTIONS.cxx)))

    def test_the_umbrella_includes_every_stable_header(self) -> None:
        umbrella = (OPTIONS.include / "tenon/abi.h").read_text(encoding="utf-8")
        included = set(re.findall(r'#include "([^"]+)"', umbrella))
        stable = {h for h in self.headers if "/draft/" not in h} - {"tenon/abi.h"}
        self.assertEqual(included, stable)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--include", type=Path, required=True)
    parser.add_argument("--c", action="append", required=True)
    parser.add_argument("--cxx", action="append", required=True)
    OPTIONS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest])
