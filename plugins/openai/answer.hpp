#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>

#include "tenon/http_error.hpp"
#include "tenon/http_header.hpp"
#include "tenon/plugin/call.hpp"
#include "tenon/result.hpp"

/// Whole answers and errors of the provider.
///
/// \par Thread-safety
/// Free functions without state: safe.
namespace tenon::openai {

/// What an error of the provider means, with advice what to do about it. `body` is the answer's
/// body, or the event that holds the error; `status` is the answer's, 200 included. `now` is for
/// hints when to retry that name a point in time; without it they are ignored.
[[nodiscard]] Error provider_error(int status, std::span<const HttpHeader> headers,
                                   std::string_view body,
                                   std::chrono::system_clock::time_point now = {});

/// What `body`, the body of a good answer, has to be.
struct Expected {
    std::string_view member;    ///< of the outermost object, an array
    bool may_be_array = false;  ///< the array itself will do
};
inline constexpr Expected kCompletion{.member = "choices"};
inline constexpr Expected kEmbeddings{.member = "data"};
inline constexpr Expected kModels{.member = "data", .may_be_array = true};

/// The answer that `body` is, with the tokens that its "usage" names; the body is looked at in one
/// pass, without a tree.
/// Errors: provider_error() if it holds an error instead, though the status was good; protocol if
/// it is cut short, or something else altogether.
/// \par Object lifetimes
/// The answer borrows `body`.
[[nodiscard]] Result<Answer> whole_answer(std::string_view body, Expected expected,
                                          std::span<const HttpHeader> headers);

/// The beginning of `body` for a message: one short line, printable.
[[nodiscard]] std::string excerpt(std::string_view body);

}  // namespace tenon::openai
