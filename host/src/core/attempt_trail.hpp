#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "tenon/error.hpp"

namespace tenon::core {

/// Why the tries of one request failed, in order, so that the last error does not hide the first.
/// Nothing is allocated before a try fails.
///
/// \par Thread-safety
/// Distinct objects: safe. Shared objects: unsafe.
class AttemptTrail {
public:
    /// More causes are counted, not kept.
    static constexpr std::size_t kMostCauses = 16;
    /// Of each cause, in bytes.
    static constexpr std::size_t kLongestCause = 200;

    /// A try at `provider` failed and another one will follow.
    void add(std::string_view provider, const Error& error);

    [[nodiscard]] std::size_t size() const noexcept { return causes_.size() + unkept_; }

    /// `last`, the error that the request ends with, and in its message what went before. All else
    /// of it stays, so that its code, scope and hint are those of the end.
    [[nodiscard]] Error explain(Error last) const;

private:
    std::vector<std::string> causes_;
    std::size_t unkept_ = 0;
};

}  // namespace tenon::core
