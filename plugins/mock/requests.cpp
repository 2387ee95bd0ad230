#include "requests.hpp"

#include <optional>

namespace tenon::mock {
namespace {

constexpr std::int64_t kMostDimensions = 65536;

std::string child(std::string_view pointer, std::uint64_t index) {
    return std::string(pointer).append("/").append(std::to_string(index));
}

/// A message's content: a string, or the text parts of an array.
std::string content_text(const JsonDocument& request, const std::string& pointer) {
    if (const auto text = request.string(pointer)) return std::string(*text);
    std::string out;
    for (std::uint64_t i = 0; i < request.size(pointer); ++i) {
        out += request.string(child(pointer, i) + "/text").value_or("");
    }
    return out;
}

/// An embedding's input: a text, or token ids.
std::string input_text(const JsonDocument& request, const std::string& pointer) {
    if (const auto text = request.string(pointer)) return std::string(*text);
    std::string out;
    for (std::uint64_t i = 0; i < request.size(pointer); ++i) {
        if (!out.empty()) out += ' ';
        out += request.find(child(pointer, i)).value_or("");
    }
    return out;
}

std::optional<std::uint64_t> max_tokens(const JsonDocument& request) {
    for (const auto* pointer : {"/max_completion_tokens", "/max_tokens"}) {
        const auto value = request.integer(pointer);
        if (value && *value >= 0) return static_cast<std::uint64_t>(*value);
    }
    return std::nullopt;
}

}  // namespace

Result<Prompt> read_prompt(const JsonDocument& request) {
    const std::uint64_t count = request.size("/messages");
    if (count == 0) return Error(Code::invalid, "the request has no messages");
    Prompt out;
    for (std::uint64_t i = 0; i < count; ++i) {
        const std::string message = child("/messages", i);
        const std::string text = content_text(request, message + "/content");
        out.tokens += count_tokens(text);
        const std::string_view role = request.string(message + "/role").value_or("");
        if (role == "user" || role == "tool") {
            out.text = text;
            out.from_tool = role == "tool";
        }
    }
    out.may_call_tools =
        request.size("/tools") != 0 && request.string("/tool_choice").value_or("") != "none";
    out.max_tokens = max_tokens(request);
    return out;
}

Result<EmbedRequest> read_embed(const JsonDocument& request, std::uint32_t default_dimensions) {
    EmbedRequest out{.inputs = {}, .dimensions = default_dimensions};
    if (request.has("/dimensions")) {
        const std::int64_t wanted = request.integer("/dimensions").value_or(0);
        if (wanted < 1 || wanted > kMostDimensions) {
            return Error(Code::invalid, "\"dimensions\" must be between 1 and 65536");
        }
        out.dimensions = static_cast<std::uint32_t>(wanted);
    }
    const bool one =
        request.type("/input") == JsonType::string || request.type("/input/0") == JsonType::number;
    if (one) {
        out.inputs.push_back(input_text(request, "/input"));
    } else {
        for (std::uint64_t i = 0; i < request.size("/input"); ++i) {
            out.inputs.push_back(input_text(request, child("/input", i)));
        }
    }
    if (out.inputs.empty()) return Error(Code::invalid, "the request has no input");
    return out;
}

Result<RerankRequest> read_rerank(const JsonDocument& request) {
    const auto query = request.string("/query");
    if (!query) return Error(Code::invalid, "the request has no query");
    RerankRequest out{.query = std::string(*query), .documents = {}, .top_n = 0};
    const std::uint64_t count = request.size("/documents");
    if (count == 0) return Error(Code::invalid, "the request has no documents");
    for (std::uint64_t i = 0; i < count; ++i) {
        const std::string document = child("/documents", i);
        const auto text = request.string(document);
        out.documents.emplace_back(text ? *text : request.string(document + "/text").value_or(""));
    }
    const auto top_n = request.integer("/top_n");
    out.top_n = top_n && *top_n > 0 ? static_cast<std::uint64_t>(*top_n) : count;
    return out;
}

}  // namespace tenon::mock
