#include <algorithm>
#include <utility>

#include "runtime/host_impl.hpp"
#include "runtime/spawn.hpp"
#include "wire/chat_request.hpp"
#include "wire/json.hpp"
#include "wire/json_writer.hpp"

namespace tenon::runtime {
namespace {

std::optional<std::uint64_t> known(std::uint64_t tokens) {
    if (tokens == TENON_TOKENS_UNKNOWN) return std::nullopt;
    return tokens;
}

std::optional<std::uint64_t> count(wire::JsonView value) {
    const auto number = value.as_int64();
    if (!number || *number < 0) return std::nullopt;
    return static_cast<std::uint64_t>(*number);
}

Error malformed(const std::string& provider, std::string_view what) {
    return Error(Code::protocol,
                 "provider " + provider + ": its answer is not " + std::string(what));
}

/// From the floats that a plugin hands over, or from a body in the OpenAI dialect.
Result<host::EmbeddingAnswer> to_embedding(const std::string& provider,
                                           const plugin::CallOutcome& outcome) {
    host::EmbeddingAnswer answer;
    answer.provider = provider;
    answer.usage.input_tokens = known(outcome.input_tokens);
    if (outcome.body.empty()) {
        for (std::size_t row = 0; row < outcome.rows; ++row) {
            const float* begin = outcome.vectors.data() + row * outcome.dimensions;
            answer.vectors.emplace_back(begin, begin + outcome.dimensions);
        }
        return answer;
    }
    const auto document = wire::JsonDocument::parse(outcome.body);
    if (!document) return malformed(provider, "JSON (" + document.error().message + ")");
    const wire::JsonView data = document->root()["data"];
    if (!data.is_array()) return malformed(provider, "an embeddings object (no data)");
    answer.model = document->root()["model"].as_string().value_or("");
    if (const auto tokens = count(document->root()["usage"]["prompt_tokens"])) {
        answer.usage.input_tokens = tokens;
    }
    answer.vectors.resize(data.size());
    std::size_t position = 0;
    for (const wire::JsonView item : data.elements()) {
        const std::size_t index = count(item["index"]).value_or(position++);
        if (index >= answer.vectors.size() || !item["embedding"].is_array()) {
            return malformed(provider, "a list of embeddings");
        }
        for (const wire::JsonView number : item["embedding"].elements()) {
            answer.vectors[index].push_back(static_cast<float>(number.as_double().value_or(0)));
        }
    }
    return answer;
}

Result<host::RerankAnswer> to_ranking(const std::string& provider, std::string_view body,
                                      std::size_t documents) {
    const auto document = wire::JsonDocument::parse(body);
    if (!document) return malformed(provider, "JSON (" + document.error().message + ")");
    host::RerankAnswer answer;
    answer.provider = provider;
    answer.model = document->root()["model"].as_string().value_or("");
    // "results" in the Cohere dialect, "data" in Voyage's.
    wire::JsonView items = document->root()["results"];
    if (!items.is_array()) items = document->root()["data"];
    if (!items.is_array()) return malformed(provider, "a rerank object (no results)");
    for (const wire::JsonView item : items.elements()) {
        const auto index = count(item["index"]);
        const auto score = item["relevance_score"].as_double();
        if (!index || *index >= documents || !score) {
            return malformed(provider, "a list of documents and scores");
        }
        answer.items.push_back({static_cast<std::size_t>(*index), *score});
    }
    std::stable_sort(answer.items.begin(), answer.items.end(),
                     [](const auto& a, const auto& b) { return a.score > b.score; });
    return answer;
}

std::string rerank_body(const std::string& model, const host::RerankRequest& request) {
    std::string body;
    wire::JsonWriter json(body);
    json.begin_object();
    json.member("model", model);
    json.member("query", request.query);
    json.key("documents");
    json.begin_array();
    for (const std::string& document : request.documents) json.value(document);
    json.end_array();
    if (request.top_n) json.member("top_n", *request.top_n);
    json.end_object();
    return body;
}

/// The ids of {"data":[{"id":...}]}.
Result<std::vector<std::string>> to_models(const std::string& provider, std::string_view body) {
    const auto document = wire::JsonDocument::parse(body);
    if (!document) return malformed(provider, "JSON (" + document.error().message + ")");
    const wire::JsonView data = document->root()["data"];
    if (!data.is_array()) return malformed(provider, "a list of models (no data)");
    std::vector<std::string> models;
    for (const wire::JsonView item : data.elements()) {
        if (const auto id = item["id"].as_string()) models.emplace_back(*id);
    }
    return models;
}

}  // namespace

Result<HostImpl::Target> HostImpl::target(std::string_view name, std::string_view model) {
    std::string provider(name);
    if (provider.empty()) {
        auto usual = default_provider();
        if (!usual) return std::move(usual).error();
        provider = *std::move(usual);
    }
    auto entry = find(provider);
    if (!entry) return std::move(entry).error();
    const config::ProviderConfig& config = (*entry)->config;
    Target out{(*entry)->provider, std::string(model)};
    if (out.model.empty()) out.model = config.default_model;
    if (out.model.empty() && !config.models.empty()) out.model = config.models.front();
    if (const auto alias = config.model_aliases.find(out.model);
        alias != config.model_aliases.end()) {
        out.model = alias->second;
    }
    return out;
}

template <class Answer, class Read>
Result<Answer> HostImpl::ask(const Target& to, provider::OperationRequest operation,
                             const Read& read, std::stop_token stop) {
    operation.model = to.model;
    const std::string& name = to.provider->name();
    auto outcome = wait_for<plugin::CallOutcome>(
        [to, operation = std::move(operation)](auto cancel, std::size_t io_index) {
            return to.provider->run(operation, nullptr, std::move(cancel), io_index);
        },
        std::move(stop));
    Result<Answer> answer = outcome ? read(name, *outcome) : std::move(outcome).error();
    if (!answer) {
        note_failure(name, answer.error());
    } else if (answer->model.empty()) {
        answer->model = to.model;
    }
    return answer;
}

Result<host::EmbeddingAnswer> HostImpl::embed(const host::EmbeddingRequest& request,
                                              std::stop_token stop) {
    const auto to = target(request.provider, request.model);
    if (!to) return to.error();
    const std::vector<std::string_view> inputs(request.inputs.begin(), request.inputs.end());
    std::optional<std::uint64_t> dimensions;
    if (request.dimensions) dimensions = static_cast<std::uint64_t>(*request.dimensions);
    provider::OperationRequest operation;
    operation.operation = provider::Operation::embed;
    operation.body = wire::build_embedding_request(to->model, inputs, dimensions);
    operation.timeout = request.timeout;
    const auto read = [&](const std::string& name, const plugin::CallOutcome& outcome) {
        auto answer = to_embedding(name, outcome);
        if (answer && answer->vectors.size() != inputs.size()) {
            answer =
                malformed(name, "complete: " + std::to_string(answer->vectors.size()) +
                                    " vectors for " + std::to_string(inputs.size()) + " texts");
        }
        return answer;
    };
    return ask<host::EmbeddingAnswer>(*to, std::move(operation), read, std::move(stop));
}

Result<host::RerankAnswer> HostImpl::rerank(const host::RerankRequest& request,
                                            std::stop_token stop) {
    const auto to = target(request.provider, request.model);
    if (!to) return to.error();
    provider::OperationRequest operation;
    operation.operation = provider::Operation::rerank;
    operation.body = rerank_body(to->model, request);
    operation.timeout = request.timeout;
    const auto read = [&](const std::string& name, const plugin::CallOutcome& outcome) {
        return to_ranking(name, outcome.body, request.documents.size());
    };
    return ask<host::RerankAnswer>(*to, std::move(operation), read, std::move(stop));
}

Result<std::vector<std::string>> HostImpl::models(std::string_view name, std::stop_token stop) {
    auto entry = find(name);
    if (!entry) return std::move(entry).error();
    const auto provider = (*entry)->provider;
    if (!(*entry)->config.models.empty()) return (*entry)->config.models;
    if (!provider->kind().has.list_models) {
        return Error(Code::unsupported,
                     "provider " + provider->name() +
                         ": it cannot list its models, and none are configured; set providers." +
                         provider->name() + ".models");
    }
    auto body = wait_for<std::string>(
        [provider](auto cancel, std::size_t io_index) {
            return provider->list_models(std::move(cancel), io_index);
        },
        std::move(stop));
    if (!body) {
        note_failure(provider->name(), body.error());
        return std::move(body).error();
    }
    return to_models(provider->name(), *body);
}

}  // namespace tenon::runtime
