#include "options.hpp"

#include <cstdio>
#include <cstdlib>

namespace tenon::bench {

void die(const std::string& message) {
    std::fprintf(stderr, "%s\n", message.c_str());
    std::exit(2);
}

Options::Options(int argc, char** argv, std::map<std::string, std::string, std::less<>> defaults)
    : values_(std::move(defaults)) {
    for (int i = 1; i < argc; i += 2) {
        const std::string_view word = argv[i];
        const auto found = word.starts_with("--") ? values_.find(word.substr(2)) : values_.end();
        if (found == values_.end()) {
            std::string known;
            for (const auto& [name, value] : values_) known += " --" + name + " [" + value + "]";
            die("unknown option '" + std::string(word) + "'; there are" + known);
        }
        if (i + 1 == argc) die("'" + std::string(word) + "' needs a value");
        found->second = argv[i + 1];
    }
}

const std::string& Options::text(std::string_view name) const {
    return values_.find(name)->second;
}

std::int64_t Options::number(std::string_view name) const {
    const std::string& value = text(name);
    char* end = nullptr;
    const std::int64_t number = std::strtoll(value.c_str(), &end, 10);
    if (value.empty() || *end != '\0') die("'" + value + "' is no number");
    return number;
}

double Options::ratio(std::string_view name) const {
    const std::string& value = text(name);
    char* end = nullptr;
    const double number = std::strtod(value.c_str(), &end);
    if (value.empty() || *end != '\0') die("'" + value + "' is no number");
    return number;
}

}  // namespace tenon::bench
