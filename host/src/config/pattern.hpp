#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "tenon/result.hpp"

namespace tenon::config {

/// A regular expression of a JSON Schema. It sees bytes, so that "." is one of an umlaut's two.
///
/// \par Thread-safety
/// Shared objects: safe.
class Pattern {
public:
    /// \return the pattern, or Code::invalid if `expression` is none.
    [[nodiscard]] static Result<Pattern> parse(std::string_view expression);

    /// Whether it matches somewhere in `text`. A search that would take too long counts as none.
    [[nodiscard]] bool occurs_in(std::string_view text) const;

private:
    struct Compiled;

    std::shared_ptr<const Compiled> compiled_;
};

}  // namespace tenon::config
