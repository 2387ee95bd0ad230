"""Rules of form: lengths, names, guards, and what must not be left lying about."""

import re
from collections.abc import Iterator

from tree import CPP, PAGE, Problem, Source

MAX_LINES = 400
MAX_TEST_LINES = 500
MAX_FUNCTION_LINES = 60


def check_length(source: Source) -> Iterator[Problem]:
    if not source.is_code and source.suffix not in {".py", ".cmake"} | PAGE:
        return
    limit = MAX_TEST_LINES if source.path.startswith("tests/") else MAX_LINES
    if len(source.lines) > limit:
        yield source.problem(
            limit + 1, "length", f"{len(source.lines)} lines; a file has at most {limit}"
        )


# --- Functions -----------------------------------------------------------------------------------


def functions(code: str) -> Iterator[tuple[int, int]]:
    """Offsets of each function's head and closing brace; lambdas belong to their function."""
    kinds: list[tuple[str, int]] = []  # open braces: kind, offset of the head
    head = 0
    for match in re.finditer(r"[{};]|^[ \t]*#.*$", code, re.MULTILINE):
        token = match.group()
        if token == "{":
            text = code[head : match.start()]
            outside = all(kind == "scope" for kind, _ in kinds)
            named = re.search(r"\b(?:namespace|class|struct|union|enum|extern)\b[^()]*$", text)
            if outside and named:
                kind = "scope"
            elif outside and ")" in text:
                kind = "function"
            else:
                kind = "block"
            kinds.append((kind, head + len(text) - len(text.lstrip())))
        elif token == "}" and kinds:
            kind, start = kinds.pop()
            if kind == "function":
                yield start, match.start()
        head = match.end()


def check_functions(source: Source) -> Iterator[Problem]:
    if not source.is_code or source.path.startswith("tests/"):  # tests have tables of cases
        return
    for start, end in functions(source.code):
        length = source.code.count("\n", start, end) + 1
        if length > MAX_FUNCTION_LINES:
            yield source.problem(
                source.line_of(start),
                "function-length",
                f"{length} lines; a function has at most {MAX_FUNCTION_LINES}",
            )


# --- Names ---------------------------------------------------------------------------------------

CAMEL = re.compile(r"(?<![\w.:>~])(?!k[A-Z])([a-z][a-z0-9_]*[A-Z]\w*)\s*\(")
WORD = r"\w[\w:]*(?:<[^;(){}]*>)?[&*]*"
PASCAL = re.compile(rf"^[ \t]*(?:({WORD})[ \t]+)+[&*]*([A-Z]\w*[a-z]\w*)\(", re.MULTILINE)
NOT_TYPES = {
    *("return", "co_return", "co_await", "co_yield", "throw", "new", "else", "explicit"),
    *("constexpr", "consteval", "inline", "friend", "case", "delete", "not", "typename"),
}
TYPE = re.compile(
    r"^[ \t]*(?:class|struct|enum class|enum)[ \t]+(\w+)\s*(?:final\s*)?(?::[^;(){]*)?\{",
    re.MULTILINE,
)
# Names that the language or the ABI prescribes.
PRESCRIBED = re.compile(r"promise_type$|hash$|tenon_\w+$")


def check_names(source: Source) -> Iterator[Problem]:
    if source.suffix not in CPP:
        return
    sax = any(name.startswith("rapidjson/") for _, name, _ in source.includes)
    for match in CAMEL.finditer(source.code):
        line = source.line_of(match.start(1))
        yield source.problem(line, "name", f"{match.group(1)}: functions are snake_case")
    for match in PASCAL.finditer(source.code):
        rest = source.code[match.end() :]
        overrides = re.match(r"[^;{]*\boverride\b", rest)  # the base class chose the name
        if not sax and not overrides and match.group(1) not in NOT_TYPES:
            line = source.line_of(match.start(2))
            yield source.problem(line, "name", f"{match.group(2)}: functions are snake_case")
    for match in TYPE.finditer(source.code):
        name = match.group(1)
        if not re.match(r"[A-Z]\w*$", name) and not PRESCRIBED.match(name):
            line = source.line_of(match.start(1))
            yield source.problem(line, "name", f"{name}: types are PascalCase")


def check_header(source: Source) -> Iterator[Problem]:
    if source.suffix == ".hpp":
        code = [line for line in source.code.splitlines() if line.strip()]
        if not code or code[0].strip() != "#pragma once":
            yield source.problem(1, "guard", "a C++ header starts with #pragma once")
        match = re.search(r"^[ \t]*using namespace\b", source.code, re.MULTILINE)
        if match:
            line = source.line_of(match.start())
            yield source.problem(line, "namespace", "no 'using namespace' in a header")
    elif source.suffix == ".h" and source.path.startswith("abi/"):
        below = source.path.removeprefix("abi/include/")
        guard = re.sub(r"\W", "_", below).upper()
        if f"#ifndef {guard}\n#define {guard}\n" not in source.text:
            yield source.problem(1, "guard", f"the guard of this header is {guard}")


# --- Coroutines ----------------------------------------------------------------------------------

# GCC 12 destroys a temporary that is made inside a co_await expression twice. Outside of the host
# such aggregates hold nothing that could be destroyed.
AWAITED_AGGREGATE = re.compile(r"\bco_await\b[^;{}]*[(,]\s*\{\s*\.")


def check_coroutines(source: Source) -> Iterator[Problem]:
    if not source.path.startswith("host/") or source.suffix not in (".cpp", ".hpp"):
        return
    for match in AWAITED_AGGREGATE.finditer(source.code):
        line = source.line_of(match.start())
        yield source.problem(line, "coroutine", "make the aggregate before it is awaited (GCC 12)")


# --- Left lying about ----------------------------------------------------------------------------

MARKER = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
MACHINE = re.compile(r"(?<![\w:/.*])/(?:home|root|work|Users)/\w\w")


def check_leftovers(source: Source) -> Iterator[Problem]:
    for number, line in enumerate(source.lines, 1):
        if MARKER.search(line):
            yield source.problem(number, "marker", "finish it, or write down why not")
        if MACHINE.search(line):
            yield source.problem(number, "machine", "names a directory of one machine")
        if line != line.rstrip() and source.suffix != ".md":
            yield source.problem(number, "space", "white space at the end")
    if source.text and not source.text.endswith("\n"):
        yield source.problem(len(source.lines), "space", "no line end at the end of the file")
