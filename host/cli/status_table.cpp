#include "cli/status_table.hpp"

#include <algorithm>

#include "cli/json_text.hpp"

namespace tenon::cli {
namespace {

using wire::JsonView;

bool is_enabled(JsonView provider) {
    return provider["enabled"].as_bool().value_or(true);
}

Cell state_cell(JsonView provider) {
    if (!is_enabled(provider)) return {"disabled", Colour::faint};
    const std::string state = text_of(provider["state"]);
    if (state == "connected") return {state, Colour::good};
    if (state == "unhealthy" || state == "misconfigured") return {state, Colour::bad};
    if (state == "connecting" || state == "disconnecting") return {state, Colour::fair};
    return {state};
}

Cell health_cell(JsonView provider) {
    const std::string health = text_of(provider["health"]);
    if (health == "healthy") return {"● healthy", Colour::good};
    if (health == "degraded") return {"◐ degraded", Colour::fair};
    if (health == "unknown" || health.empty()) return {"○ unknown", Colour::faint};
    return {"● " + health, Colour::bad};
}

/// The provider's breaker, or how many of its models' are not closed.
Cell breaker_cell(JsonView provider) {
    const std::string state = text_of(provider["breaker"]["state"]);
    if (state.empty()) return {"-", Colour::faint};  // it could not be made
    if (state != "closed") {
        const bool is_open = state == "open" || state == "forced_open";
        return {spaced(state), is_open ? Colour::bad : Colour::fair};
    }
    const auto models = provider["model_breakers"].elements();
    const auto open = std::count_if(models.begin(), models.end(), [](JsonView model) {
        return text_of(model["state"]) != "closed";
    });
    if (open == 0) return {"closed"};
    return {"open for " + std::to_string(open) + (open == 1 ? " model" : " models"), Colour::fair};
}

Cell pool_cell(JsonView provider) {
    const JsonView pool = provider["pool"];
    if (count_of(pool["max"]) == 0) return {"-", Colour::faint};
    return {text_of(pool["active"]) + "/" + text_of(pool["idle"]) + "/" + text_of(pool["max"])};
}

/// With those that wait for a permit or a connection: "3 +2".
Cell in_flight_cell(JsonView provider) {
    const auto waiting =
        count_of(provider["permits"]["waiting"]) + count_of(provider["pool"]["waiting"]);
    const std::string text = std::to_string(count_of(provider["in_flight"]));
    if (waiting == 0) return {text};
    return {text + " +" + std::to_string(waiting), Colour::fair};
}

Cell success_cell(JsonView provider) {
    const auto rate = provider["success_rate"].as_double();
    if (!rate) return {"-", Colour::faint};
    return {percent_text(rate), *rate < 0.5    ? Colour::bad
                                : *rate < 0.95 ? Colour::fair
                                               : Colour::none};
}

Cell latency_cell(JsonView provider) {
    const JsonView time = provider["statistics"]["attempt_time"];
    if (count_of(time["count"]) == 0) return {"-", Colour::faint};
    return {duration_text(count_of(time["p50_us"])) + " / " +
            duration_text(count_of(time["p95_us"]))};
}

/// "connected, 3 h ago", of what was kept of a daemon's run.
Cell last_seen_cell(JsonView provider) {
    const JsonView last = provider["stored"]["last"];
    if (!last.is_object()) return {"-", Colour::faint};
    return {text_of(last["state"]) + ", " + duration_text(count_of(last["age_ms"]) * 1'000) +
            " ago"};
}

}  // namespace

bool is_broken(JsonView provider) {
    if (!is_enabled(provider)) return false;
    const auto bad = [](const std::string& word) {
        return word == "unhealthy" || word == "misconfigured";
    };
    return bad(text_of(provider["state"])) || bad(text_of(provider["health"]));
}

std::vector<std::vector<Cell>> status_rows(std::span<const JsonView> providers) {
    const bool has_stored = std::any_of(providers.begin(), providers.end(), [](JsonView provider) {
        return provider["stored"]["last"].is_object();
    });
    std::vector<std::vector<Cell>> rows(1);
    for (const char* head :
         {"PROVIDER", "STATE", "HEALTH", "BREAKER", "POOL", "IN FLIGHT", "SUCCESS", "P50 / P95"}) {
        rows[0].push_back({head, Colour::faint});
    }
    if (has_stored) rows[0].push_back({"LAST SEEN", Colour::faint});
    rows[0].push_back({"LAST ERROR", Colour::faint});
    for (const JsonView provider : providers) {
        rows.push_back({{text_of(provider["name"]), Colour::strong},
                        state_cell(provider),
                        health_cell(provider),
                        breaker_cell(provider),
                        pool_cell(provider),
                        in_flight_cell(provider),
                        success_cell(provider),
                        latency_cell(provider)});
        if (has_stored) rows.back().push_back(last_seen_cell(provider));
        rows.back().push_back({text_of(provider["last_error"]), Colour::bad});
    }
    return rows;
}

}  // namespace tenon::cli
