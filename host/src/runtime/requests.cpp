#include <algorithm>
#include <utility>

#include "runtime/host_impl.hpp"
#include "runtime/logical_request.hpp"
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

/// A body that differs by its model only.
template <class Build>
class Body final : public router::RequestBody {
public:
    explicit Body(Build build) : build_(std::move(build)) {}
    Result<std::string> for_model(std::string_view model) override { return build_(model); }

private:
    Build build_;
};

}  // namespace

net::Awaitable<Result<host::EmbeddingAnswer>> HostImpl::embedding(
    Result<std::string> asked, host::EmbeddingRequest request,
    std::shared_ptr<provider::CancelSignal> cancel, std::size_t io_index) {
    if (!asked) co_return std::move(asked).error();
    const std::vector<std::string_view> inputs(request.inputs.begin(), request.inputs.end());
    std::optional<std::uint64_t> dimensions;
    if (request.dimensions) dimensions = static_cast<std::uint64_t>(*request.dimensions);
    Body body([&](std::string_view model) -> Result<std::string> {
        return wire::build_embedding_request(model, inputs, dimensions);
    });
    router::LogicalRequest logical = to_logical(request.options, *asked, body);
    logical.operation = provider::Operation::embed;
    auto routed = co_await router_.run(logical, nullptr, std::move(cancel), io_index);
    if (!routed) co_return std::move(routed).error();
    auto answer = to_embedding(routed->provider, routed->outcome);
    if (!answer) co_return answer;
    if (answer->vectors.size() != inputs.size()) {
        co_return malformed(routed->provider,
                            "complete: " + std::to_string(answer->vectors.size()) +
                                " vectors for " + std::to_string(inputs.size()) + " texts");
    }
    if (answer->model.empty()) answer->model = routed->model;
    co_return answer;
}

net::Awaitable<Result<host::RerankAnswer>> HostImpl::ranking(
    Result<std::string> asked, host::RerankRequest request,
    std::shared_ptr<provider::CancelSignal> cancel, std::size_t io_index) {
    if (!asked) co_return std::move(asked).error();
    Body body([&](std::string_view model) -> Result<std::string> {
        return rerank_body(std::string(model), request);
    });
    router::LogicalRequest logical = to_logical(request.options, *asked, body);
    logical.operation = provider::Operation::rerank;
    auto routed = co_await router_.run(logical, nullptr, std::move(cancel), io_index);
    if (!routed) co_return std::move(routed).error();
    auto answer = to_ranking(routed->provider, routed->outcome.body, request.documents.size());
    if (answer && answer->model.empty()) answer->model = routed->model;
    co_return answer;
}

net::Awaitable<Result<std::vector<std::string>>> HostImpl::listing(
    Result<std::shared_ptr<ProviderEntry>> entry, std::shared_ptr<provider::CancelSignal> cancel,
    std::size_t io_index) {
    if (!entry) co_return std::move(entry).error();
    const auto provider = (*entry)->provider;
    if (!(*entry)->config.models.empty()) co_return (*entry)->config.models;
    if (!provider->kind().has.list_models) {
        co_return Error(Code::unsupported,
                        "provider " + provider->name() +
                            ": it cannot list its models, and none are configured; set providers." +
                            provider->name() + ".models");
    }
    auto body = co_await provider->list_models(std::move(cancel), io_index);
    if (!body) co_return std::move(body).error();
    co_return to_models(provider->name(), *body);
}

Result<host::EmbeddingAnswer> HostImpl::embed(const host::EmbeddingRequest& request,
                                              std::stop_token stop) {
    return wait_for<host::EmbeddingAnswer>(
        [this, asked = route(request.provider, request.model), request](auto cancel,
                                                                        std::size_t io_index) {
            return embedding(asked, request, std::move(cancel), io_index);
        },
        std::move(stop));
}

std::shared_ptr<host::Operation> HostImpl::start_embed(
    host::EmbeddingRequest request, std::function<void(Result<host::EmbeddingAnswer>)> on_done) {
    return start_operation<host::EmbeddingAnswer>(
        [this, asked = route(request.provider, request.model), request](auto cancel,
                                                                        std::size_t io_index) {
            return embedding(asked, request, std::move(cancel), io_index);
        },
        std::move(on_done));
}

Result<host::RerankAnswer> HostImpl::rerank(const host::RerankRequest& request,
                                            std::stop_token stop) {
    return wait_for<host::RerankAnswer>(
        [this, asked = route(request.provider, request.model), request](auto cancel,
                                                                        std::size_t io_index) {
            return ranking(asked, request, std::move(cancel), io_index);
        },
        std::move(stop));
}

std::shared_ptr<host::Operation> HostImpl::start_rerank(
    host::RerankRequest request, std::function<void(Result<host::RerankAnswer>)> on_done) {
    return start_operation<host::RerankAnswer>(
        [this, asked = route(request.provider, request.model), request](auto cancel,
                                                                        std::size_t io_index) {
            return ranking(asked, request, std::move(cancel), io_index);
        },
        std::move(on_done));
}

Result<std::vector<std::string>> HostImpl::models(std::string_view provider, std::stop_token stop) {
    return wait_for<std::vector<std::string>>(
        [this, entry = find(provider)](auto cancel, std::size_t io_index) {
            return listing(entry, std::move(cancel), io_index);
        },
        std::move(stop));
}

std::shared_ptr<host::Operation> HostImpl::start_models(
    std::string_view provider, std::function<void(Result<std::vector<std::string>>)> on_done) {
    return start_operation<std::vector<std::string>>(
        [this, entry = find(provider)](auto cancel, std::size_t io_index) {
            return listing(entry, std::move(cancel), io_index);
        },
        std::move(on_done));
}

}  // namespace tenon::runtime
