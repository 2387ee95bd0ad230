#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace tenon::bench {

/// "--name VALUE" pairs. Ends the program with a message if one is not known or not a number.
class Options {
public:
    /// \param defaults also says which names there are.
    Options(int argc, char** argv, std::map<std::string, std::string, std::less<>> defaults);

    [[nodiscard]] const std::string& text(std::string_view name) const;
    [[nodiscard]] std::int64_t number(std::string_view name) const;
    [[nodiscard]] double ratio(std::string_view name) const;

private:
    std::map<std::string, std::string, std::less<>> values_;
};

/// Ends the program: a benchmark has nobody to report to but its user.
[[noreturn]] void die(const std::string& message);

}  // namespace tenon::bench
