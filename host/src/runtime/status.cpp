#include <algorithm>
#include <utility>

#include "plugin/descriptor_check.hpp"
#include "runtime/host_impl.hpp"
#include "runtime/provider_text.hpp"
#include "runtime/spawn.hpp"

namespace tenon::runtime {
namespace {

std::vector<std::string> operations(const plugin::Kind& kind) {
    std::vector<std::string> out;
    const std::pair<bool, const char*> all[] = {{kind.has.complete, "complete"},
                                                {kind.has.embed, "embed"},
                                                {kind.has.rerank, "rerank"},
                                                {kind.has.list_models, "list_models"},
                                                {kind.has.health_check, "health_check"},
                                                {kind.has.connect, "connect"}};
    for (const auto& [has, name] : all) {
        if (has) out.emplace_back(name);
    }
    return out;
}

std::vector<std::string> features(const plugin::Kind& kind) {
    std::vector<std::string> out;
    const std::pair<std::uint64_t, const char*> all[] = {{TENON_FEATURE_STREAM, "stream"},
                                                         {TENON_FEATURE_TOOLS, "tools"},
                                                         {TENON_FEATURE_JSON_SCHEMA, "json_schema"},
                                                         {TENON_FEATURE_IMAGES, "images"},
                                                         {TENON_FEATURE_REASONING, "reasoning"}};
    for (const auto& [bit, name] : all) {
        if ((kind.features & bit) != 0) out.emplace_back(name);
    }
    return out;
}

}  // namespace

std::vector<host::KindInfo> HostImpl::kinds() const {
    const std::lock_guard lock(mutex_);
    std::vector<host::KindInfo> out;
    for (const auto& kind : registry_.kinds()) {
        out.push_back({kind->id, kind->name, kind->version, kind->description, kind->license,
                       kind->library_path, plugin::format_abi(kind->abi_built),
                       std::string(to_string(kind->conn_mode)), operations(*kind), features(*kind),
                       kind->config_schema});
    }
    return out;
}

std::vector<host::PluginProblem> HostImpl::plugin_problems() const {
    const std::lock_guard lock(mutex_);
    std::vector<host::PluginProblem> out = directory_problems_;
    for (const plugin::LoadError& error : registry_.errors()) {
        out.push_back({error.path, std::string(to_string(error.stage)), error.message});
    }
    return out;
}

std::vector<host::ProviderStatus> HostImpl::status(bool probe) {
    if (probe) probe_all(entries());
    std::vector<host::ProviderStatus> out;
    for_each_provider([&](const host::ProviderStatus& status, const core::ProviderSnapshot&) {
        out.push_back(status);
    });
    return out;
}

void HostImpl::for_each_provider(
    const std::function<void(const host::ProviderStatus&, const core::ProviderSnapshot&)>& use)
    const {
    core::ProviderSnapshot counts;
    for (const auto& entry : entries()) {
        host::ProviderStatus status;
        counts = {};
        if (entry->provider) {
            status = to_status(entry->name, entry->provider->report());
            status.library = entry->provider->kind().library_path;
            counts = entry->provider->counters().snapshot();
            count_calls(status, counts);
        } else {
            status.name = entry->name;
            status.enabled = entry->config.enabled;
            status.state = "misconfigured";
            status.health = "unknown";
            status.last_error = entry->problem.message;
        }
        status.kind = entry->config.kind;
        status.default_model = entry->config.default_model;
        use(status, counts);
    }
}

/// All checks run at once; each is bounded by timeouts.health_check.
void HostImpl::probe_all(std::vector<std::shared_ptr<ProviderEntry>> all) {
    std::erase_if(all, [](const auto& entry) {
        return !entry->provider || !entry->provider->kind().has.health_check;
    });
    const auto check = [](const auto& entry, auto cancel, std::size_t io_index) {
        return entry->provider->check_health(std::move(cancel), io_index);
    };
    static_cast<void>(wait_for_all<provider::Health>(all, check, {}));
}

std::shared_ptr<host::Operation> HostImpl::start_check(
    std::string_view provider, std::function<void(Result<host::CheckReply>)> on_done) {
    auto task = [this, entry = find_entry(provider)](
                    auto cancel, std::size_t io_index) -> net::Awaitable<Result<host::CheckReply>> {
        if (!entry) co_return entry.error();
        co_return co_await look_at(*entry, std::move(cancel), io_index);
    };
    return start_operation<host::CheckReply>(std::move(task), std::move(on_done));
}

net::Awaitable<Result<host::CheckReply>> HostImpl::look_at(
    std::shared_ptr<ProviderEntry> entry, std::shared_ptr<provider::CancelSignal> cancel,
    std::size_t io_index) {
    host::CheckReply reply;
    reply.provider = entry->name;
    if (!entry->provider) {
        reply.message = entry->problem.message;
        reply.state = "misconfigured";
        co_return reply;
    }
    const auto health = co_await entry->provider->check_health(cancel, io_index);
    if (!health && cancel->cancelled()) co_return health.error();
    reply.checked = health.has_value() || health.error().code != Code::unsupported;
    reply.healthy = health.has_value();
    reply.message = health ? entry->name + " is healthy" : health.error().message;
    if (health) reply.response_time = health->response_time;
    reply.state = state_name(entry->provider->report());
    co_return reply;
}

std::vector<host::ProviderStatistics> HostImpl::statistics() const {
    std::vector<host::ProviderStatistics> out;
    for (const auto& entry : entries()) {
        if (!entry->provider) continue;
        out.push_back(to_statistics(entry->name, entry->provider->counters().snapshot()));
    }
    return out;
}

std::unique_ptr<host::Subscription> HostImpl::subscribe(
    std::function<void(const host::Event&)> on_event, std::size_t capacity) {
    class Subscribed final : public host::Subscription {
    public:
        explicit Subscribed(std::unique_ptr<provider::EventHub::Subscription> subscription)
            : subscription_(std::move(subscription)) {}
        std::uint64_t began_after() const noexcept override {
            return subscription_->first_sequence();
        }
        std::uint64_t lost() const noexcept override { return subscription_->lost(); }

    private:
        const std::unique_ptr<provider::EventHub::Subscription> subscription_;
    };
    return std::make_unique<Subscribed>(events_.subscribe(
        [on_event = std::move(on_event)](const core::Event& event) { on_event(to_host(event)); },
        std::max<std::size_t>(capacity, 1)));
}

}  // namespace tenon::runtime
