#include "gateway/daemon/model_pages.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "gateway/api/request_wishes.hpp"
#include "gateway/dialect/models.hpp"
#include "runtime/host_impl.hpp"
#include "tenon/abi/version.h"
#include "wire/url.hpp"

namespace tenon::gateway {
namespace {

using Models = std::vector<ModelEntry>;

constexpr std::string_view kAll = "/v1/models";
constexpr std::string_view kOne = "/v1/models/";
constexpr std::string_view kTags = "/api/tags";
constexpr std::string_view kVersion = "/api/version";

constexpr std::string_view kShow = "/api/show";
constexpr std::string_view kRunning = "/api/ps";
constexpr std::string_view kCount = "/v1/messages/count_tokens";
constexpr std::string_view kBlobs = "/api/blobs/";
constexpr std::string_view kManaging[] = {"/api/copy", "/api/create", "/api/delete", "/api/pull",
                                          "/api/push"};

bool is_managing(std::string_view path) noexcept {
    return path.starts_with(kBlobs) ||
           std::find(std::begin(kManaging), std::end(kManaging), path) != std::end(kManaging);
}

Error not_managed(std::string_view path) {
    Error error(Code::unsupported, "this gateway does not manage models: " + std::string(path) +
                                       " is for the Ollama server that has them");
    error.http_status = 501;
    return error;
}

Error not_counted() {
    return Error(
        Code::not_found,
        "this gateway does not count the tokens of a message beforehand: its providers tell "
        "them with the answer, in \"usage\"");
}

Result<ModelEntry> find_model(const Models& models, std::string_view id) {
    const auto found = std::find_if(models.begin(), models.end(),
                                    [id](const ModelEntry& model) { return model.id == id; });
    if (found != models.end()) return *found;
    return Error(Code::not_found, "there is no model \"" + std::string(id) + "\"");
}

}  // namespace

bool is_anthropic(const transport::ServerRequest& request) noexcept {
    return !request.header("anthropic-version").empty();
}

bool is_ollama(const transport::ServerRequest& request) noexcept {
    return request.header("user-agent").starts_with("ollama");
}

bool ModelPages::serves(const transport::ServerRequest& request) noexcept {
    const std::string_view path = path_of(request.target);
    if (is_managing(path)) return true;
    if (request.method == "POST") return path == kShow || path == kCount;
    if (request.method != "GET" && request.method != "HEAD") return false;
    return path == kRunning || path == kAll || path == kTags || path == kVersion ||
           path.starts_with(kOne);
}

Models ModelPages::connected(const Models& models) const {
    std::set<std::string> names;
    for (const host::ProviderStatus& status : host_.status(false)) {
        if (status.state == "connected") names.insert(status.name);
    }
    Models out;
    for (const ModelEntry& model : models) {
        if (names.count(model.owner) != 0) out.push_back(model);
    }
    return out;
}

net::Awaitable<Result<std::string>> ModelPages::answer(const transport::ServerRequest& request,
                                                       const ClientKey* key) {
    const std::string_view path = path_of(request.target);
    if (path == kVersion) co_return ollama_version(TENON_VERSION_STRING);
    if (is_managing(path)) co_return not_managed(path);
    if (path == kCount) co_return not_counted();
    std::string shown;
    if (path == kShow) {
        auto named = ollama_shown_model(request.body);
        if (!named) co_return std::move(named).error();
        shown = *std::move(named);
    }
    const auto all = co_await catalogue_.models(request.io_index);
    const bool held = key != nullptr && !key->config().models.empty();
    const Models own = held ? visible_to(*key, *all) : Models();
    const Models& models = held ? own : *all;
    const bool anthropic = is_anthropic(request);
    if (path == kTags) co_return ollama_tags(models);
    if (path == kRunning) co_return ollama_running(connected(models));
    if (path == kShow) {
        const auto model = find_model(models, shown);
        if (!model) co_return model.error();
        co_return ollama_show(*model);
    }
    if (path == kAll) co_return anthropic ? anthropic_models(models) : openai_models(models);
    const std::string_view encoded = path.substr(kOne.size());
    const auto decoded = wire::percent_decode(encoded);
    const auto model = find_model(models, decoded ? std::string_view(*decoded) : encoded);
    if (!model) co_return model.error();
    co_return anthropic ? anthropic_model(*model) : openai_model(*model);
}

}  // namespace tenon::gateway
