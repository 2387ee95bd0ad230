#include <iostream>

#include "tenon/host/host.hpp"

// ask <plugin directory> <kind> <prompt>
int main(int, char** argv) {
    const auto host = tenon::host::Host::open({.plugin_directories = {argv[1]}});
    if (!host) return std::cerr << host.error().message << '\n', 1;
    const auto added = (*host)->add_provider({.name = "it", .kind = argv[2]});
    if (!added) return std::cerr << added.error().message << '\n', 1;
    const auto answer = (*host)->complete(argv[3]);
    if (!answer) return std::cerr << answer.error().message << '\n', 1;
    std::cout << answer->text << '\n';
}
