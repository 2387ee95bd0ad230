#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tenon/host/status.hpp"
#include "tenon/result.hpp"
#include "wire/json.hpp"

/// What clients of the admin API write, taken apart. Nothing that is not understood is ignored.
namespace tenon::gateway {

/// A request's path and query, without percent-encoding.
class AdminTarget {
public:
    /// Errors: Code::invalid for bad percent-encoding.
    [[nodiscard]] static Result<AdminTarget> parse(std::string_view target);

    [[nodiscard]] const std::string& path() const noexcept { return path_; }

    /// Errors: Code::invalid for a parameter that is not among `known`, or is given twice.
    [[nodiscard]] Result<void> check(std::initializer_list<std::string_view> known) const;
    [[nodiscard]] std::optional<std::string_view> get(std::string_view name) const noexcept;
    /// Errors: Code::invalid if it is there and not such a number.
    [[nodiscard]] Result<std::optional<std::uint64_t>> number(std::string_view name,
                                                              std::uint64_t most) const;
    /// "2026-11-21T10:09:08.007Z".
    [[nodiscard]] Result<std::optional<host::Time>> time(std::string_view name) const;

private:
    std::string path_;
    std::vector<std::pair<std::string, std::string>> query_;
};

/// Whether the path fits the pattern, and if so what stands for "{...}", else "".
[[nodiscard]] std::optional<std::string_view> match_path(std::string_view pattern,
                                                         std::string_view path) noexcept;

/// Reads the members of a request's body; an empty body stands for {}. The first fault is kept, and
/// what is read after it means nothing.
///
/// \par Object lifetimes
/// Borrows the text of `known`.
class AdminBody {
public:
    AdminBody(std::string_view text, std::initializer_list<std::string_view> known);

    /// Code::invalid: no JSON object, a member that is unknown or missing or of the wrong kind.
    [[nodiscard]] const std::optional<Error>& error() const noexcept { return error_; }

    [[nodiscard]] bool has(std::string_view name) const noexcept;
    [[nodiscard]] std::string text(std::string_view name);     ///< required, not empty
    [[nodiscard]] std::string text_or(std::string_view name);  ///< "" if it is absent
    [[nodiscard]] bool flag(std::string_view name);            ///< false if it is absent
    /// \param least, most in milliseconds
    [[nodiscard]] std::chrono::milliseconds duration(std::string_view name, std::int64_t least,
                                                     std::int64_t most,
                                                     std::chrono::milliseconds absent);
    [[nodiscard]] std::vector<std::string> texts(std::string_view name);

private:
    void fail(std::string message);
    [[nodiscard]] wire::JsonView root() const noexcept;

    std::optional<wire::JsonDocument> document_;
    std::optional<Error> error_;
};

}  // namespace tenon::gateway
