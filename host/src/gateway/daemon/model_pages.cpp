#include "gateway/daemon/model_pages.hpp"

#include <algorithm>
#include <utility>

#include "gateway/api/request_wishes.hpp"
#include "gateway/dialect/models.hpp"
#include "tenon/abi/version.h"
#include "wire/url.hpp"

namespace tenon::gateway {
namespace {

using Models = std::vector<ModelEntry>;

constexpr std::string_view kAll = "/v1/models";
constexpr std::string_view kOne = "/v1/models/";
constexpr std::string_view kTags = "/api/tags";
constexpr std::string_view kVersion = "/api/version";

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

bool ModelPages::serves(const transport::ServerRequest& request) noexcept {
    if (request.method != "GET" && request.method != "HEAD") return false;
    const std::string_view path = path_of(request.target);
    return path == kAll || path == kTags || path == kVersion || path.starts_with(kOne);
}

net::Awaitable<Result<std::string>> ModelPages::answer(const transport::ServerRequest& request,
                                                       const ClientKey* key) {
    const std::string_view path = path_of(request.target);
    if (path == kVersion) co_return ollama_version(TENON_VERSION_STRING);
    const auto all = co_await catalogue_.models(request.io_index);
    const bool held = key != nullptr && !key->config().models.empty();
    const Models own = held ? visible_to(*key, *all) : Models();
    const Models& models = held ? own : *all;
    const bool anthropic = is_anthropic(request);
    if (path == kTags) co_return ollama_tags(models);
    if (path == kAll) co_return anthropic ? anthropic_models(models) : openai_models(models);
    const std::string_view encoded = path.substr(kOne.size());
    const auto decoded = wire::percent_decode(encoded);
    const auto model = find_model(models, decoded ? std::string_view(*decoded) : encoded);
    if (!model) co_return model.error();
    co_return anthropic ? anthropic_model(*model) : openai_model(*model);
}

}  // namespace tenon::gateway
