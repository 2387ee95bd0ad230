"""Who may include what: the tables of the house. docs/contributing.md says how to add a layer."""

# From below. A layer may include what stands to its left ...
ORDER = [
    "abi",
    "sdk",
    "base",
    "core",
    "wire",
    "net",
    "transport",
    "plugin",
    "provider",
    "router",
    "runtime",
    "gateway",
    "cli",
]

# ... except for these, which may include just what is listed.
EXACTLY = {
    "core": {"abi", "sdk", "base"},  # decides, and knows neither bytes nor sockets
    "wire": {"abi", "sdk", "base"},  # bytes only
    "net": {"abi", "sdk", "base"},  # sockets only
    "config": {"abi", "sdk", "base", "core", "wire"},
    "store": {"abi", "sdk", "base", "core"},
    "compiled_boost": set(),
    "host": {"abi", "sdk"},  # host/include, the public API
    "plugins": {"abi", "sdk"},
    "samples": {"abi", "sdk", "host"},
}

# Beside the order: who may include them.
BESIDE = {
    "config": {"runtime", "gateway", "cli"},
    "store": {"runtime", "gateway", "cli"},
    "host": {"runtime", "gateway", "cli"},
}


def allowed(layer: str) -> set[str]:
    """The layers that `layer` may include, itself among them."""
    if layer in EXACTLY:
        return EXACTLY[layer] | {layer}
    left = set(ORDER[: ORDER.index(layer) + 1])
    return left | {beside for beside, users in BESIDE.items() if layer in users}


def known(layer: str) -> bool:
    return layer in ORDER or layer in EXACTLY


# Libraries by the start of the included name: the files (fnmatch patterns) that may include them.
# The first entry that fits counts.
ABOVE_NET = [
    f"host/src/{layer}/*"
    for layer in ("net", "transport", "plugin", "provider", "router", "runtime", "gateway")
]
LIBRARIES = [
    ("boost/test/", ["tests/*"]),
    ("boost/dll", ["host/src/plugin/library.cpp"]),
    ("boost/beast/core/", ["host/src/wire/*", "host/src/transport/*", "tests/*"]),
    ("boost/beast", ["host/src/compiled_boost/*", "host/src/wire/*", "tests/*"]),
    ("boost/asio/buffer.hpp", ["host/src/wire/*", *ABOVE_NET, "tests/*"]),
    (
        "boost/asio",
        [
            "host/src/compiled_boost/*",
            *ABOVE_NET,
            "host/cli/*",
            "host/include/tenon/host/asio.hpp",
            "tests/*",
            "samples/*",
        ],
    ),
    ("boost/", ["host/src/*", "host/cli/*", "tests/*"]),
    (
        "rapidjson/",
        ["host/src/wire/*", "plugins/*", "sdk/src/testing/json_service.cpp", "tests/*"],
    ),
    ("spdlog/", ["host/src/base/log.cpp"]),
    ("fmt/", ["host/src/base/log.cpp"]),
    ("CLI/", ["host/cli/main.cpp", "host/cli/grammar*"]),
    ("openssl/", ["host/src/net/*", "tests/support/*"]),
    ("nghttp2/", ["host/src/wire/*", "tests/support/*"]),
    ("sqlite3.h", ["host/src/store/sqlite.cpp"]),
    (
        "prometheus/",
        [f"host/src/gateway/telemetry/metrics{rest}" for rest in ("*.cpp", "_families.hpp")],
    ),
    ("histedit.h", ["host/cli/*.cpp"]),
    ("editline/", ["host/cli/*.cpp"]),
    ("benchmark/", ["tests/bench/*"]),
]

# What is neither C++'s own nor in LIBRARIES must be of the system.
SYSTEM = ("sys/", "netinet/", "arpa/", "linux/", "net/")

# The C headers include these and nothing else.
ABI_STANDARD = {"stddef.h", "stdint.h"}

# Decisions are made without threads, files and clocks.
NOT_IN_CORE = {
    *("atomic", "mutex", "shared_mutex", "thread", "condition_variable", "future", "semaphore"),
    *("latch", "barrier", "stop_token", "ctime", "iostream", "fstream", "filesystem"),
}

# ... except that what every call passes, the breaker and what is counted, needs no lock around it.
LOCK_FREE = [
    f"host/src/core/{name}.hpp"
    for name in (
        *("breaker", "counters", "events", "ewma", "failure_window", "histogram"),
        *("in_flight", "probe_leases", "retry_budget"),
    )
]

# Time and chance are handed in.
NO_CLOCK = ["host/src/core/*", "host/src/provider/*"]

# Stream operations are expensive to instantiate.
STREAM_OPERATIONS = ["host/src/net/*", "host/src/transport/*.cpp", "tests/*"]

# Libraries as CMake names them, and the targets that may link them; "PUBLIC" if users may see it.
LINKS = {
    "spdlog::spdlog": {"tenon_base": "PRIVATE"},
    "tenon_rapidjson": {"tenon_wire": "PRIVATE"},
    "tenon_nghttp2": {"tenon_wire": "PRIVATE"},
    "OpenSSL::SSL": {"tenon_net": "PRIVATE", "tenon_boost": "PRIVATE"},
    "OpenSSL::Crypto": {"tenon_net": "PRIVATE", "tenon_boost": "PRIVATE"},
    "CLI11::CLI11": {"tenon": "PRIVATE"},
    "SQLite::SQLite3": {"tenon_store": "PRIVATE"},
    "prometheus-cpp::core": {"tenon_gateway": "PRIVATE"},
}
