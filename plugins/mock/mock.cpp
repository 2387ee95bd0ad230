#include "provider.hpp"

namespace {

/// One implementation, offered with every kind of connection that the ABI knows.
tenon::KindInfo info(std::string_view id, std::string_view name, std::string_view description) {
    static const char* const kServices[] = {TENON_JSON_V1, TENON_TIMER_V1, nullptr};
    return {.id = id,
            .name = name,
            .version = TENON_VERSION_STRING,
            .vendor = "Tenon",
            .description = description,
            .config_schema = tenon::mock::kConfigSchema,
            .features = TENON_FEATURE_STREAM | TENON_FEATURE_TOOLS | TENON_FEATURE_REASONING,
            .required_services = kServices};
}

tenon::Kind stateless() {
    return tenon::kind<tenon::mock::Mock>(
        info("mock", "Mock", "Answers by itself, for tests and demonstrations."));
}

tenon::Kind session() {
    auto session =
        info("mock-session", "Mock session", "The mock with connections that take one call each.");
    session.conn_mode = TENON_CONN_EXCLUSIVE;
    return tenon::kind<tenon::mock::MockSession>(session);
}

tenon::Kind mux() {
    auto mux = info("mock-mux", "Mock mux", "The mock with connections that take four calls each.");
    mux.conn_mode = TENON_CONN_MULTIPLEXED;
    mux.max_calls_per_conn = 4;
    return tenon::kind<tenon::mock::MockSession>(mux);
}

tenon::Kind blocking() {
    auto blocking =
        info("mock-blocking", "Mock blocking", "The mock as a provider that blocks its threads.");
    blocking.blocking = TENON_BLOCKING_HEALTH | TENON_BLOCKING_CALLS;
    return tenon::kind<tenon::mock::MockBlocking>(blocking);
}

}  // namespace

TENON_EXPORT_PLUGIN(stateless(), session(), mux(), blocking())
