#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tenon/error.hpp"
#include "tenon/result.hpp"

namespace tenon::host {

/// One message of a conversation.
struct Message {
    std::string role;  ///< "system", "user", "assistant" or "tool"
    std::string content;
};

/// How one request is to be made. 0 and empty = as configured.
struct RequestOptions {
    std::chrono::milliseconds timeout{0};     ///< of everything
    std::chrono::milliseconds queue{0};       ///< waiting for a permit and a connection
    std::chrono::milliseconds first_byte{0};  ///< of a stream: until the answer begins
    std::chrono::milliseconds idle{0};        ///< of a stream: between two parts of it
    int max_attempts = 0;                     ///< 1 = no retry and no fail-over
    std::string session = {};       ///< requests of one session go to the same provider, if
                                    ///< balancer.session_affinity is on
    std::string trace_parent = {};  ///< W3C traceparent, passed on to the provider
};

/// What to ask a model.
struct ChatRequest {
    /// Asks this provider and nobody else. Empty = whom the model's route says; without a route for
    /// it the configuration's default_provider, or the only one.
    std::string provider = {};
    /// A route, a model of a configured provider, or "PROVIDER/MODEL". Empty = the default_model of
    /// the provider, or of the configuration.
    std::string model = {};
    std::vector<Message> messages = {};
    std::optional<double> temperature = {};
    std::optional<int> max_tokens = {};
    /// Instead of the members above, except `provider` and `model`: a whole chat-completions
    /// request in the OpenAI dialect; unknown members reach the provider as they are.
    std::string body_json = {};
    RequestOptions options = {};
};

/// Token counts that the provider reported.
struct Usage {
    std::optional<std::uint64_t> input_tokens = {};
    std::optional<std::uint64_t> output_tokens = {};
};

/// One call of a tool that the model asks for.
struct ToolCall {
    std::string id;
    std::string name;
    std::string arguments_json;
};

/// A whole answer.
struct ChatAnswer {
    std::string provider;  ///< that answered
    int attempts = 1;      ///< all of them, at whichever provider
    std::string model;     ///< as the provider names it; may be empty
    std::string text;      ///< of the first choice
    std::string reasoning;
    std::vector<ToolCall> tool_calls;
    std::string finish_reason;  ///< "stop", "length", "tool_calls", "content_filter", ...
    Usage usage;
    std::string body_json;  ///< the answer as a chat.completion object in the OpenAI dialect
};

enum class DeltaKind { none, text, reasoning, tool_call, usage, meta };

/// One piece of a streamed answer. Views are valid during the callback that receives it.
struct StreamDelta {
    DeltaKind kind = DeltaKind::none;
    std::uint32_t choice = 0;
    std::uint32_t index = 0;  ///< tool_call: which call of the answer
    std::string_view text;    ///< text, reasoning, a fragment of a tool's arguments, usage JSON
    std::string_view tool_call_id;  ///< tool_call: on the first fragment
    std::string_view tool_name;     ///< tool_call: on the first fragment
    /// The provider's chunk in the OpenAI dialect, verbatim; empty when the provider speaks another
    /// one, or when this delta came in the same chunk as the one before.
    std::string_view raw;
};

struct EmbeddingRequest {
    std::string provider = {};
    std::string model = {};
    std::vector<std::string> inputs = {};
    std::optional<int> dimensions = {};
    RequestOptions options = {};
};

struct EmbeddingAnswer {
    std::string provider;
    std::string model;
    std::vector<std::vector<float>> vectors;  ///< one for each input, in order
    Usage usage;
};

struct RerankRequest {
    std::string provider = {};
    std::string model = {};
    std::string query = {};
    std::vector<std::string> documents = {};
    std::optional<int> top_n = {};
    RequestOptions options = {};
};

struct RerankAnswer {
    struct Item {
        std::size_t index;  ///< of the document in the request
        double score;
    };
    std::string provider;
    std::string model;
    std::vector<Item> items;  ///< best first
};

/// One kind of provider that a loaded plugin offers.
struct KindInfo {
    std::string id;
    std::string name;
    std::string version;
    std::string description;
    std::string license;
    std::string library;                  ///< path of the shared library
    std::string abi_built;                ///< "1.0"
    std::string connection;               ///< "stateless", "exclusive" or "multiplexed"
    std::vector<std::string> operations;  ///< "complete", "embed", ...
    std::vector<std::string> features;    ///< "stream", "tools", ...
    std::string config_schema_json;
};

/// One plugin file, or one kind of it, that could not be loaded.
struct PluginProblem {
    std::string library;
    std::string stage;  ///< "file", "permissions", "format", "symbol", "link", ...
    std::string message;
};

}  // namespace tenon::host
