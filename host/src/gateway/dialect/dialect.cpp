#include "gateway/dialect/dialect.hpp"

#include "gateway/dialect/anthropic_messages.hpp"
#include "gateway/dialect/ollama.hpp"
#include "gateway/dialect/ollama_embed.hpp"
#include "gateway/dialect/openai_chat.hpp"
#include "gateway/dialect/openai_completions.hpp"
#include "gateway/dialect/openai_embeddings.hpp"
#include "gateway/dialect/openai_responses.hpp"
#include "gateway/dialect/rerank.hpp"

namespace tenon::gateway {

void AnswerWriter::begin(std::string& /*out*/) {}
void AnswerWriter::delta(std::string& /*out*/, const Delta& /*delta*/) {}
void AnswerWriter::end(std::string& /*out*/, const AnswerEnd& /*end*/) {}
void AnswerWriter::error(std::string& /*out*/, const Error& /*error*/) {}
void AnswerWriter::keep_alive(std::string& /*out*/) {}

std::string_view Dialect::stream_type() const noexcept {
    return "text/event-stream";
}

std::string_view Dialect::request_id_header() const noexcept {
    return {};
}

namespace {

struct Path {
    std::string_view path;
    const Dialect& (*dialect)() noexcept;
    Operation operation = Operation::complete;
};

// clang-format off
constexpr Path kPaths[] = {
    {"/v1/chat/completions", openai_chat},
    {"/v1/completions", openai_completions},
    {"/v1/responses", openai_responses},
    {"/v1/embeddings", openai_embeddings, Operation::embed},
    {"/v1/rerank", rerank, Operation::rerank},
    {"/v2/rerank", rerank, Operation::rerank},
    {"/rerank", rerank, Operation::rerank},
    {"/v1/messages", anthropic_messages},
    {"/api/chat", ollama_chat},
    {"/api/generate", ollama_generate},
    {"/api/embed", ollama_embed, Operation::embed},
    {"/api/embeddings", ollama_embeddings, Operation::embed},
};
// clang-format on

}  // namespace

const Dialect* find_dialect(std::string_view path) noexcept {
    for (const Path& known : kPaths) {
        if (known.path == path) return &known.dialect();
    }
    return nullptr;
}

Operation operation_at(std::string_view path) noexcept {
    for (const Path& known : kPaths) {
        if (known.path == path) return known.operation;
    }
    return Operation::complete;
}

ErrorReply error_reply_at(std::string_view path, bool anthropic, const Error& error) {
    if (const Dialect* dialect = find_dialect(path); dialect != nullptr) {
        return dialect->error_reply(error);
    }
    if (path.starts_with("/api/")) return ollama_error(error);
    if (anthropic || path.starts_with("/v1/messages/")) return anthropic_error(error);
    return openai_error(error);
}

}  // namespace tenon::gateway
