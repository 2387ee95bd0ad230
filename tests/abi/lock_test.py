"""Tests the layout lock (abi_layout_*.c): it knows the whole ABI, and it catches every change.

    python3 lock_test.py --compiler cc --include DIR

A gate that cannot fail is worth nothing. So each member, function and constant of the headers is
changed in turn, in a copy, and the lock must refuse to compile."""

import argparse
import os
import re
import subprocess
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from headers import Constant, Member, Struct, read_surface

HERE = Path(__file__).parent
VERSION = Path("tenon/abi/version.h")
LOCKS = sorted(HERE.glob("abi_layout_*.c"))

OPTIONS = argparse.Namespace(compiler="cc", include=HERE.parents[1] / "abi" / "include")


@dataclass
class Mutant:
    """The headers with one change."""

    what: str
    path: Path
    text: str
    raise_minor: bool = False


def source(path: Path) -> str:
    return (OPTIONS.include / path).read_text(encoding="utf-8")


def replaced(path: Path, start: int, length: int, by: str) -> str:
    text = source(path)
    return text[:start] + by + text[start + length :]


def raised(text: str) -> str:
    """version.h with the next minor."""
    changed, count = re.subn(
        r"(#define TENON_ABI_CURRENT TENON_ABI\(1, )(\d+)",
        lambda m: m.group(1) + str(int(m.group(2)) + 1),
        text,
    )
    assert count == 1, "version.h does not define TENON_ABI_CURRENT as expected"
    return changed


# How gcc and clang word what a lock is meant to provoke; another error means a faulty mutation.
BY_LOCK = re.compile(r"static.assert|redefined|no member named|too many errors")


def compiles(mutant: Mutant | None) -> tuple[bool, str]:
    """Compiles every lock against the mutated headers, which shadow the real ones."""
    with tempfile.TemporaryDirectory() as shadow:
        if mutant:
            files = {mutant.path: mutant.text}
            if mutant.raise_minor:
                files[VERSION] = raised(files.get(VERSION, source(VERSION)))
            for path, text in files.items():
                (Path(shadow) / path).parent.mkdir(parents=True, exist_ok=True)
                (Path(shadow) / path).write_text(text, encoding="utf-8")
        command = [OPTIONS.compiler, "-std=c11", "-Werror", "-fsyntax-only"]
        command += ["-I", shadow, "-I", str(OPTIONS.include), *map(str, LOCKS)]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        return run.returncode == 0, run.stderr


# --- Mutations -----------------------------------------------------------------------------------

OTHER_TYPE = {
    "uint32_t": "int32_t",
    "int32_t": "uint32_t",
    "uint64_t": "int64_t",
    "int64_t": "uint64_t",
    "size_t": "int64_t",
    "double": "uint64_t",
    "tenon_str": "struct { char *p; size_t n; }",
}


def retyped(member: Member) -> str:
    if member.is_function:  # one more parameter
        return member.text[:-1] + ", int32_t mutated)"
    kind = member.text[: -len(member.name)].strip()
    return f"{OTHER_TYPE.get(kind, 'int64_t *')} {member.name}"


def with_other_return(member: Member) -> str:
    return re.sub(r"TENON_FN\(.*?[\w*],", "TENON_FN(double,", member.text, count=1, flags=re.DOTALL)


def member_mutants(struct: Struct) -> list[Mutant]:
    mutants = []
    for i, member in enumerate(struct.members):
        name = f"{struct.name}::{member.name}"

        def change(what: str, start: int, length: int, by: str) -> None:
            text = replaced(struct.path, start, length, by)
            mutants.append(Mutant(f"{name} {what}", struct.path, text, raise_minor=True))

        at, length = member.start, len(member.text)
        if i == len(struct.members) // 2:  # one is enough: it moves all that follow
            change("with a member before it", at, 0, "uint64_t mutated; ")
        change("with another type", at, length, retyped(member))
        if member.is_function:
            change("with another return type", at, length, with_other_return(member))
        if i + 1 < len(struct.members):
            following = struct.members[i + 1]
            between = source(struct.path)[at + length : following.start]
            end = following.start + len(following.text)
            change("after its successor", at, end - at, following.text + between + member.text)
        else:
            change("left out", at, length + 1, "")
    return mutants


def constant_mutant(constant: Constant) -> Mutant:
    if constant.name == "TENON_ABI_CURRENT":
        other = "TENON_ABI(2, 0)"
    else:
        other = '"mutated"' if constant.value.startswith('"') else f"(77 + ({constant.value}))"
    text = replaced(constant.path, constant.start, len(constant.value), other)
    return Mutant(f"{constant.name} = {other}", constant.path, text)


def appended(struct: Struct, raise_minor: bool) -> Mutant:
    text = replaced(struct.path, struct.end, 0, "uint64_t mutated;\n")
    return Mutant(f"{struct.name} with a member at its end", struct.path, text, raise_minor)


def may_grow(struct: Struct) -> bool:
    """What the header says: a struct without a size of its own, or one that is called frozen."""
    comment = source(struct.path).rsplit(f"typedef struct {struct.name} {{", 1)[0][-400:]
    frozen = "Frozen: never grows" in comment.rsplit("\n\n", 1)[-1]
    return struct.members[0].name == "struct_size" and not frozen


# --- Tests ---------------------------------------------------------------------------------------


class LayoutLock(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.surface = read_surface(OPTIONS.include)

    def survivors(self, mutants: list[Mutant]) -> list[str]:
        self.assertTrue(mutants)
        with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
            results = list(pool.map(compiles, mutants))
        for mutant, (_, output) in zip(mutants, results):
            errors = [line for line in output.splitlines() if "error:" in line]
            others = [line for line in errors if not BY_LOCK.search(line)]
            self.assertEqual(others, [], f"not caught by a lock: {mutant.what}")
        return [mutant.what for mutant, (ok, _) in zip(mutants, results) if ok]

    def test_the_headers_as_they_are_fit_the_lock(self) -> None:
        ok, errors = compiles(None)
        self.assertTrue(ok, errors)

    def test_every_member_and_constant_of_the_headers_is_locked(self) -> None:
        lock = "\n".join(path.read_text(encoding="utf-8") for path in LOCKS)
        names = [
            f"{'FUNCTION' if m.is_function else 'MEMBER'}({s.name}, {m.name},"
            for s in self.surface.structs
            for m in s.members
        ]
        for constant in self.surface.constants:
            if constant.name != "TENON_ABI_CURRENT":
                names.append(
                    f"#define {constant.name} "
                    if constant.is_macro
                    else f"VALUE({constant.name},"
                )
        self.assertGreater(len(names), 100)
        missing = [name for name in names if name not in lock]
        self.assertFalse(missing, "lock these in the abi_layout file of the next minor")

    def test_the_lock_of_the_current_minor_states_every_size(self) -> None:
        current = re.search(r"TENON_ABI_CURRENT TENON_ABI\(1, (\d+)\)", source(VERSION))
        lock = HERE / f"abi_layout_1_{current.group(1)}.c"
        text = lock.read_text(encoding="utf-8")
        for struct in self.surface.structs:
            kind = "STRUCT" if may_grow(struct) else "FROZEN"
            self.assertIn(f"\n{kind}({struct.name}, ", text, f"{lock.name} lacks it")

    def test_any_change_to_a_member_breaks_the_lock(self) -> None:
        mutants = [m for struct in self.surface.structs for m in member_mutants(struct)]
        self.assertEqual(self.survivors(mutants), [])

    def test_any_change_to_a_constant_breaks_the_lock(self) -> None:
        mutants = [constant_mutant(constant) for constant in self.surface.constants]
        self.assertEqual(self.survivors(mutants), [])

    def test_any_change_to_a_handle_or_callback_type_breaks_the_lock(self) -> None:
        base, timer = Path("tenon/abi/base.h"), Path("tenon/abi/service/timer.h")
        mutants = []
        for path, old, new in [
            (base, "uint64_t tenon_call", "uint32_t tenon_call"),
            (base, "uint64_t tenon_op", "int64_t tenon_op"),
            (base, "int32_t tenon_status", "int64_t tenon_status"),
            (timer, "(void *user, tenon_status status)", "(void *user)"),
            (Path("tenon/abi/entry.h"), "(uint32_t host_abi)", "(uint64_t host_abi)"),
            (VERSION, "0x10000u + (minor)", "0x1000u + (minor)"),
        ]:
            text = source(path)
            self.assertEqual(text.count(old), 1, f"{path} has no '{old}'")
            mutants.append(Mutant(f"{old} -> {new}", path, text.replace(old, new)))
        self.assertEqual(self.survivors(mutants), [])

    def test_a_member_at_the_end_needs_a_new_minor(self) -> None:
        mutants = [appended(s, raise_minor=False) for s in self.surface.structs]
        self.assertEqual(self.survivors(mutants), [])

    def test_a_member_at_the_end_of_a_sized_struct_fits_a_new_minor(self) -> None:
        for struct in filter(may_grow, self.surface.structs):
            with self.subTest(struct=struct.name):
                ok, errors = compiles(appended(struct, raise_minor=True))
                self.assertTrue(ok, errors)

    def test_a_member_at_the_end_of_a_frozen_struct_breaks_the_lock(self) -> None:
        frozen = [s for s in self.surface.structs if not may_grow(s)]
        self.assertEqual(self.survivors([appended(s, raise_minor=True) for s in frozen]), [])


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--compiler", default=OPTIONS.compiler)
    parser.add_argument("--include", type=Path, default=OPTIONS.include)
    OPTIONS, rest = parser.parse_known_args(namespace=OPTIONS)
    unittest.main(argv=[__file__, *rest])
