#include "testing/fake_provider_impl.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "tenon/testing/json_service.hpp"
#include "testing/fake_checks.hpp"

namespace tenon::testing {
namespace {

/// The part of a struct that its author filled; the rest stays zero.
template <class T>
T copy_prefix(const T& from) noexcept {
    T out{};
    std::memcpy(&out, &from, std::min<std::size_t>(sizeof out, from.struct_size));
    return out;
}

[[noreturn]] void unusable(const tenon_descriptor& descriptor, const std::string& why) {
    throw std::invalid_argument("no host accepts the kind '" +
                                std::string(from_abi(descriptor.id)) + "': " + why);
}

void require_usable(const tenon_descriptor& d, const tenon_vtable& v) {
    if (d.id.len == 0 || d.name.len == 0 || d.version.len == 0) {
        unusable(d, "its id, name or version is empty");
    }
    if (d.abi_min_host > TENON_ABI_CURRENT) unusable(d, "it needs a newer ABI");
    if (d.conn_mode > TENON_CONN_MULTIPLEXED) unusable(d, "its conn_mode is unknown");
    if (v.create == nullptr || v.destroy == nullptr) unusable(d, "it lacks create or destroy");
    if (v.complete == nullptr && v.embed == nullptr && v.rerank == nullptr) {
        unusable(d, "it offers none of complete, embed and rerank");
    }
    if ((v.connect == nullptr) != (v.disconnect == nullptr)) {
        unusable(d, "it has one of connect and disconnect without the other");
    }
    if ((v.connect == nullptr) != (d.conn_mode == TENON_CONN_STATELESS)) {
        unusable(d, "its conn_mode does not fit whether it has connect");
    }
    const std::string_view schema = from_abi(d.config_schema_json);
    if (!schema.empty() && !is_json_object(schema)) unusable(d, "its schema is no JSON object");
}

/// The members of the request that the host repeats beside it.
void fill_from_request(CallOptions& options, std::string_view request_json) {
    const tenon_str text = to_abi(request_json);
    const tenon_json_document* document = json_service::parse(&text, nullptr);
    if (document == nullptr) return;
    const auto look_up = [&](std::string_view pointer, std::uint32_t type) {
        const tenon_str path = to_abi(pointer);
        tenon_json_value value{};
        value.struct_size = sizeof value;
        const bool found = json_service::get(document, &path, &value) == TENON_OK;
        return found && value.type == type ? std::optional(value) : std::nullopt;
    };
    const auto model = look_up("/model", TENON_JSON_STRING);
    if (options.model.empty() && model) options.model = from_abi(model->text);
    const auto stream = look_up("/stream", TENON_JSON_BOOLEAN);
    if (!options.stream && stream) options.stream = stream->number != 0.0;
    json_service::release(document);
}

}  // namespace

FakeProvider::Impl::Impl(FakeState& state_in, const tenon_descriptor& d, const tenon_vtable& v)
    : state(state_in), descriptor(copy_prefix(d)), functions(copy_prefix(v)) {
    require_usable(descriptor, functions);
}

void FakeProvider::Impl::create(std::string_view config_json) {
    for (const char* const* id = descriptor.required_services; id != nullptr && *id != nullptr;
         ++id) {
        if (state.table.get_service(state.table.ctx, *id) != nullptr) continue;
        error = Error(Code::unsupported, std::string("this host has no service ") + *id);
        return;
    }
    tenon_error reported{};
    reported.struct_size = sizeof reported;
    reported.retry_after_ms = -1;
    tenon_status status = TENON_OK;
    state.enter([&] {
        const LentText config(config_json);
        const tenon_str text = config.abi();
        status = functions.create(&state.table, &text, &provider, &reported);
    });
    if (status == TENON_OK && provider != nullptr) return;
    if (status == TENON_OK) {
        state.violation("create returned TENON_OK without a provider");
        error = Error(Code::internal, "create returned TENON_OK without a provider");
        return;
    }
    if (status > 0) state.violation("create returned a status that is not an error");
    if (provider != nullptr) state.violation("create failed and left a provider in *out");
    provider = nullptr;
    error = Error::from_abi(reported);
    if (reported.code == TENON_OK) error->code = code_from_status(status);
    if (error->message.empty()) state.violation("create failed without a message");
}

std::unique_ptr<CallRecord> FakeProvider::Impl::new_record(const CallOptions& options) const {
    if (provider == nullptr) throw std::logic_error("there is no provider: create() failed");
    auto record = std::make_unique<CallRecord>();
    record->owner = this;
    if (options.timeout > options.timeout.zero()) {
        const auto lock = state.lock();
        record->deadline_ns = state.now_ns + options.timeout.count();
    }
    record->emit_answers.assign(options.emit_answers.begin(), options.emit_answers.end());
    record->cancelled = options.cancelled_from_the_start;
    return record;
}

FakeCall FakeProvider::Impl::start(const char* function, std::unique_ptr<CallRecord> record,
                                   const CallOptions& options,
                                   const std::function<tenon_status(const CallRecord&)>& run) {
    CallRecord& call = *record;
    call.function = function;
    call.tell_cancel = [this, &call] {
        if (functions.cancel == nullptr) return;
        state.enter([&] { functions.cancel(provider, call.connection, call.handle); });
    };
    const tenon_call handle = state.begin(std::move(record));
    tenon_status status = TENON_E_UNSUPPORTED;
    if (run) state.enter([&] { status = run(call); });
    state.started(handle, status);
    if (options.cancelled_from_the_start && !FakeCall(state, handle).finished()) call.tell_cancel();
    return {state, handle};
}

FakeCall FakeProvider::Impl::answer(const char* function, Outcome outcome) {
    auto record = new_record({});
    record->function = function;
    record->finished = outcome.finished = true;
    record->outcome = std::move(outcome);
    return {state, state.begin(std::move(record))};
}

FakeCall FakeProvider::Impl::start_request(FakeProvider& self, const char* function, Operation run,
                                           std::string_view request_json,
                                           const CallOptions& options) {
    CallOptions filled = options;
    fill_from_request(filled, request_json);
    auto record = new_record(filled);
    if (run == nullptr) return start(function, std::move(record), filled, {});
    auto connection = pick_connection(self, options);
    if (!connection) return answer(function, {.error = std::move(connection).error()});
    record->connection = *connection;
    record->request = std::make_unique<LentRequest>(request_json, filled, record->deadline_ns);
    return start(function, std::move(record), filled, [this, run](const CallRecord& call) {
        return run(provider, call.connection, &call.request->request, call.handle);
    });
}

FakeCall FakeProvider::Impl::start_query(FakeProvider& self, const char* function, Query run,
                                         const CallOptions& options, Outcome if_null) {
    auto record = new_record(options);
    if (run == nullptr) return answer(function, std::move(if_null));
    auto connection = pick_connection(self, options);
    if (!connection) return answer(function, {.error = std::move(connection).error()});
    record->connection = *connection;
    return start(function, std::move(record), options, [this, run](const CallRecord& call) {
        return run(provider, call.connection, call.handle, call.deadline_ns);
    });
}

bool FakeProvider::Impl::may_take_call(tenon_conn* connection) const {
    const std::size_t limit =
        descriptor.conn_mode == TENON_CONN_EXCLUSIVE ? 1 : descriptor.max_calls_per_conn;
    return limit == 0 || state.calls_on(connection) < limit;
}

Result<tenon_conn*> FakeProvider::Impl::pick_connection(FakeProvider& self,
                                                        const CallOptions& options) {
    if (descriptor.conn_mode == TENON_CONN_STATELESS) return nullptr;
    if (tenon_conn* wanted = options.connection) {
        if (!state.connections_of(this).contains(wanted)) {
            throw std::logic_error("the connection is not open");
        }
        if (!may_take_call(wanted)) throw std::logic_error("the connection is busy");
        return wanted;
    }
    drop_unusable();
    for (const auto& [connection, usable] : state.connections_of(this)) {
        if (usable && may_take_call(connection)) return connection;
    }
    const Outcome connected = self.connect();
    if (connected.error) return *connected.error;
    if (!connected.finished) {
        return Error(Code::unavailable, "the connection is not there yet: connect() it first");
    }
    return connected.connection;
}

void FakeProvider::Impl::disconnect(tenon_conn* connection) {
    {
        const auto lock = state.lock();
        state.connections.erase(connection);
    }
    state.enter([&] { functions.disconnect(provider, connection); });
}

void FakeProvider::Impl::drop_unusable() {
    for (const auto& [connection, usable] : state.connections_of(this)) {
        if (!usable && state.calls_on(connection) == 0) disconnect(connection);
    }
}

}  // namespace tenon::testing
