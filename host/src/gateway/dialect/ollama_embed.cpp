#include "gateway/dialect/ollama_embed.hpp"

#include <utility>

#include "gateway/dialect/simple_dialect.hpp"

namespace tenon::gateway {
namespace {

using wire::JsonDocument;
using wire::JsonView;
using wire::JsonWriter;

enum class Form { many, one };

constexpr std::string_view kKnown[] = {"model",   "input",      "prompt",  "dimensions",
                                       "options", "keep_alive", "truncate"};

Error not_embeddings() {
    return Error(Code::protocol, "the provider's answer is not a list of embeddings");
}

template <Form kForm>
class Writer final : public AnswerWriter {
public:
    Writer(const ParsedRequest& request, const AnswerContext& /*context*/)
        : model_(request.model) {}

    Result<std::string> whole(std::string_view body, const AnswerTimes& times) override {
        const auto document = JsonDocument::parse(body);
        if (!document) return not_embeddings();
        const JsonView data = document->root()["data"];
        if (!data.is_array()) return not_embeddings();
        for (const JsonView row : data.elements()) {
            if (!row["embedding"].is_array()) return not_embeddings();
        }
        std::string out;
        JsonWriter writer(out);
        writer.begin_object();
        if constexpr (kForm == Form::one) {
            if (data.size() == 0) return not_embeddings();
            copy_member(writer, "embedding", data[0]["embedding"]);
        } else {
            write_many(writer, document->root(), times);
        }
        writer.end_object();
        return out;
    }

private:
    void write_many(JsonWriter& writer, JsonView answer, const AnswerTimes& times) const {
        writer.member("model", model_);
        writer.key("embeddings");
        writer.begin_array();
        for (const JsonView row : answer["data"].elements()) row["embedding"].write(writer);
        writer.end_array();
        TokenCounts counts;
        counts.read(answer["usage"]);
        if (times.total.count() > 0) writer.member("total_duration", times.total.count());
        if (times.load.count() > 0) writer.member("load_duration", times.load.count());
        if (counts.input) writer.member("prompt_eval_count", *counts.input);
    }

    std::string model_;
};

template <Form kForm>
Result<ParsedRequest> parse(std::string_view body) {
    const auto document = parse_object(body);
    if (!document) return document.error();
    const JsonView root = document->root();
    const auto model = text_member(root, "", "model");
    if (!model) return model.error();
    const std::string_view name = kForm == Form::one ? "prompt" : "input";
    const JsonView input = root[name];
    if (!is_set(input)) return invalid_member(name, "is missing");
    if (!input.is_string() && !(kForm == Form::many && input.is_array())) {
        return invalid_member(
            name, kForm == Form::one ? "must be a string" : "must be a string or an array");
    }
    if (root["truncate"].as_bool() == false) {
        return unsupported_member("truncate",
                                  "the provider decides what to do with a text "
                                  "that is too long");
    }
    std::string canonical;
    JsonWriter writer(canonical);
    writer.begin_object();
    writer.member("model", *model);
    copy_member(writer, "input", input);
    if (is_set(root["dimensions"])) copy_member(writer, "dimensions", root["dimensions"]);
    copy_others(writer, root, kKnown);
    writer.end_object();
    return with_body({.operation = Operation::embed, .model = std::string(*model)},
                     std::move(canonical));
}

template <Form kForm>
using OllamaEmbed = SimpleDialect<parse<kForm>, Writer<kForm>, ollama_error>;

}  // namespace

const Dialect& ollama_embed() noexcept {
    static const OllamaEmbed<Form::many> dialect;
    return dialect;
}

const Dialect& ollama_embeddings() noexcept {
    static const OllamaEmbed<Form::one> dialect;
    return dialect;
}

}  // namespace tenon::gateway
