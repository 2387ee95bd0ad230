"""Reads the public C headers of the ABI: structs with their members, enumerators, macros.

Understands the style in which these headers are written, not C in general."""

import re
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Member:
    name: str
    text: str  # the declaration without the semicolon, as it stands in the header
    start: int  # offset of `text` in the file
    is_function: bool


@dataclass
class Struct:
    name: str
    path: Path  # below the include directory
    end: int  # offset of the closing brace
    members: list[Member] = field(default_factory=list)


@dataclass
class Constant:
    name: str
    path: Path
    value: str  # as it is written
    start: int  # offset of `value` in the file
    is_macro: bool


@dataclass
class Surface:
    structs: list[Struct] = field(default_factory=list)
    constants: list[Constant] = field(default_factory=list)


def without_comments(text: str) -> str:
    """Blanks comments out, so that offsets stay right."""
    return re.sub(
        r"/\*.*?\*/", lambda m: re.sub(r"[^\n]", " ", m.group()), text, flags=re.DOTALL
    )


# Vocabulary that only the preprocessor sees; everything else that looks like a constant is locked.
NOT_VALUES = re.compile(r"TENON_(ABI(_\w+)?_H|VERSION_\w+|NOEXCEPT|EXTERN_C_\w+|CALL|EXPORT)$")


def read_header(path: Path, relative: Path, surface: Surface) -> None:
    text = without_comments(path.read_text(encoding="utf-8"))
    for match in re.finditer(r"typedef struct (\w+) \{(.*?)\n\} \1;", text, re.DOTALL):
        struct = Struct(match.group(1), relative, match.end(2) + 1)
        for part in re.finditer(r"[^;]+;", match.group(2)):
            declaration = part.group()[:-1]
            start = match.start(2) + part.start() + len(declaration) - len(declaration.lstrip())
            declaration = declaration.strip()
            function = re.match(r"TENON_FN\(.*?[\w*],\s*(\w+),", declaration, re.DOTALL)
            name = function.group(1) if function else re.search(r"(\w+)$", declaration).group(1)
            struct.members.append(Member(name, declaration, start, bool(function)))
        surface.structs.append(struct)
    for match in re.finditer(r"^enum \w+ \{(.*?)^\};", text, re.DOTALL | re.MULTILINE):
        for part in re.finditer(r"(TENON_\w+) = ([^,\n]+)", match.group(1)):
            surface.constants.append(
                Constant(
                    part.group(1),
                    relative,
                    part.group(2).strip(),
                    match.start(1) + part.start(2),
                    False,
                )
            )
    for match in re.finditer(r"^#define (TENON_\w+) (\S.*?) *$", text, re.MULTILINE):
        if not NOT_VALUES.match(match.group(1)):
            surface.constants.append(
                Constant(match.group(1), relative, match.group(2), match.start(2), True)
            )


def read_surface(include: Path) -> Surface:
    surface = Surface()
    for path in sorted(include.rglob("*.h")):
        if "draft" not in path.parts:
            read_header(path, path.relative_to(include), surface)
    return surface
