#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "base/text.hpp"
#include "gateway/admin/admin_api_impl.hpp"
#include "gateway/admin/gather.hpp"
#include "wire/json_writer.hpp"

// What the admin API does.
namespace tenon::gateway {
namespace {

constexpr std::chrono::milliseconds kUsualPatience = std::chrono::seconds(15);
constexpr std::int64_t kMostPatience = 600'000;                       // ms
constexpr std::int64_t kLongestPin = std::int64_t{366} * 86'400'000;  // ms

constexpr std::array<std::pair<std::string_view, host::Command>, 6> kCommands = {{
    {"connect", host::Command::connect},
    {"disconnect", host::Command::disconnect},
    {"enable", host::Command::enable},
    {"disable", host::Command::disable},
    {"reconnect", host::Command::reconnect},
    {"recover", host::Command::recover},
}};
constexpr std::string_view kHealth = "health";

constexpr std::array<std::pair<std::string_view, host::BreakerCommand>, 3> kBreakerCommands = {{
    {"open", host::BreakerCommand::force_open},
    {"close", host::BreakerCommand::force_closed},
    {"reset", host::BreakerCommand::reset},
}};

template <class Table>
const typename Table::value_type* look_up(const Table& table, std::string_view name) {
    for (const auto& each : table) {
        if (each.first == name) return &each;
    }
    return nullptr;
}

Error unknown_command(std::string_view name) {
    std::vector<std::string_view> known = {kHealth};
    for (const auto& each : kCommands) known.push_back(each.first);
    return Error(Code::not_found, "there is no command '" + std::string(name) + "'" +
                                      base::did_you_mean(name, known));
}

std::string_view to_string(host::CommandReply::Kind kind) noexcept {
    switch (kind) {
        case host::CommandReply::Kind::accepted: return "accepted";
        case host::CommandReply::Kind::already: return "already";
        case host::CommandReply::Kind::refused: break;
    }
    return "refused";
}

void write_reply(wire::JsonWriter& json, std::string_view provider, std::string_view kind,
                 std::string_view message, std::string_view state) {
    json.member("provider", provider);
    json.member("kind", kind);
    json.member("message", message);
    json.member("state", state);
}

void write(wire::JsonWriter& json, const host::CommandReply& reply) {
    write_reply(json, reply.provider, to_string(reply.kind), reply.message, reply.state);
}

void write(wire::JsonWriter& json, const host::CheckReply& reply) {
    write_reply(json, reply.provider, reply.checked ? "accepted" : "refused", reply.message,
                reply.state);
    json.member("healthy", reply.healthy);
    json.key("response_time_us");
    reply.response_time ? json.value(reply.response_time->count()) : json.null();
}

/// One reply for each name; one that went wrong is a refusal.
template <class Reply>
std::string to_json(const std::vector<std::string>& names,
                    const std::vector<Result<Reply>>& replies) {
    std::string out;
    wire::JsonWriter json(out);
    json.begin_object();
    json.key("replies");
    json.begin_array();
    for (std::size_t i = 0; i < names.size(); ++i) {
        json.begin_object();
        if (replies[i]) {
            write(json, *replies[i]);
        } else {
            write_reply(json, names[i], "refused", replies[i].error().message, "");
        }
        json.end_object();
    }
    json.end_array();
    json.end_object();
    return out;
}

/// Of the provider, or of one of its models.
std::string_view breaker_state(const host::ProviderStatus& status, std::string_view model) {
    if (model.empty()) return status.breaker.state;
    for (const host::BreakerStatus& breaker : status.model_breakers) {
        if (breaker.model == model) return breaker.state;
    }
    return "closed";
}

}  // namespace

Result<std::vector<std::string>> AdminApi::Impl::providers(const std::vector<std::string>* wanted) {
    const auto all = context_.host.status();
    std::vector<std::string_view> known;
    for (const host::ProviderStatus& status : all) known.push_back(status.name);
    if (wanted == nullptr) return std::vector<std::string>(known.begin(), known.end());
    const std::set<std::string> names(wanted->begin(), wanted->end());
    for (const std::string& name : names) {
        if (std::find(known.begin(), known.end(), name) != known.end()) continue;
        return Error(Code::not_found,
                     "there is no provider '" + name + "'" + base::did_you_mean(name, known));
    }
    return std::vector<std::string>(names.begin(), names.end());
}

net::Awaitable<AdminApi::Impl::Answer> AdminApi::Impl::command(Call& call) {
    const bool checks = call.parameter == kHealth;
    const auto* known = look_up(kCommands, call.parameter);
    if (known == nullptr && !checks) co_return unknown_command(call.parameter);
    AdminBody body(call.request.body, {"providers", "now", "patience_ms"});
    const auto wanted = body.texts("providers");
    const bool now = body.flag("now");
    const auto patience = body.duration("patience_ms", 0, kMostPatience, kUsualPatience);
    if (body.error()) co_return *body.error();
    if (now && call.parameter != "disconnect") {
        co_return Error(Code::invalid, "'now' is for the command disconnect only");
    }
    auto names = providers(body.has("providers") ? &wanted : nullptr);
    if (!names) co_return std::move(names).error();
    if (checks) co_return co_await check(call, *std::move(names));
    const host::Command given = now ? host::Command::disconnect_now : known->second;
    co_return co_await give(call, *std::move(names), given, patience);
}

net::Awaitable<AdminApi::Impl::Answer> AdminApi::Impl::give(Call& call,
                                                            std::vector<std::string> names,
                                                            host::Command command,
                                                            std::chrono::milliseconds patience) {
    const auto replies = co_await gather<host::CommandReply>(
        call.response, io_of(call), names.size(),
        [&](std::size_t i, AdminContext::OnDone<host::CommandReply> on_done) {
            return context_.host.start_command(names[i], command, patience, std::move(on_done));
        });
    co_return to_json(names, replies);
}

net::Awaitable<AdminApi::Impl::Answer> AdminApi::Impl::check(Call& call,
                                                             std::vector<std::string> names) {
    const auto replies = co_await gather<host::CheckReply>(
        call.response, io_of(call), names.size(),
        [&](std::size_t i, AdminContext::OnDone<host::CheckReply> on_done) {
            return context_.host.start_check(names[i], std::move(on_done));
        });
    co_return to_json(names, replies);
}

net::Awaitable<AdminApi::Impl::Answer> AdminApi::Impl::reload(Call& call) {
    const AdminBody body(call.request.body, {});
    if (body.error()) co_return *body.error();
    if (!context_.start_reload) {
        co_return Error(Code::unsupported, "there is no configuration file to read again");
    }
    auto reports = co_await gather<ReloadReport>(
        call.response, io_of(call), 1,
        [this](std::size_t, AdminContext::OnDone<ReloadReport> on_done) {
            context_.start_reload(std::move(on_done));
            return std::shared_ptr<host::Operation>();
        });
    if (!reports.front()) {
        Error error = std::move(reports.front()).error();
        if (error.code == Code::invalid) error.http_status = 422;
        co_return error;
    }
    std::string out;
    wire::JsonWriter json(out);
    json.begin_object();
    for (const auto& [name, paths] :
         {std::pair{"changed", &reports.front()->changed},
          std::pair{"needs_restart", &reports.front()->needs_restart}}) {
        json.key(name);
        json.begin_array();
        for (const std::string& path : *paths) json.value(path);
        json.end_array();
    }
    json.key("misconfigured");
    json.begin_array();
    for (const auto& [provider, message] : reports.front()->misconfigured) {
        json.begin_object();
        json.member("provider", provider);
        json.member("message", message);
        json.end_object();
    }
    json.end_array();
    json.end_object();
    co_return out;
}

AdminApi::Impl::Answer AdminApi::Impl::breaker(const Call& call) {
    AdminBody body(call.request.body, {"provider", "model", "command"});
    const std::string provider = body.text("provider");
    const std::string model = body.text_or("model");
    const std::string name = body.text("command");
    if (body.error()) return *body.error();
    const auto* command = look_up(kBreakerCommands, name);
    if (command == nullptr) {
        return Error(Code::invalid, "'command' must be \"open\", \"close\" or \"reset\"");
    }
    const std::vector<std::string> wanted = {provider};
    if (auto known = providers(&wanted); !known) return std::move(known).error();
    if (auto done = context_.host.set_breaker(provider, model, command->second); !done) {
        return std::move(done).error();
    }
    std::string out;
    wire::JsonWriter json(out);
    json.begin_object();
    json.member("provider", provider);
    json.member("model", model);
    for (const host::ProviderStatus& status : context_.host.status()) {
        if (status.name == provider) json.member("state", breaker_state(status, model));
    }
    json.end_object();
    return out;
}

net::Awaitable<AdminApi::Impl::Answer> AdminApi::Impl::pin(Call& call) {
    AdminBody body(call.request.body, {"model", "provider", "duration_ms", "force"});
    host::RoutePin pin;
    pin.model = body.text("model");
    pin.provider = body.text("provider");
    pin.duration = body.duration("duration_ms", 1, kLongestPin, {});
    pin.force = body.flag("force");
    if (body.error()) co_return *body.error();
    auto pinned = co_await gather<void>(call.response, io_of(call), 1,
                                        [&](std::size_t, AdminContext::OnDone<void> on_done) {
                                            context_.host.start_pin_route(pin, std::move(on_done));
                                            return std::shared_ptr<host::Operation>();
                                        });
    if (!pinned.front()) co_return std::move(pinned.front()).error();
    co_return std::string("{}");
}

net::Awaitable<AdminApi::Impl::Answer> AdminApi::Impl::unpin(Call& call) {
    AdminBody body(call.request.body, {"model"});
    const std::string model = body.text("model");
    if (body.error()) co_return *body.error();
    auto was_pinned = co_await gather<bool>(
        call.response, io_of(call), 1, [&](std::size_t, AdminContext::OnDone<bool> on_done) {
            context_.host.start_unpin_route(model, std::move(on_done));
            return std::shared_ptr<host::Operation>();
        });
    if (!was_pinned.front()) co_return std::move(was_pinned.front()).error();
    co_return std::string(*was_pinned.front() ? R"({"was_pinned":true})"
                                              : R"({"was_pinned":false})");
}

AdminApi::Impl::Answer AdminApi::Impl::cancel_request(const Call& call) {
    const AdminBody body(call.request.body, {});
    if (body.error()) return *body.error();
    if (context_.cancel_request && context_.cancel_request(call.parameter))
        return std::string("{}");
    return Error(Code::not_found, "there is no request '" + call.parameter + "' in flight");
}

}  // namespace tenon::gateway
