#include "gateway/admin/admin_api.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.hpp"
#include "gateway/admin/admin_api_impl.hpp"
#include "net/io_threads.hpp"
#include "wire/json_writer.hpp"

namespace tenon::gateway {
namespace {

constexpr std::size_t kMostBody = std::size_t{64} * 1024;
/// Of the events that wait for the ring, which is quick.
constexpr std::size_t kEventQueue = 1024;

bool only_looks(std::string_view method) noexcept {
    return method == "GET" || method == "HEAD";
}

Error refusal(int status, Code code, std::string message) {
    Error error(code, std::move(message));
    error.http_status = status;
    return error;
}

}  // namespace

std::string to_json(const Error& error) {
    std::string out;
    wire::JsonWriter json(out);
    json.begin_object();
    json.key("error");
    json.begin_object();
    json.member("code", to_string(error.code));
    json.member("message", error.message);
    json.end_object();
    json.end_object();
    return out;
}

int admin_status(const Error& error) noexcept {
    if (error.http_status != 0) return error.http_status;
    switch (error.code) {
        case Code::invalid: return 400;
        case Code::auth: return 401;
        case Code::forbidden: return 403;
        case Code::not_found: return 404;
        case Code::too_large: return 413;
        case Code::unsupported: return 501;
        case Code::cancelled:
        case Code::overloaded:
        case Code::unavailable: return 503;
        case Code::deadline: return 504;
        default: return 500;
    }
}

std::span<const AdminApi::Impl::Entry> AdminApi::Impl::table() noexcept {
    using I = Impl;
    static const std::array<Entry, 14> kTable = {{
        {{"GET", "/admin/v1/status"}, "", &I::status},
        {{"POST", "/admin/v1/commands/{command}"}, "", nullptr, &I::command},
        {{"POST", "/admin/v1/breaker"}, "", &I::breaker},
        {{"GET", "/admin/v1/routes"}, "", &I::routes},
        {{"POST", "/admin/v1/routes/pin"}, "", nullptr, &I::pin},
        {{"POST", "/admin/v1/routes/unpin"}, "", nullptr, &I::unpin},
        {{"GET", "/admin/v1/events"}, "since", nullptr, nullptr, &I::events},
        {{"GET", "/admin/v1/history"}, "since", &I::history},
        {{"GET", "/admin/v1/requests"}, "", &I::requests},
        {{"POST", "/admin/v1/requests/{id}/cancel"}, "", &I::cancel_request},
        {{"GET", "/admin/v1/traces"}, "limit", &I::traces},
        {{"GET", "/admin/v1/traces/{id}"}, "", &I::trace},
        {{"POST", "/admin/v1/reload"}, "", nullptr, &I::reload},
        {{"GET", "/admin/v1/offline"}, "", nullptr, &I::offline},
    }};
    return kTable;
}

AdminApi::Impl::Impl(AdminContext context)
    : context_(std::move(context)),
      history_(context_.history_interval),
      subscription_(context_.host.subscribe(
          [this](const host::Event& event) { events_.push(event); }, kEventQueue)),
      sampler_(context_.io.context(0), context_.history_interval, [this] {
          history_.add(std::chrono::system_clock::now(), context_.host.status(),
                       context_.recent_statistics ? context_.recent_statistics()
                                                  : context_.host.statistics());
      }) {
    events_.begin_after(subscription_->began_after());
}

boost::asio::io_context& AdminApi::Impl::io_of(const Call& call) {
    return context_.io.context(call.request.io_index);
}

Result<const AdminApi::Impl::Entry*> AdminApi::Impl::find(std::string_view method,
                                                          std::string_view path,
                                                          std::string& parameter,
                                                          std::string& allow) {
    std::vector<std::string_view> paths;
    for (const Entry& entry : table()) {
        paths.push_back(entry.route.path);
        const auto match = match_path(entry.route.path, path);
        if (!match) continue;
        if (method == entry.route.method || (method == "HEAD" && entry.route.method == "GET")) {
            parameter = *match;
            return &entry;
        }
        if (!allow.empty()) allow += ", ";
        allow += entry.route.method == "GET" ? "GET, HEAD" : entry.route.method;
    }
    const std::string shown(path);
    if (!allow.empty()) {
        return refusal(405, Code::unsupported, shown + " understands " + allow + " only");
    }
    return Error(Code::not_found, "there is nothing at " + shown + base::did_you_mean(path, paths));
}

net::Awaitable<AdminApi::Impl::Answer> AdminApi::Impl::answer(Call& call, const Entry& entry) {
    Result<void> query =
        entry.query.empty() ? call.target.check({}) : call.target.check({entry.query});
    if (!query) co_return std::move(query).error();
    if (call.request.body.size() > kMostBody) {
        co_return Error(Code::too_large, "the body of a command has 64 KiB at most");
    }
    if (entry.direct != nullptr) co_return (this->*entry.direct)(call);
    if (entry.waiting != nullptr) co_return co_await (this->*entry.waiting)(call);
    co_await (this->*entry.streaming)(call);
    co_return std::string();
}

net::Awaitable<void> AdminApi::Impl::handle(transport::ServerRequest& request,
                                            transport::ResponseWriter& response, bool may_change) {
    Answer answered = Error(Code::internal, "nobody has answered");
    std::string allow;
    auto target = AdminTarget::parse(request.target);
    if (!target) {
        answered = std::move(target).error();
    } else {
        Call call{request, response, *std::move(target), {}};
        auto found = find(request.method, call.target.path(), call.parameter, allow);
        if (!found) {
            answered = std::move(found).error();
        } else if (!may_change && !only_looks(request.method)) {
            answered = Error(Code::auth,
                             "this changes something, which needs the admin key: send it as "
                             "\"Authorization: Bearer KEY\"");
        } else {
            answered = co_await answer(call, **found);
        }
    }
    if (response.started()) co_return;
    std::vector<transport::HeaderView> headers = {{"Content-Type", "application/json"},
                                                  {"Cache-Control", "no-store"}};
    const int status = answered ? 200 : admin_status(answered.error());
    if (status == 401) headers.push_back({"WWW-Authenticate", "Bearer realm=\"tenon\""});
    if (!allow.empty()) headers.push_back({"Allow", allow});
    const std::string body = answered ? *std::move(answered) : to_json(answered.error());
    co_await response.send(status, headers, body);
}

AdminApi::AdminApi(AdminContext context) : impl_(std::make_unique<Impl>(std::move(context))) {}

AdminApi::~AdminApi() = default;

bool AdminApi::serves(std::string_view target) noexcept {
    return target.starts_with("/admin/") || target.substr(0, target.find('?')) == "/admin";
}

net::Awaitable<void> AdminApi::handle(transport::ServerRequest& request,
                                      transport::ResponseWriter& response, bool may_change) {
    return impl_->handle(request, response, may_change);
}

void AdminApi::stop() {
    impl_->stop();
}

std::vector<AdminApi::Route> AdminApi::routes() {
    std::vector<Route> out;
    for (const Impl::Entry& entry : Impl::table()) out.push_back(entry.route);
    return out;
}

}  // namespace tenon::gateway
