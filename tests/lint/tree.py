"""The files of the project, as the rules see them."""

import os
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

CPP = {".hpp", ".cpp"}
C = {".h", ".c"}
PAGE = {".js", ".mjs", ".css"}
TEXT = CPP | C | {".cmake", ".txt", ".py", ".md", ".json", ".sh", ".in", ".map", ".yml", ".html"} | PAGE
NAMED = {"dev", "run", ".clang-format", ".clang-tidy", ".gitignore", ".gitattributes"}
SKIPPED = {"build", ".git", "__pycache__", ".cache"}


@dataclass(frozen=True)
class Problem:
    path: str
    line: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message} [{self.rule}]"


def _blank(match: re.Match) -> str:
    text = match.group()
    if text.startswith(("/*", "//")):
        return re.sub(r"[^\n]", " ", text)
    return '"' + re.sub(r"[^\n]", " ", text[1:-1]) + '"'  # a literal stays one, but empty


# Raw strings first: quotes and slashes inside them mean nothing.
_NOT_CODE = re.compile(
    r'R"(?P<mark>[^\s()]*)\(.*?\)(?P=mark)"'
    r"|//[^\n]*|/\*.*?\*/"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'",
    re.DOTALL,
)


class Source:
    """One text file. `code` is its text with comments and literals blanked out, line by line."""

    def __init__(self, root: Path, path: str) -> None:
        self.path = path
        self.suffix = Path(path).suffix
        self.text = (root / path).read_text(encoding="utf-8")

    @cached_property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @cached_property
    def code(self) -> str:
        return _NOT_CODE.sub(_blank, self.text)

    @cached_property
    def includes(self) -> list[tuple[int, str, bool]]:
        """(line, name, is quoted)"""
        found = []
        for number, line in enumerate(self.lines, 1):
            match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
            if match:
                found.append((number, match.group(2), match.group(1) == '"'))
        return found

    def line_of(self, offset: int) -> int:
        return self.text.count("\n", 0, offset) + 1

    @property
    def is_code(self) -> bool:
        return self.suffix in CPP | C

    def problem(self, line: int, rule: str, message: str) -> Problem:
        return Problem(self.path, line, rule, message)


def read_tree(root: Path) -> list[Source]:
    sources = []
    for directory, names, files in os.walk(root):
        here = Path(directory)
        names[:] = sorted(
            name
            for name in names
            if name not in SKIPPED and (not name.startswith(".") or name == ".ci")
        )
        for name in sorted(files):
            if Path(name).suffix in TEXT or name in NAMED:
                sources.append(Source(root, (here / name).relative_to(root).as_posix()))
    return sources
