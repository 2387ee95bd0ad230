#include "gateway/daemon/gateway_handler.hpp"

#include <utility>

#include "gateway/admin/admin_api.hpp"
#include "gateway/api/api_call.hpp"
#include "gateway/api/browser_guard.hpp"
#include "gateway/api/off_thread.hpp"
#include "gateway/api/refused_request.hpp"
#include "gateway/dialect/errors.hpp"
#include "gateway/offline/offline_queue.hpp"
#include "gateway/pages/pages.hpp"

namespace tenon::gateway {
namespace {

constexpr std::string_view kJson = "application/json";
constexpr std::string_view kText = "text/plain; charset=utf-8";
bool is_get(const transport::ServerRequest& request) {
    return request.method == "GET" || request.method == "HEAD";
}

Error unauthorized() {
    Error error(Code::auth,
                "this needs the gateway's admin key: send it as \"Authorization: "
                "Bearer KEY\"; 'tenon dashboard' prints an address with it");
    error.scope = Scope::request;
    return error;
}

Error error_of(const transport::OwnAnswer& answer) {
    const auto code = [&] {
        if (answer.status == 404) return Code::not_found;
        if (answer.status == 408) return Code::deadline;
        if (answer.status == 413) return Code::too_large;
        if (answer.status == 503) return Code::overloaded;
        return answer.status < 500 ? Code::invalid : Code::internal;
    };
    Error error(code(), std::string(answer.reason));
    error.http_status = answer.status;
    return error;
}

bool has_expected_host(const transport::ServerRequest& request, const ApiSettings& settings) {
    return settings.keys.required() || is_expected_host(request.authority, settings.config.hosts);
}

}  // namespace

GatewayHandler::GatewayHandler(ApiContext& context, GatewayPages pages, std::string admin_key)
    : context_(context),
      pages_(std::move(pages)),
      admin_key_(std::move(admin_key)),
      models_(context.host()) {}

bool GatewayHandler::is_admin(const transport::ServerRequest& request) const noexcept {
    return equal_secrets(admin_key_, presented_key(request));
}

bool GatewayHandler::may_look(const transport::ServerRequest& request,
                              const ApiSettings& settings) const noexcept {
    return !settings.keys.required() || is_admin(request);
}

net::Awaitable<void> GatewayHandler::send(transport::ResponseWriter& response, int status,
                                          HeaderList& headers, std::string_view type,
                                          std::string_view body) {
    headers.add("content-type", type);
    headers.add("x-content-type-options", "nosniff");
    static_cast<void>(co_await response.send(status, headers.views(), body));
}

net::Awaitable<void> GatewayHandler::refuse(transport::ResponseWriter& response, int status,
                                            HeaderList& headers,
                                            const transport::ServerRequest& request,
                                            const Error& error) {
    const ErrorReply reply = error_reply_at(path_of(request.target), is_anthropic(request), error);
    headers.add(reply.headers);
    if (status == 401) headers.add("www-authenticate", "Bearer");
    if (is_for_a_model(request)) {
        headers.add("x-request-id",
                    note_refused(context_, request, status, error, reply.body.size()));
    }
    co_await send(response, status, headers, kJson, reply.body);
}

net::Awaitable<void> GatewayHandler::handle(transport::ServerRequest& request,
                                            transport::ResponseWriter& response) {
    auto settings = context_.settings();
    const Dialect* dialect =
        request.method == "POST" ? find_dialect(path_of(request.target)) : nullptr;
    if (dialect != nullptr && has_expected_host(request, *settings) &&
        is_expected_origin(request, settings->config.cors.origins)) {
        return call(*dialect, request, response);
    }
    return serve(std::move(settings), request, response);
}

net::Awaitable<void> GatewayHandler::call(const Dialect& dialect, transport::ServerRequest& request,
                                          transport::ResponseWriter& response) {
    ApiCall call(context_, dialect, request, response);
    co_await call.run();
}

net::Awaitable<void> GatewayHandler::serve(std::shared_ptr<const ApiSettings> settings,
                                           transport::ServerRequest& request,
                                           transport::ResponseWriter& response) {
    const std::string_view path = path_of(request.target);
    HeaderList headers;
    if (!has_expected_host(request, *settings)) {
        const Error error(Code::forbidden,
                          "this gateway is not known as \"" + std::string(request.authority) +
                              "\"; if it shall be, add the name to gateway.hosts, or give out "
                              "keys (gateway.keys)");
        co_await refuse(response, 421, headers, request, error);
        co_return;
    }
    const auto& origins = settings->config.cors.origins;
    if (answer_preflight(headers, request, origins)) {
        static_cast<void>(co_await response.send(204, headers.views(), {}));
        co_return;
    }
    if (!is_expected_origin(request, origins)) {
        const Error error(Code::forbidden, "pages of " + std::string(request.header("origin")) +
                                               " may not use this gateway; see "
                                               "gateway.cors.origins");
        co_await refuse(response, 403, headers, request, error);
        co_return;
    }
    if (pages_.admin != nullptr && AdminApi::serves(request.target)) {
        const bool admin = is_admin(request);
        if (admin || (is_get(request) && may_look(request, *settings))) {
            co_await pages_.admin->handle(request, response, admin);
        } else {
            if (context_.followers() != nullptr) {
                context_.followers()->key_rejected(KeyRejection::admin);
            }
            co_await refuse(response, 401, headers, request, unauthorized());
        }
        co_return;
    }
    if (find_dialect(path) != nullptr) {
        headers.add("allow", "POST");
        const Error error(Code::invalid, "requests to " + std::string(path) + " are POST");
        co_await refuse(response, 405, headers, request, error);
        co_return;
    }
    if (path.starts_with(kOfflinePath) && context_.offline() != nullptr) {
        co_await offline(path, request, response, *settings);
        co_return;
    }
    if (ModelPages::serves(request)) {
        co_await models(request, response, *settings);
        co_return;
    }
    co_await get(path, request, response, *settings);
}

net::Awaitable<void> GatewayHandler::offline(std::string_view path,
                                             transport::ServerRequest& request,
                                             transport::ResponseWriter& response,
                                             const ApiSettings& settings) {
    HeaderList headers;
    add_cors(headers, request, settings.config.cors.origins);
    const auto key = settings.keys.check(presented_key(request));
    if (!key) {
        co_await refuse(response, 401, headers, request, key.error());
        co_return;
    }
    const std::string client = *key ? (*key)->name() : std::string();
    const std::string id(path.substr(kOfflinePath.size()));
    if (request.method == "DELETE") {
        const auto forgotten = co_await context_.offline()->forget(id, client, request.io_index);
        if (!forgotten) {
            const Error& error = forgotten.error();
            co_await refuse(response, http_status(error), headers, request, error);
        } else {
            static_cast<void>(co_await response.send(204, headers.views(), {}));
        }
        co_return;
    }
    const auto found = co_await context_.offline()->find(id, client, request.io_index);
    if (!found) {
        const Error& error = found.error();
        co_await refuse(response, http_status(error), headers, request, error);
    } else if (found->result) {
        co_await send(response, found->result->status, headers, kJson, found->result->body);
    } else {
        const std::string body =
            R"({"id":")" + id + R"(","object":"offline.request","status":")" +
            (found->entry.state == store::QueueState::taken ? "sending" : "queued") + R"("})";
        headers.add("retry-after", "5");
        co_await send(response, 202, headers, kJson, body);
    }
}

net::Awaitable<void> GatewayHandler::get(std::string_view path, transport::ServerRequest& request,
                                         transport::ResponseWriter& response,
                                         const ApiSettings& settings) {
    HeaderList headers;
    add_cors(headers, request, settings.config.cors.origins);
    if (is_get(request)) {
        if (path == "/healthz") {
            co_await send(response, 200, headers, kText, "ok\n");
            co_return;
        }
        if (path == "/readyz") {
            const bool ready = !pages_.ready || pages_.ready();
            co_await send(response, ready ? 200 : 503, headers, kText,
                          ready ? "ready\n" : "no provider can be asked\n");
            co_return;
        }
        if (path == "/metrics" && pages_.metrics) {
            if (!may_look(request, settings)) {
                co_await refuse(response, 401, headers, request, unauthorized());
                co_return;
            }
            const auto metrics = co_await make_off_thread(
                metrics_pool_, context_.host().io().context(request.io_index), pages_.metrics);
            if (!metrics) {
                const Error& error = metrics.error();
                co_await refuse(response, http_status(error), headers, request, error);
                co_return;
            }
            co_await send(response, 200, headers, "text/plain; version=0.0.4; charset=utf-8",
                          *metrics);
            co_return;
        }
        if (path == "/" && is_ollama(request)) {  // by which its clients know that it is there
            co_await send(response, 200, headers, kText, "Ollama is running");
            co_return;
        }
        const Page* page = settings.config.dashboard ? find_page(path) : nullptr;
        if (page != nullptr) {
            headers.add("etag", page->etag);
            headers.add("cache-control", "no-cache");
            headers.add("content-security-policy", kPagePolicy);
            headers.add("referrer-policy", "no-referrer");
            const bool same = request.header("if-none-match") == page->etag;
            co_await send(response, same ? 304 : 200, headers, page->type,
                          same ? std::string_view() : page->body);
            co_return;
        }
    }
    const Error error(Code::not_found, "there is no " + std::string(request.method) + " " +
                                           std::string(path) + " at this gateway");
    co_await refuse(response, 404, headers, request, error);
}

net::Awaitable<void> GatewayHandler::models(transport::ServerRequest& request,
                                            transport::ResponseWriter& response,
                                            const ApiSettings& settings) {
    HeaderList headers;
    add_cors(headers, request, settings.config.cors.origins);
    const auto key = settings.keys.check(presented_key(request));
    if (!key) {
        co_await refuse(response, 401, headers, request, key.error());
        co_return;
    }
    const auto body = co_await models_.answer(request, key->get());
    if (body) {
        co_await send(response, 200, headers, kJson, *body);
    } else {
        const Error& error = body.error();
        const int status = error.http_status != 0 ? error.http_status : http_status(error);
        co_await refuse(response, status, headers, request, error);
    }
}

transport::HttpHandler::Body GatewayHandler::describe(const transport::OwnAnswer& answer) {
    const bool anthropic = answer.request != nullptr && is_anthropic(*answer.request);
    const Error error = error_of(answer);
    Body body{std::string(kJson), error_reply_at(path_of(answer.target), anthropic, error).body};
    if (answer.request != nullptr && is_for_a_model(*answer.request)) {
        body.headers.emplace_back(
            "x-request-id",
            note_refused(context_, *answer.request, answer.status, error, body.text.size()));
    }
    return body;
}

void GatewayHandler::on_trouble(std::string_view what) noexcept {
    context_.host().log().write(base::LogLevel::error, "gateway", what);
}

}  // namespace tenon::gateway
