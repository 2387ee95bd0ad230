"""Rule `contract`: every function of the ABI says who owns what, what comes back, what stands in
for it, since when it exists, and from which threads it may be called."""

import re
from collections.abc import Iterator

from tree import Problem, Source

FUNCTION = re.compile(
    r"(?:/\*((?:(?!\*/).)*)\*/\s*)?^[ \t]*TENON_FN\([^,]+,\s*(\w+),", re.DOTALL | re.MULTILINE
)
PARTS = ["OWNERSHIP:", "RETURNS:", "DEFAULT IF NULL:", "SINCE:"]
TAG = re.compile(r"\[(?:setup|any-thread|conn-serial|host-thread)\](?: non-blocking\b.*)?\s*$")


def check_contracts(source: Source) -> Iterator[Problem]:
    if source.suffix != ".h" or not source.path.startswith("abi/"):
        return
    for match in FUNCTION.finditer(source.text):
        comment = re.sub(r"\s*\n\s*\*\s?", " ", match.group(1) or "").strip()
        line = source.line_of(match.start(2))
        missing = [part for part in PARTS if part not in comment]
        if not TAG.search(comment):
            missing.append("a thread tag as the last line")
        if missing:
            yield source.problem(
                line, "contract", f"{match.group(2)} lacks {', '.join(missing)}"
            )
