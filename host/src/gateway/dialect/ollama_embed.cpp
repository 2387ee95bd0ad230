#include "gateway/dialect/ollama_embed.hpp"

#include <utility>

#include "gateway/dialect/body.hpp"

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

class Writer final : public AnswerWriter {
public:
    Writer(Form form, std::string model) : form_(form), model_(std::move(model)) {}

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
        if (form_ == Form::one) {
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

    Form form_;
    std::string model_;
};

class OllamaEmbed final : public Dialect {
public:
    explicit OllamaEmbed(Form form) noexcept : form_(form) {}

    Result<ParsedRequest> parse(std::string_view body) const override {
        const auto document = parse_object(body);
        if (!document) return document.error();
        const JsonView root = document->root();
        const auto model = text_member(root, "", "model");
        if (!model) return model.error();
        const std::string_view name = form_ == Form::one ? "prompt" : "input";
        const JsonView input = root[name];
        if (!is_set(input)) return invalid_member(name, "is missing");
        if (!input.is_string() && !(form_ == Form::many && input.is_array())) {
            return invalid_member(
                name, form_ == Form::one ? "must be a string" : "must be a string or an array");
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

    std::unique_ptr<AnswerWriter> answer(const ParsedRequest& request,
                                         AnswerContext /*context*/) const override {
        return std::make_unique<Writer>(form_, request.model);
    }

    ErrorReply error_reply(const Error& error) const override { return ollama_error(error); }

private:
    Form form_;
};

}  // namespace

const Dialect& ollama_embed() noexcept {
    static const OllamaEmbed dialect(Form::many);
    return dialect;
}

const Dialect& ollama_embeddings() noexcept {
    static const OllamaEmbed dialect(Form::one);
    return dialect;
}

}  // namespace tenon::gateway
