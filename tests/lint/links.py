"""Rule `link`: targets link what their layer may include, and keep libraries PRIVATE."""

import re
from collections.abc import Iterator

import layers
from tree import Problem, Source

COMMAND = re.compile(r"\b(tenon_layer|target_link_libraries)\s*\(([^()]*)\)", re.DOTALL)
SECTIONS = {"SOURCES", "PUBLIC", "PRIVATE", "INTERFACE"}
HELPERS = {"tenon_options", "tenon_warnings"}
NAMED = {"tenon": "cli", "tenon_host": "runtime", "tenon_boost": "compiled_boost"}


def commands(source: Source) -> Iterator[tuple[int, str, list[tuple[str, str]]]]:
    """(line, target, [(section, what it links)]) of each command."""
    text = re.sub(r"#[^\n]*", lambda m: " " * len(m.group()), source.text)
    for match in COMMAND.finditer(text):
        words = re.sub(r"\$<BUILD_INTERFACE:(\w+)>", r"\1", match.group(2)).split()
        target = f"tenon_{words[0]}" if match.group(1) == "tenon_layer" else words[0]
        section, links = "", []
        for word in words[1:]:
            if word in SECTIONS:
                section = word
            elif section != "SOURCES":
                links.append((section, word.replace("tenon::", "tenon_")))
        yield source.line_of(match.start()), target, links


def layer_of(target: str) -> str | None:
    if target in NAMED:
        return NAMED[target]
    name = target.removeprefix("tenon_")
    return name if target.startswith("tenon_") and layers.known(name) else None


def check_links(source: Source) -> Iterator[Problem]:
    if not source.path.startswith(("host/", "plugins/")) or source.suffix != ".txt":
        return
    in_plugin = source.path.startswith("plugins/")
    for line, target, links in commands(source):
        layer = "plugins" if in_plugin else layer_of(target)
        for section, link in links:
            if link in HELPERS or "$" in target:
                continue
            if not section:
                yield source.problem(line, "link", f"{target}: say PRIVATE or PUBLIC for {link}")
            linked = layer_of(link)
            if linked and layer and linked != "compiled_boost" and linked not in layers.allowed(layer):
                yield source.problem(line, "link", f"{target} ({layer}) must not link {link}")
            if link in layers.LINKS and not in_plugin:
                if layers.LINKS[link].get(target) != section:
                    yield source.problem(
                        line, "link", f"{target} must not link {link} {section} (layers.py, LINKS)"
                    )
