#include "embeddings.hpp"

#include "failure.hpp"
#include "json.hpp"
#include "tenon/abi/result.h"

namespace tenon::ollama {
namespace {

constexpr int kGoodStatus = 200;

/// How many texts `input` holds.
Result<std::uint32_t> count_inputs(const Json* input) {
    if (input != nullptr && input->IsString()) return 1u;
    if (input == nullptr || !input->IsArray() || input->Empty()) {
        return Error(Code::invalid, "the request's \"input\" must be a text or an array of texts");
    }
    for (const Json& one : input->GetArray()) {
        if (!one.IsString()) {
            return Error(Code::unsupported,
                         "Ollama embeds texts only; send them instead of their tokens' numbers");
        }
    }
    return std::uint32_t{input->Size()};
}

/// Appends one row; returns false if it is none or of another length than those before.
bool append_row(Embeddings& out, const Json& row) {
    if (!row.IsArray() || row.Empty()) return false;
    if (out.rows == 0) out.dimensions = row.Size();
    if (row.Size() != out.dimensions) return false;
    for (const Json& number : row.GetArray()) {
        if (!number.IsNumber()) return false;
        out.numbers.push_back(static_cast<float>(number.GetDouble()));
    }
    ++out.rows;
    return true;
}

}  // namespace

Result<EmbedRequest> embed_request(std::string_view request, std::string_view model,
                                   const Settings& settings) {
    rapidjson::Document in;
    if (!parse_json(in, request)) return Error(Code::invalid, "the request is not JSON");
    if (model.empty()) return Error(Code::invalid, "the request names no model");
    const auto inputs = count_inputs(member(in, "input"));
    if (!inputs) return inputs.error();

    JsonWriter out;
    out.begin_object();
    out.key("model");
    out.text(model);
    for (const std::string_view name : {"input", "dimensions", "truncate"}) {
        if (const Json* value = member(in, name)) {
            out.key(name);
            out.value(*value);
        }
    }
    if (!settings.options.empty()) {
        out.key("options");
        out.begin_object();
        for (const auto& [name, json] : settings.options) {
            out.key(name);
            out.raw(json);
        }
        out.end_object();
    }
    if (!settings.keep_alive.empty()) {
        out.key("keep_alive");
        out.raw(settings.keep_alive);
    }
    out.end_object();
    return EmbedRequest{.body = out.take(), .inputs = *inputs};
}

Result<Embeddings> read_embeddings(std::string_view body, std::uint32_t inputs) {
    const Error odd = not_ollama("one vector for each input");
    rapidjson::Document in;
    if (!parse_json(in, body)) return odd;
    if (member(in, "error") != nullptr) return failure(kGoodStatus, {}, body, {});
    const Json* rows = member(in, "embeddings");
    if (rows == nullptr || !rows->IsArray() || rows->Size() != inputs) return odd;
    Embeddings out;
    for (const Json& row : rows->GetArray()) {
        if (!append_row(out, row)) return odd;
    }
    out.input_tokens = count_member(in, "prompt_eval_count").value_or(TENON_TOKENS_UNKNOWN);
    return out;
}

}  // namespace tenon::ollama
