#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "tenon/result.hpp"

/// Requests in the OpenAI dialect.
namespace tenon::wire {

struct ChatMessage {
    std::string_view role;  ///< "system", "user", "assistant", ...
    std::string_view content;
};

/// A simple chat request. Members that are not set are not sent: the provider's defaults hold.
struct ChatRequestParts {
    std::string_view model = {};  ///< may be empty: left to the provider's configuration
    std::span<const ChatMessage> messages = {};
    std::optional<double> temperature = {};
    std::optional<std::uint64_t> max_tokens = {};
    bool stream = false;
    std::string_view tools_json = {};  ///< a JSON array as in the dialect; empty = no tools
};

/// The request body. Ill-formed UTF-8 in strings becomes U+FFFD.
/// Errors: Code::invalid if `tools_json` is not a JSON array.
[[nodiscard]] Result<std::string> build_chat_request(const ChatRequestParts& parts);

/// The body of an embeddings request.
[[nodiscard]] std::string build_embedding_request(std::string_view model,
                                                  std::span<const std::string_view> inputs,
                                                  std::optional<std::uint64_t> dimensions = {});

/// `body` with the members "model" and "stream" of its outermost object set, all other bytes as
/// they are. Members that are missing are put in front. An empty `model` leaves that member alone.
///
/// Takes one pass and no tree. Checks what it needs to find the members: that the text is one
/// object with its brackets and strings closed; whoever parses the result finds other faults.
/// Errors: Code::invalid if it is not.
[[nodiscard]] Result<std::string> with_model_and_stream(std::string_view body,
                                                        std::string_view model, bool stream);

}  // namespace tenon::wire
