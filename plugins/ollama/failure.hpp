#pragma once

#include <span>
#include <string_view>

#include "tenon/error.hpp"
#include "tenon/http_header.hpp"

namespace tenon::ollama {

/// What an answer that is none stands for: error_from_http(), and what to do about it where Ollama
/// has a way. `model` is the one that was asked for, empty if none was. For an error inside a
/// stream `status` is that of the stream, and `body` the line.
[[nodiscard]] Error failure(int status, std::span<const HttpHeader> headers, std::string_view body,
                            std::string_view model);

/// An exchange that broke off, with what to do when the server is not there at all.
[[nodiscard]] Error broken_exchange(Error error);

/// What came with a good status is not what Ollama sends; `what` was expected.
[[nodiscard]] Error not_ollama(std::string_view what);

}  // namespace tenon::ollama
