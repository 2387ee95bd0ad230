#include "cli/embeddings_json.hpp"

#include "wire/json_writer.hpp"

namespace tenon::cli {

std::string embeddings_json(const host::EmbeddingAnswer& answer) {
    std::string text;
    wire::JsonWriter json(text);
    json.begin_object();
    json.member("object", "list");
    json.member("model", answer.model);
    json.key("data");
    json.begin_array();
    for (std::size_t i = 0; i < answer.vectors.size(); ++i) {
        json.begin_object();
        json.member("object", "embedding");
        json.member("index", i);
        json.key("embedding");
        json.begin_array();
        for (const float number : answer.vectors[i]) json.value(number);
        json.end_array();
        json.end_object();
    }
    json.end_array();
    if (answer.usage.input_tokens) {
        json.key("usage");
        json.begin_object();
        json.member("prompt_tokens", *answer.usage.input_tokens);
        json.member("total_tokens", *answer.usage.input_tokens);
        json.end_object();
    }
    json.end_object();
    return text;
}

}  // namespace tenon::cli
