#include <algorithm>
#include <charconv>
#include <chrono>
#include <limits>

#include "base/clock.hpp"
#include "gateway/admin/admin_api_impl.hpp"
#include "gateway/admin/event_stream.hpp"
#include "gateway/admin/gather.hpp"
#include "gateway/admin/status_json.hpp"
#include "wire/json_writer.hpp"

// What the admin API shows.
namespace tenon::gateway {
namespace {

constexpr std::uint64_t kMostTraces = 10'000;
constexpr std::uint64_t kUsualTraces = 50;

void write_texts(wire::JsonWriter& json, std::string_view name,
                 const std::vector<std::string>& texts) {
    json.key(name);
    json.begin_array();
    for (const std::string& text : texts) json.value(text);
    json.end_array();
}

void write(wire::JsonWriter& json, const host::RouteInfo& route) {
    json.begin_object();
    json.member("model", route.model);
    json.key("tiers");
    json.begin_array();
    for (const auto& tier : route.tiers) {
        json.begin_array();
        for (const host::RouteTarget& target : tier) {
            json.begin_object();
            json.member("provider", target.provider);
            json.member("model", target.model);
            json.member("weight", target.weight);
            json.end_object();
        }
        json.end_array();
    }
    json.end_array();
    json.key("pinned_to");
    route.pinned_to ? json.value(*route.pinned_to) : json.null();
    json.member("pin_forced", route.pin_forced);
    json.end_object();
}

void write(wire::JsonWriter& json, const RequestInFlight& request) {
    json.begin_object();
    json.member("id", request.id);
    json.member("dialect", request.dialect);
    json.member("model", request.model);
    json.member("provider", request.provider);
    json.member("key", request.key);
    json.member("stream", request.stream);
    json.member("started", base::format_utc(request.started));
    json.member("age_ms", request.age.count());
    json.member("attempts", request.attempts);
    json.member("deltas", request.deltas);
    json.member("bytes", request.bytes);
    json.end_object();
}

void write(wire::JsonWriter& json, const OfflineRequest& request) {
    const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::system_clock::now() - request.queued);
    json.begin_object();
    json.member("id", request.id);
    json.member("model", request.model);
    json.member("queued", base::format_utc(request.queued));
    json.member("age_ms", std::max<std::int64_t>(age.count(), 0));
    json.end_object();
}

void write_keys(wire::JsonWriter& json, const std::vector<KeyUsage>& keys) {
    json.key("keys");
    json.begin_array();
    for (const KeyUsage& key : keys) {
        json.begin_object();
        json.member("name", key.name);
        json.member("requests", key.requests);
        json.member("rejected", key.rejected);
        json.member("tokens", key.tokens);
        json.member("in_flight", key.in_flight);
        json.end_object();
    }
    json.end_array();
}

template <class Item>
std::string list(std::string_view name, const std::vector<Item>& items) {
    std::string out;
    wire::JsonWriter json(out);
    json.begin_object();
    json.key(name);
    json.begin_array();
    for (const Item& item : items) write(json, item);
    json.end_array();
    json.end_object();
    return out;
}

}  // namespace

AdminApi::Impl::Answer AdminApi::Impl::status(const Call&) {
    const DaemonInfo& daemon = context_.daemon;
    const auto up = base::steady_clock().now() - daemon.up_since;
    const RequestCounts counts =
        context_.request_counts ? context_.request_counts() : RequestCounts();
    std::string out;
    wire::JsonWriter json(out);
    json.begin_object();
    json.member("version", daemon.version);
    json.member("pid", daemon.pid);
    json.member("started", base::format_utc(daemon.started));
    json.member("uptime_ms", std::chrono::duration_cast<std::chrono::milliseconds>(up).count());
    json.member("ready", !context_.ready || context_.ready());
    json.member("config_file", daemon.config_file);
    json.member("state_file", daemon.state_file);
    write_texts(json, "listen", context_.listen ? context_.listen() : std::vector<std::string>());
    json.key("requests");
    json.begin_object();
    json.member("in_flight", counts.in_flight);
    json.member("waiting", counts.waiting);
    json.member("total", counts.total);
    json.end_object();
    json.key("offline");
    json.begin_object();
    json.member("enabled", context_.offline_enabled);
    json.member("queued", context_.offline_queued ? context_.offline_queued() : std::size_t{0});
    json.end_object();
    write_keys(json, context_.keys ? context_.keys() : std::vector<KeyUsage>());
    json.key("providers");
    const auto all = context_.host.status();
    write_providers(json, all, context_.host.statistics());
    json.end_object();
    return out;
}

AdminApi::Impl::Answer AdminApi::Impl::routes(const Call&) {
    return list("routes", context_.host.routes());
}

AdminApi::Impl::Answer AdminApi::Impl::history(const Call& call) {
    const auto since = call.target.time("since");
    if (!since) return since.error();
    return history_.to_json(*since);
}

AdminApi::Impl::Answer AdminApi::Impl::requests(const Call&) {
    return list("requests",
                context_.requests ? context_.requests() : std::vector<RequestInFlight>());
}

AdminApi::Impl::Answer AdminApi::Impl::traces(const Call& call) {
    const auto limit = call.target.number("limit", kMostTraces);
    if (!limit) return limit.error();
    const std::string all = context_.traces ? context_.traces(limit->value_or(kUsualTraces)) : "[]";
    return "{\"traces\":" + all + "}";
}

AdminApi::Impl::Answer AdminApi::Impl::trace(const Call& call) {
    if (context_.trace) return context_.trace(call.parameter);
    return Error(Code::not_found, "there is no trace '" + call.parameter + "': none are kept");
}

net::Awaitable<AdminApi::Impl::Answer> AdminApi::Impl::offline(Call& call) {
    using Listed = std::vector<OfflineRequest>;
    Listed kept;
    if (context_.start_offline_list) {
        auto listed = co_await gather<Listed>(
            call.response, io_of(call), 1, [this](std::size_t, AdminContext::OnDone<Listed> done) {
                context_.start_offline_list(std::move(done));
                return std::shared_ptr<host::Operation>();
            });
        if (!listed.front()) co_return std::move(listed.front()).error();
        kept = *std::move(listed.front());
    }
    std::string out;
    wire::JsonWriter json(out);
    json.begin_object();
    json.member("queued", kept.size());
    json.key("requests");
    json.begin_array();
    for (const OfflineRequest& request : kept) write(json, request);
    json.end_array();
    json.end_object();
    co_return out;
}

net::Awaitable<void> AdminApi::Impl::events(Call& call) {
    constexpr auto kMost = std::numeric_limits<std::uint64_t>::max() - 1;
    auto since = call.target.number("since", kMost);
    if (since && !*since) {  // a browser that comes back says so by a header
        const std::string_view last = call.request.header("last-event-id");
        std::uint64_t number = 0;
        const auto read = std::from_chars(last.data(), last.data() + last.size(), number);
        if (!last.empty() && read.ptr == last.data() + last.size()) since->emplace(number);
    }
    EventStreamOptions options;
    options.started = base::format_utc(context_.daemon.started);
    options.keep_alive = context_.keep_alive;
    if (!since) {
        const std::vector<transport::HeaderView> headers = {{"Content-Type", "application/json"}};
        const std::string body = to_json(since.error());
        co_await call.response.send(admin_status(since.error()), headers, body);
    } else if (call.request.method == "HEAD") {
        const std::vector<transport::HeaderView> headers = {{"Content-Type", "text/event-stream"}};
        co_await call.response.send(200, headers, {});
    } else {
        options.since = *since;
        co_await stream_events(events_, call.response, std::move(options), io_of(call));
    }
}

}  // namespace tenon::gateway
