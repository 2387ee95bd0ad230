"""Tests the lint: a tree that keeps the rules passes, and each planted violation is reported."""

import tempfile
import unittest
from pathlib import Path

import layers
from lint import check

CLEAN = {
    "abi/include/tenon/abi.h": "#ifndef TENON_ABI_H\n#define TENON_ABI_H\n#include <stdint.h>\n#endif\n",
    "sdk/include/tenon/result.hpp": "#pragma once\n#include <string>\n",
    "sdk/src/testing/json_service.cpp": "#include <rapidjson/document.h>\n",
    "host/include/tenon/host/host.hpp": '#pragma once\n#include "tenon/result.hpp"\n',
    "host/include/tenon/host/asio.hpp": "#pragma once\n#include <boost/asio/post.hpp>\n",
    "host/src/base/log.hpp": "#pragma once\n",
    "host/src/base/log.cpp": '#include "base/log.hpp"\n\n#include <spdlog/spdlog.h>\n',
    "host/src/core/breaker.hpp": '#pragma once\n#include "base/log.hpp"\n',
    "host/src/wire/json.hpp": '#pragma once\n#include "base/log.hpp"\n',
    "host/src/net/stream.hpp": '#pragma once\n#include "base/log.hpp"\n',
    "host/src/net/stream.cpp": '#include "net/stream.hpp"\nvoid f() { async_read_some(1); }\n',
    "host/src/transport/http.hpp": '#pragma once\n#include "net/stream.hpp"\n#include "wire/json.hpp"\n',
    "host/src/provider/provider.hpp": '#pragma once\n#include "transport/http.hpp"\n',
    "host/src/config/config.hpp": '#pragma once\n#include "wire/json.hpp"\n',
    "host/src/runtime/host.cpp": '#include "config/config.hpp"\n#include "tenon/host/host.hpp"\n',
    "host/cli/main.cpp": "#include <CLI/CLI.hpp>\n",
    "plugins/mock/mock.cpp": '#include "tenon/result.hpp"\n',
    "plugins/mock/mock.hpp": "#pragma once\n",
    "tests/unit/core/breaker_test.cpp": '#include "core/breaker.hpp"\n',
    "host/src/base/CMakeLists.txt": "tenon_layer(base PRIVATE spdlog::spdlog)\n",
    "host/src/net/CMakeLists.txt": "tenon_layer(net SOURCES a.cpp PUBLIC tenon_base tenon_boost)\n",
}

FUNCTION = """/* Do it.
 * OWNERSHIP: none.
 * RETURNS: nothing. DEFAULT IF NULL: never NULL. SINCE: 1.0
 * [any-thread] non-blocking */
TENON_FN(void, act, void *ctx);
"""


def header(body: str) -> str:
    return f"#pragma once\n{body}\n"


def function_of(lines: int) -> str:
    return "void f() {\n" + "    g();\n" * (lines - 2) + "}\n"


# What is planted, where, and the rule that must report it (and no other rule).
PLANTED = [
    # layers
    ("layer", "host/src/base/up.hpp", header('#include "wire/json.hpp"')),
    ("layer", "host/src/core/up.hpp", header('#include "net/stream.hpp"')),
    ("layer", "host/src/core/bytes.hpp", header('#include "wire/json.hpp"')),
    ("layer", "host/src/wire/up.hpp", header('#include "net/stream.hpp"')),
    ("layer", "host/src/net/bytes.hpp", header('#include "wire/json.hpp"')),
    ("layer", "host/src/transport/up.hpp", header('#include "provider/provider.hpp"')),
    ("layer", "host/src/provider/settings.hpp", header('#include "config/config.hpp"')),
    ("layer", "host/src/config/up.hpp", header('#include "net/stream.hpp"')),
    ("layer", "host/src/provider/memory.hpp", header('#include "store/state_store.hpp"')),
    ("layer", "host/src/store/bytes.hpp", header('#include "wire/json.hpp"')),
    ("layer", "host/src/provider/facade.hpp", header('#include "tenon/host/host.hpp"')),
    ("layer", "host/include/tenon/host/in.hpp", header('#include "base/log.hpp"')),
    ("layer", "sdk/src/up.cpp", '#include "base/log.hpp"\n'),
    ("layer", "plugins/mock/up.cpp", '#include "base/log.hpp"\n'),
    ("layer", "plugins/other/beside.cpp", '#include "../mock/mock.hpp"\n'),
    ("layer", "samples/plugin/up.cpp", '#include "wire/json.hpp"\n'),
    ("layer", "tests/unit/core/up_test.cpp", '#include "net/stream.hpp"\n'),
    ("layer", "host/src/unknown/x.cpp", "int x;\n"),
    ("layer", "host/src/net/absent.cpp", '#include "net/absent.hpp"\n'),
    # libraries
    ("library", "host/src/net/json.cpp", "#include <rapidjson/document.h>\n"),
    ("library", "sdk/src/json.cpp", "#include <rapidjson/document.h>\n"),
    ("library", "host/src/net/log.cpp", "#include <spdlog/spdlog.h>\n"),
    ("library", "host/src/base/text.cpp", "#include <fmt/format.h>\n"),
    ("library", "host/src/plugin/scanner.cpp", "#include <boost/dll/shared_library.hpp>\n"),
    ("library", "host/cli/other.cpp", "#include <CLI/CLI.hpp>\n"),
    ("library", "host/src/core/timer.cpp", "#include <boost/asio/steady_timer.hpp>\n"),
    ("library", "host/src/config/timer.cpp", "#include <boost/asio/steady_timer.hpp>\n"),
    ("library", "host/src/wire/timer.cpp", "#include <boost/asio/steady_timer.hpp>\n"),
    ("library", "host/src/net/beast.cpp", "#include <boost/beast/http.hpp>\n"),
    ("library", "host/include/tenon/host/b.hpp", header("#include <boost/asio/post.hpp>")),
    ("library", "host/include/tenon/host/c.hpp", header("#include <boost/any.hpp>")),
    ("library", "sdk/include/tenon/b.hpp", header("#include <boost/any.hpp>")),
    ("library", "sdk/src/posix.cpp", "#include <unistd.h>\n"),
    ("library", "host/src/core/lock.cpp", "#include <mutex>\n"),
    ("library", "host/src/core/free.hpp", header("#include <atomic>")),
    ("library", "host/src/core/breaker.hpp", header("#include <mutex>")),
    ("library", "host/src/wire/tls.cpp", "#include <openssl/ssl.h>\n"),
    ("library", "host/src/runtime/store.hpp", header("#include <sqlite3.h>")),
    ("library", "host/src/store/other.cpp", "#include <sqlite3.h>\n"),
    ("library", "host/src/base/curl.cpp", "#include <curl/curl.h>\n"),
    (
        "library",
        "abi/include/tenon/abi/base.h",
        "#ifndef TENON_ABI_BASE_H\n#define TENON_ABI_BASE_H\n#include <stdbool.h>\n#endif\n",
    ),
    # what it uses
    ("clock", "host/src/core/now.cpp", "auto t = std::chrono::steady_clock::now();\n"),
    ("clock", "host/src/provider/now.cpp", "std::random_device chance;\n"),
    ("stream", "host/src/provider/io.cpp", "void f() { boost::asio::async_write(s, b, t); }\n"),
    ("stream", "host/src/transport/io.hpp", header("void f() { s.async_read_some(b, t); }")),
    # form
    ("length", "host/src/net/long.cpp", "int a;\n" * 401),
    ("length", "tests/long_test.cpp", "int a;\n" * 501),
    ("function-length", "host/src/net/f.cpp", function_of(61)),
    ("function-length", "host/src/net/g.cpp", "namespace a {\n\n" + function_of(61) + "\n}\n"),
    ("function-length", "host/src/net/h.hpp", header(f"class A {{\n{function_of(61)}}};")),
    ("name", "host/src/net/camel.cpp", "void doIt();\n"),
    ("name", "host/src/net/pascal.cpp", "Result<int> DoIt(int a);\n"),
    ("name", "host/src/net/type.cpp", "class my_type final : public Base {};\n"),
    ("guard", "host/src/net/bare.hpp", "int a;\n"),
    ("guard", "abi/include/tenon/abi/x.h", "#ifndef X_H\n#define X_H\n#endif\n"),
    ("namespace", "host/src/net/using.hpp", header("using namespace std;")),
    ("coroutine", "host/src/net/c.cpp", "int f() { co_await g(a,\n  {.b = c}); }\n"),
    ("marker", "docs/page.md", "TO" "DO: write this\n"),
    ("marker", "host/src/net/mark.cpp", "int a;  // FIX" "ME\n"),
    ("machine", "host/x.cmake", "set(x " "/home" "/somebody/x)\n"),
    ("space", "dev", "true \n"),
    ("space", "host/src/net/end.cpp", "int a;"),
    # links
    ("link", "host/src/wire/CMakeLists.txt", "tenon_layer(wire PUBLIC tenon_base tenon_net)\n"),
    ("link", "host/src/wire/CMakeLists.txt", "tenon_layer(wire PUBLIC tenon_rapidjson)\n"),
    ("link", "host/src/core/CMakeLists.txt", "tenon_layer(core PRIVATE spdlog::spdlog)\n"),
    ("link", "host/cli/CMakeLists.txt", "target_link_libraries(tenon tenon_runtime)\n"),
    ("link", "plugins/x/CMakeLists.txt", "target_link_libraries(x PRIVATE tenon_base)\n"),
    # the ABI's comments
    *(
        (
            "contract",
            "abi/include/tenon/abi/f.h",
            "#ifndef TENON_ABI_F_H\n#define TENON_ABI_F_H\n" + FUNCTION.replace(part, "") + "#endif\n",
        )
        for part in ("OWNERSHIP:", "RETURNS:", "DEFAULT IF NULL:", "SINCE:", "[any-thread]")
    ),
]

# What looks like a violation and is none.
INNOCENT = {
    "abi/include/tenon/abi/f.h": (
        "#ifndef TENON_ABI_F_H\n#define TENON_ABI_F_H\n" + FUNCTION + "#endif\n"
    ),
    "host/src/net/comment.cpp": "// doIt() of steady_clock::now(): async_write(\nint a;\n",
    "host/src/provider/text.cpp": 'const char* a = "steady_clock::now() async_read(";\n',
    "host/src/provider/raw.cpp": 'const char* a = R"(doIt("x") // async_read()";\nint b;\n',
    "host/src/wire/sax.cpp": "#include <rapidjson/reader.h>\nbool StartObject();\n",
    "host/src/wire/buffer.cpp": "#include <boost/asio/buffer.hpp>\n",
    "host/src/net/made.cpp": "Thing::Thing(int a)\n    : Base(a), b_(a) {}\nThing make() { return Thing(1); }\n",
    "host/src/net/posix.cpp": "#include <sys/socket.h>\n#include <unistd.h>\n\nstruct stat info{};\n",
    "host/src/net/sixty.cpp": function_of(60),
    "tests/bench/report.cpp": "void ReportRuns(const Runs& runs) override;\n",
    "docs/links.md": "https://example.com/home/page and build/h/work/x\n",
}


class Lint(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        directory = tempfile.TemporaryDirectory()
        cls.addClassCleanup(directory.cleanup)
        cls.root = Path(directory.name)
        for path, text in CLEAN.items():
            cls.write(path, text)

    @classmethod
    def write(cls, path: str, text: str) -> None:
        (cls.root / path).parent.mkdir(parents=True, exist_ok=True)
        (cls.root / path).write_text(text, encoding="utf-8")

    def problems_with(self, path: str, text: str) -> list[str]:
        """Of the clean tree with one more, or one other, file."""
        self.write(path, text)
        found = [f"{problem.rule} {problem}" for problem in check(self.root)]
        (self.root / path).unlink()
        if path in CLEAN:
            self.write(path, CLEAN[path])
        return found

    def test_a_clean_tree_passes(self) -> None:
        self.assertEqual(list(check(self.root)), [])

    def test_each_planted_violation_is_reported_by_its_rule(self) -> None:
        for rule, path, text in PLANTED:
            with self.subTest(rule=rule, path=path):
                found = self.problems_with(path, text)
                self.assertEqual([line.split()[0] for line in found], [rule], found)
                self.assertIn(path, found[0])

    def test_what_only_looks_like_a_violation_passes(self) -> None:
        for path, text in INNOCENT.items():
            with self.subTest(path=path):
                self.assertEqual(self.problems_with(path, text), [])

    def test_no_layer_may_include_what_may_include_it(self) -> None:
        every = [*layers.ORDER, *layers.EXACTLY]
        for one in every:
            for other in layers.allowed(one) - {one}:
                self.assertNotIn(one, layers.allowed(other), f"{one} and {other}")


if __name__ == "__main__":
    unittest.main()
