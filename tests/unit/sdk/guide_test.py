"""The code in a guide is code that is compiled.

usage: guide_test.py REPOSITORY GUIDE

Each fenced block of the guide names its file in a comment above it (<!-- path -->) and stands in that
file as it is.
"""

import re
import sys
from pathlib import Path

BLOCK = re.compile(r"(?:<!-- (?P<path>\S+) -->\n)?^```(?P<language>\w+)\n(?P<code>.*?)^```$",
                   re.MULTILINE | re.DOTALL)


def problems(repository: Path, guide: str) -> list[str]:
    found = []
    blocks = list(BLOCK.finditer(guide))
    if not blocks:
        return ["there is no code in it"]
    for block in blocks:
        line = guide.count("\n", 0, block.start("code"))
        if block["path"] is None:
            found.append(f"line {line}: the code does not say which file it is from")
        elif block["code"] not in (repository / block["path"]).read_text(encoding="utf-8"):
            found.append(f"line {line}: the code is not in {block['path']} as it stands here")
    return found


def main() -> int:
    repository, guide = Path(sys.argv[1]), Path(sys.argv[2])
    found = problems(repository, (repository / guide).read_text(encoding="utf-8"))
    for problem in found:
        print(f"{guide}: {problem}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
