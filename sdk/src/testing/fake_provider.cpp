#include <stdexcept>
#include <utility>

#include "testing/fake_provider_impl.hpp"

namespace tenon::testing {
namespace {

struct Entry {
    const tenon_descriptor* descriptor;
    const tenon_vtable* vtable;
};

Entry find_kind(const tenon_plugin& plugin, std::string_view kind) {
    for (std::uint32_t i = 0; i < plugin.count; ++i) {
        if (from_abi(plugin.descriptors[i]->id) == kind) {
            return {plugin.descriptors[i], plugin.vtables[i]};
        }
    }
    throw std::invalid_argument("the plugin has no kind '" + std::string(kind) + "'");
}

}  // namespace

FakeProvider::FakeProvider(FakeHost& host, const tenon_plugin& plugin, std::string_view kind,
                           std::string_view config_json)
    : FakeProvider(host, *find_kind(plugin, kind).descriptor, *find_kind(plugin, kind).vtable,
                   config_json) {}

FakeProvider::FakeProvider(FakeHost& host, const Kind& kind, std::string_view config_json)
    : FakeProvider(host, kind.descriptor, kind.vtable, config_json) {}

FakeProvider::FakeProvider(FakeHost& host, const tenon_descriptor& descriptor,
                           const tenon_vtable& vtable, std::string_view config_json)
    : impl_(std::make_unique<Impl>(*host.state_, descriptor, vtable)) {
    impl_->create(config_json);
}

FakeProvider::~FakeProvider() {
    if (impl_->provider == nullptr) return;
    FakeState& state = impl_->state;
    try {
        for (const tenon_call call : state.open_calls(impl_.get())) state.cancel(call);
        state.run_until_idle();
        for (const tenon_call call : state.open_calls(impl_.get())) {
            if (state.wait_for_threads(call)) state.run_until_idle();
        }
    } catch (const std::runtime_error& e) {
        state.violation(e.what());
    }
    if (!state.open_calls(impl_.get()).empty()) {
        state.violation(
            "a call was not finished although it was cancelled; the provider is left "
            "alive");
        // Reachable for ever: no leak checker shall hide the violation behind a leak.
        static auto& left_alive = *new std::vector<std::unique_ptr<Impl>>;
        left_alive.push_back(std::move(impl_));
        return;
    }
    for (const auto& [connection, usable] : state.connections_of(impl_.get())) {
        impl_->disconnect(connection);
    }
    state.enter([this] { impl_->functions.destroy(impl_->provider); });
    state.report_leaks();
}

bool FakeProvider::ok() const noexcept {
    return impl_->provider != nullptr;
}

const std::optional<Error>& FakeProvider::error() const noexcept {
    return impl_->error;
}

tenon_provider* FakeProvider::handle() const noexcept {
    return impl_->provider;
}

Outcome FakeProvider::wait(const FakeCall& call) {
    FakeState& state = impl_->state;
    state.run();
    while (!call.outcome().finished) {
        if (const auto timer = state.next_timer()) {
            state.advance_to(*timer);
        } else if (state.held_exchanges() != 0) {
            break;  // the test has to let it go on
        } else if (!state.wait_for_threads(call.handle())) {
            state.violation("a call was not finished, and nothing is left that could finish it");
            break;
        }
        state.run();
    }
    return call.outcome();
}

FakeCall FakeProvider::start_complete(std::string_view request_json, const CallOptions& options) {
    return impl_->start_request(*this, "complete", impl_->functions.complete, request_json,
                                options);
}

FakeCall FakeProvider::start_embed(std::string_view request_json, const CallOptions& options) {
    return impl_->start_request(*this, "embed", impl_->functions.embed, request_json, options);
}

FakeCall FakeProvider::start_rerank(std::string_view request_json, const CallOptions& options) {
    return impl_->start_request(*this, "rerank", impl_->functions.rerank, request_json, options);
}

FakeCall FakeProvider::start_list_models(const CallOptions& options) {
    Outcome none;  // no model is named in the fake's configuration
    none.body = R"({"data":[]})";
    return impl_->start_query(*this, "list_models", impl_->functions.list_models, options,
                              std::move(none));
}

FakeCall FakeProvider::start_health_check(const CallOptions& options) {
    return impl_->start_query(*this, "health_check", impl_->functions.health_check, options, {});
}

FakeCall FakeProvider::start_connect(const CallOptions& options) {
    const auto connect = impl_->functions.connect;
    if (connect == nullptr) return impl_->answer("connect", {});
    return impl_->start("connect", impl_->new_record(options), options,
                        [this, connect](const CallRecord& call) {
                            return connect(impl_->provider, call.handle, call.deadline_ns);
                        });
}

Outcome FakeProvider::complete(std::string_view request_json, const CallOptions& options) {
    return wait(start_complete(request_json, options));
}

Outcome FakeProvider::embed(std::string_view request_json, const CallOptions& options) {
    return wait(start_embed(request_json, options));
}

Outcome FakeProvider::rerank(std::string_view request_json, const CallOptions& options) {
    return wait(start_rerank(request_json, options));
}

Outcome FakeProvider::list_models(const CallOptions& options) {
    return wait(start_list_models(options));
}

Outcome FakeProvider::health_check(const CallOptions& options) {
    return wait(start_health_check(options));
}

Outcome FakeProvider::connect(const CallOptions& options) {
    return wait(start_connect(options));
}

void FakeProvider::disconnect(tenon_conn* connection) {
    if (!impl_->state.connections_of(impl_.get()).contains(connection)) {
        throw std::logic_error("the connection is not open");
    }
    if (impl_->state.calls_on(connection) != 0) throw std::logic_error("the connection is busy");
    impl_->disconnect(connection);
}

std::size_t FakeProvider::connections() const {
    return impl_->state.connections_of(impl_.get()).size();
}

const void* FakeProvider::get_extension(const char* id) const {
    if (impl_->functions.get_extension == nullptr) return nullptr;
    const void* found = nullptr;
    impl_->state.enter([&] { found = impl_->functions.get_extension(impl_->provider, id); });
    return found;
}

}  // namespace tenon::testing
