#pragma once

#include <chrono>
#include <concepts>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "tenon/error.hpp"
#include "tenon/http_header.hpp"

namespace tenon {

/// What can look values up in a JSON text: `find(json_pointer)` gives a string as it is and a
/// number or boolean as text, nullopt for the rest. JsonDocument of tenon/plugin/json.hpp is one.
template <class T>
concept JsonSource = requires(const T& source, std::string_view json_pointer) {
    { source.find(json_pointer) } -> std::same_as<std::optional<std::string>>;
};

/// A borrowed JsonSource, or none, in which nothing is found.
///
/// \par Object lifetimes
/// The source outlives this view of it.
class JsonLookup {
public:
    JsonLookup() noexcept = default;

    /// `source` may be nullptr.
    template <JsonSource T>
    JsonLookup(const T* source) noexcept
        : source_(source), find_([](const void* from, std::string_view pointer) {
              return static_cast<const T*>(from)->find(pointer);
          }) {}

    [[nodiscard]] std::optional<std::string> find(std::string_view json_pointer) const {
        if (source_ == nullptr) return std::nullopt;
        return find_(source_, json_pointer);
    }
    explicit operator bool() const noexcept { return source_ != nullptr; }

private:
    const void* source_ = nullptr;
    std::optional<std::string> (*find_)(const void*, std::string_view) = nullptr;
};

/// What error_from_http() needs beside the answer.
struct HttpErrorContext {
    JsonLookup json = {};  ///< the body, if it could be parsed
    /// For hints that name a point in time; at the epoch such hints are ignored.
    std::chrono::system_clock::time_point now = {};
};

/// The longest message of error_from_http(), in characters.
inline constexpr std::size_t kHttpErrorMessageLimit = 300;

/// The Error that an HTTP answer stands for, in the words of every known provider (docs/errors.md):
/// what the body says goes before the status, e.g. a 429 for want of credit is Code::forbidden and
/// final, a 400 for a wrong key is Code::auth, and a 400 or 403 for too long a context is
/// Code::too_large. `x-should-retry` overrides what the status says about retrying.
///
/// For an error that arrives inside a good answer (in a stream, or a 200 with an "error" member)
/// pass that answer's status, or 0, and the JSON text that holds the error as `body`.
///
///     const auto json = JsonDocument::parse(call.host(), body);
///     call.fail(error_from_http(response.status(), response.headers(), body,
///                               {.json = json ? &*json : nullptr,
///                                .now = std::chrono::system_clock::now()}));
///
/// The message is one sentence with the provider's own words in it, taken from JSON, plain text or
/// the title of a web page; control characters are removed, it is cut to kHttpErrorMessageLimit,
/// and whatever looks like a key is replaced by "***". `provider_code` is the provider's own word,
/// and `detail_json` holds {"request_id": "..."} when the provider sent one.
///
/// \par Thread-safety
/// Safe.
/// \par Exception safety
/// Throws std::bad_alloc alone, and what the JSON source throws.
[[nodiscard]] Error error_from_http(int status, std::span<const HttpHeader> headers,
                                    std::string_view body, const HttpErrorContext& context = {});

}  // namespace tenon
