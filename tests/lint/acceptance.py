"""Checks that every statement of the acceptance list has a test, or a reason in docs/acceptance.

    python3 acceptance.py [--list] [root]

A test names its statement in a comment, such as "// P7" or "// D4, R12". With --list it prints where
each one is tested. Exits with 1 if a statement is nowhere."""

import re
import sys
from pathlib import Path

# docs/acceptance/README.md says what the letters stand for.
STATEMENTS = {"P": 20, "S": 10, "B": 18, "R": 15, "H": 15, "L": 14, "D": 10}
COMMENT = re.compile(r"//(.*)$")
ID = re.compile(r"\b([PSBRHLD][0-9]{1,2})\b")
CASE = re.compile(r"BOOST_\w*TEST_CASE\w*\(\s*(\w+)")


def all_statements() -> list[str]:
    return [f"{letter}{number}" for letter, most in STATEMENTS.items()
            for number in range(1, most + 1)]


def tests_of(root: Path) -> dict[str, list[str]]:
    """For each statement the places that name it, as "file:line case"."""
    found: dict[str, list[str]] = {}
    for path in sorted((root / "tests").rglob("*.[ch]pp")):
        case = ""
        lines = path.read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines, 1):
            # A comment stands in the case, or right before it.
            for near in lines[number - 1 : number + 2]:
                if named := CASE.search(near):
                    case = named.group(1)
                    break
            comment = COMMENT.search(line)
            for statement in ID.findall(comment.group(1)) if comment else []:
                place = f"{path.relative_to(root)}:{number} {case}".rstrip()
                found.setdefault(statement, []).append(place)
    return found


def reasons(root: Path) -> set[str]:
    text = "".join(path.read_text(encoding="utf-8")
                   for path in (root / "docs" / "acceptance").glob("*.md"))
    return set(ID.findall(text))


def main() -> int:
    words = [word for word in sys.argv[1:] if word != "--list"]
    root = Path(words[0]) if words else Path(__file__).resolve().parents[2]
    tests, explained = tests_of(root), reasons(root)
    missing = [s for s in all_statements() if s not in tests and s not in explained]
    if "--list" in sys.argv:
        for statement in all_statements():
            places = tests.get(statement, ["docs/acceptance says why there is no test"])
            print(f"{statement}: " + "; ".join(places))
    for statement in missing:
        print(f"{statement} has no test, and docs/acceptance does not say why")
    tested = sum(1 for s in all_statements() if s in tests)
    print(f"{tested} of {len(all_statements())} statements are named by tests, "
          f"{len(missing)} are nowhere")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
