#include <iostream>

#include "tenon/host/host.hpp"

int main(int argc, char** argv) {
    if (argc != 3) return std::cerr << "usage: host_app PLUGIN_DIRECTORY PROMPT\n", 2;
    auto host = tenon::host::Host::open({.plugin_directories = {argv[1]}});
    if (!host) return std::cerr << host.error().message << '\n', 1;
    const auto answer =
        (*host)->complete({.provider = "mock", .messages = {{"user", argv[2]}}},
                          [](const auto& delta) { std::cout << delta.text << std::flush; });
    if (!answer) return std::cerr << answer.error().message << '\n', 1;
    std::cout << '\n';
}
