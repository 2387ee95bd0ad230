"""Checks the house's rules that a compiler does not know.

    python3 lint.py [root]

Prints one line for each violation; exits with 1 if there is one."""

import sys
from collections.abc import Iterator
from pathlib import Path

import contracts
import includes
import links
import style
from tree import Problem, read_tree


def check(root: Path) -> Iterator[Problem]:
    sources = read_tree(root)
    rules = [
        includes.Includes(sources).check,
        includes.check_uses,
        style.check_length,
        style.check_functions,
        style.check_names,
        style.check_header,
        style.check_coroutines,
        style.check_leftovers,
        links.check_links,
        contracts.check_contracts,
    ]
    for source in sources:
        for rule in rules:
            yield from rule(source)


def main() -> int:
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[2]
    problems = list(check(root))
    for problem in problems:
        print(problem)
    print(f"{len(problems)} problems" if problems else "no problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
