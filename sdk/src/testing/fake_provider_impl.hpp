#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "tenon/result.hpp"
#include "tenon/testing/fake_host.hpp"
#include "testing/fake_state.hpp"

namespace tenon::testing {

/// The provider under test behind its table, NULL members included.
struct FakeProvider::Impl {
    FakeState& state;
    tenon_descriptor descriptor;
    tenon_vtable functions;
    tenon_provider* provider = nullptr;
    std::optional<Error> error;

    /// \throws std::invalid_argument if no host would accept them
    Impl(FakeState& state_in, const tenon_descriptor& d, const tenon_vtable& v);

    void create(std::string_view config_json);
    void disconnect(tenon_conn* connection);
    /// Disconnects what is unusable and has no call.
    void drop_unusable();
    /// The connection that a call shall use; opens one if need be.
    Result<tenon_conn*> pick_connection(FakeProvider& self, const CallOptions& options);
    [[nodiscard]] bool may_take_call(tenon_conn* connection) const;

    /// Starts the operation `function`; `run` is its start function, empty if the plugin has none.
    FakeCall start(const char* function, std::unique_ptr<CallRecord> record,
                   const CallOptions& options,
                   const std::function<tenon_status(const CallRecord&)>& run);
    /// Ends an operation without the plugin.
    FakeCall answer(const char* function, Outcome outcome);
    std::unique_ptr<CallRecord> new_record(const CallOptions& options) const;

    using Operation = decltype(tenon_vtable::complete);
    FakeCall start_request(FakeProvider& self, const char* function, Operation run,
                           std::string_view request_json, const CallOptions& options);
    using Query = decltype(tenon_vtable::list_models);
    FakeCall start_query(FakeProvider& self, const char* function, Query run,
                         const CallOptions& options, Outcome if_null);
};

}  // namespace tenon::testing
