#include "gateway/dialect/rerank.hpp"

#include <utility>

#include "gateway/dialect/simple_dialect.hpp"

namespace tenon::gateway {
namespace {

using wire::JsonDocument;
using wire::JsonView;
using wire::JsonWriter;

void write_document(JsonWriter& writer, JsonView document) {
    if (!document.is_string()) return document.write(writer);
    writer.begin_object();
    copy_member(writer, "text", document);
    writer.end_object();
}

class Writer final : public AnswerWriter {
public:
    Writer(const ParsedRequest& request, const AnswerContext& /*context*/)
        : documents_(request.notes) {}

    Result<std::string> whole(std::string_view body, const AnswerTimes& /*times*/) override {
        if (documents_.empty()) return std::string(body);
        const auto answer = JsonDocument::parse(body);
        const auto documents = JsonDocument::parse(documents_);
        if (!answer || !documents || !answer->root()["results"].is_array()) {
            return Error(Code::protocol, "the provider's answer is not a list of results");
        }
        std::string out;
        JsonWriter writer(out);
        writer.begin_object();
        for (const auto& [name, value] : answer->root().members()) {
            if (name != "results") {
                copy_member(writer, name, value);
                continue;
            }
            writer.key(name);
            writer.begin_array();
            for (const JsonView result : value.elements()) {
                write_result(writer, result, documents->root());
            }
            writer.end_array();
        }
        writer.end_object();
        return out;
    }

private:
    static void write_result(JsonWriter& writer, JsonView result, JsonView documents) {
        writer.begin_object();
        for (const auto& [name, value] : result.members()) {
            if (name == "document" && !is_set(value)) continue;
            copy_member(writer, name, value);
        }
        const auto index = result["index"].as_int64();
        if (!is_set(result["document"]) && index && *index >= 0 &&
            static_cast<std::size_t>(*index) < documents.size()) {
            writer.key("document");
            write_document(writer, documents[static_cast<std::size_t>(*index)]);
        }
        writer.end_object();
    }

    std::string documents_;  // JSON, or empty if the answer is to be passed on as it is
};

Result<ParsedRequest> parse(std::string_view body) {
    const auto request = parse_object(body);
    if (!request) return request.error();
    const JsonView root = request->root();
    const auto model = optional_text(root, "", "model");
    if (!model) return model.error();
    const auto query = text_member(root, "", "query");
    if (!query) return query.error();
    const JsonView documents = root["documents"];
    if (!documents.is_array()) return invalid_member("documents", "must be an array");
    std::size_t index = 0;
    for (const JsonView document : documents.elements()) {
        const std::string path = join("documents", index++);
        if (document.is_string() || document.is_object()) continue;
        return invalid_member(path, "must be a string or an object");
    }
    const auto with_documents = flag_member(root, "", "return_documents", false);
    if (!with_documents) return with_documents.error();
    return with_body({.operation = Operation::rerank,
                      .model = std::string(*model),
                      .notes = *with_documents ? documents.to_text() : std::string()},
                     std::string(body));
}

}  // namespace

const Dialect& rerank() noexcept {
    static const SimpleDialect<parse, Writer, cohere_error> dialect;
    return dialect;
}

}  // namespace tenon::gateway
