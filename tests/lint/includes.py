"""Rules `layer`, `library`, `clock` and `stream`: what a file includes and uses fits its layer."""

import posixpath
import re
from collections.abc import Iterator
from fnmatch import fnmatch

import layers
from tree import Problem, Source

ROOTS = ["host/src", "host", "host/include", "sdk/include", "abi/include"]


def owner(path: str) -> str | None:
    """The layer that a file belongs to; None outside the house (tests are handled apart)."""
    parts = path.split("/")
    if parts[:2] == ["host", "src"]:
        return parts[2]
    if parts[:2] == ["host", "cli"]:
        return "cli"
    if parts[:2] == ["host", "include"]:
        return "host"
    return parts[0] if parts[0] in {"abi", "sdk", "plugins", "samples"} else None


def fits(path: str, patterns: list[str]) -> bool:
    return any(fnmatch(path, pattern) for pattern in patterns)


class Includes:
    def __init__(self, sources: list[Source]) -> None:
        self.files = {source.path for source in sources}

    def resolve(self, source: Source, name: str) -> str | None:
        """The file of this project that a quoted include means."""
        roots = [posixpath.dirname(source.path), *ROOTS]
        if source.path.startswith("sdk/src/"):
            roots.append("sdk/src")
        for root in roots:
            path = posixpath.normpath(posixpath.join(root, name))
            if path in self.files:
                return path
        if source.path.startswith("tests/"):  # tests look into the insides of what they test
            return next((path for path in sorted(self.files) if path.endswith(f"/{name}")), None)
        return None

    def check(self, source: Source) -> Iterator[Problem]:
        if not source.is_code:
            return
        layer = owner(source.path)
        if layer and not layers.known(layer):
            yield source.problem(
                1, "layer", f"'{layer}' is no layer: give it a place in tests/lint/layers.py"
            )
            return
        for line, name, quoted in source.includes:
            path = self.resolve(source, name) if quoted else None
            if path:
                yield from self.check_layer(source, line, path)
            elif quoted:
                yield source.problem(line, "layer", f'"{name}" is not a file of this project')
            else:
                yield from check_library(source, line, name)

    def check_layer(self, source: Source, line: int, path: str) -> Iterator[Problem]:
        layer, target = owner(source.path), owner(path)
        if layer is None:  # a test: of one layer, or of the whole
            tested = re.match(r"tests/unit/(\w+)/", source.path)
            layer = tested.group(1) if tested else "cli"
            if target is None or not layers.known(layer) or layer in {"plugins", "sdk"}:
                return
        if target == "plugins" and layer == "plugins":
            own, other = source.path.split("/")[1], path.split("/")[1]
            if own != other:
                yield source.problem(line, "layer", f"plugin {own} includes plugin {other}")
        elif target is None:
            yield source.problem(line, "layer", f"{layer} includes a file of the tests")
        elif target not in layers.allowed(layer):
            yield source.problem(line, "layer", f"{layer} must not include {target} ({path})")


def check_library(source: Source, line: int, name: str) -> Iterator[Problem]:
    layer = owner(source.path)
    if layer == "abi":
        if name not in layers.ABI_STANDARD:
            yield source.problem(line, "library", f"abi includes <{name}>")
        return
    lock_free = name == "atomic" and fits(source.path, layers.LOCK_FREE)
    if layer == "core" and name in layers.NOT_IN_CORE and not lock_free:
        yield source.problem(line, "library", f"core includes <{name}>: it only decides")
    for prefix, patterns in layers.LIBRARIES:
        if name.startswith(prefix):
            if not fits(source.path, patterns):
                where = ", ".join(patterns)
                yield source.problem(line, "library", f"<{name}> belongs to {where}")
            return
    if "/" in name and not name.startswith(layers.SYSTEM):
        yield source.problem(
            line, "library", f"<{name}> is of a library that tests/lint/layers.py does not know"
        )
    elif name.endswith(".h") and layer in {"sdk", "core"}:
        yield source.problem(line, "library", f"{layer} includes <{name}>: C++'s own headers only")


CLOCK = re.compile(r"_clock::now\s*\(|\brandom_device\b|\bsleep_(?:for|until)\s*\(")
STREAM = re.compile(
    r"\basync_(?:read|write|connect|accept|handshake|shutdown|resolve|receive|send)(?:_\w+)?\s*\("
)


def check_uses(source: Source) -> Iterator[Problem]:
    if not source.is_code:
        return
    if fits(source.path, layers.NO_CLOCK):
        for match in CLOCK.finditer(source.code):
            line = source.line_of(match.start())
            yield source.problem(line, "clock", "time and chance are handed in here")
    if not fits(source.path, layers.STREAM_OPERATIONS):
        for match in STREAM.finditer(source.code):
            line = source.line_of(match.start())
            name = match.group().rstrip(" (")
            yield source.problem(line, "stream", f"{name}: only net and transport touch streams")
