#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tenon/result.hpp"

namespace tenon::config {

/// The value of an environment variable, or nothing if it is not set. Injected, so that tests and
/// embedding applications decide what is there.
using Environment = std::function<std::optional<std::string>(std::string_view name)>;

/// The environment of this process.
/// \par Thread-safety
/// As getenv(): no thread may change the environment meanwhile.
[[nodiscard]] Environment process_environment();

struct Expansion {
    std::string text;
    bool used_environment = false;   ///< the text has a part that is not in the file
    std::vector<std::string> unset;  ///< variables without value and default; they count as empty
};

/// Replaces ${NAME} and ${NAME:-default} (the default also if the variable is empty, as in a
/// shell); $${ stands for a literal ${. Values are not expanded again.
/// \return Code::invalid if a ${ is not closed or has no proper name.
[[nodiscard]] Result<Expansion> expand(std::string_view text, const Environment& environment);

/// Writes `text` so that expand() gives it back.
[[nodiscard]] std::string escape_references(std::string_view text);

}  // namespace tenon::config
