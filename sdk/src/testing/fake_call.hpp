#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "tenon/abi/provider.h"
#include "tenon/abi/service/json.h"
#include "tenon/testing/fake_host.hpp"
#include "testing/lent_text.hpp"

namespace tenon::testing {

/// The request that a plugin sees, until it has finished the call.
struct LentRequest {
    LentText model;
    LentText body;
    LentText idempotency_key;
    LentText trace_parent;
    tenon_request request{};

    LentRequest(std::string_view body_json, const CallOptions& options, std::int64_t deadline_ns);
    LentRequest(const LentRequest&) = delete;
    LentRequest& operator=(const LentRequest&) = delete;
};

/// What the fake host knows about one operation that it started. Guarded by the state's mutex.
struct CallRecord {
    tenon_call handle = 0;
    const char* function = "";    ///< name of the start function
    const void* owner = nullptr;  ///< which provider it belongs to
    tenon_conn* connection = nullptr;
    std::int64_t deadline_ns = TENON_NO_DEADLINE;
    std::unique_ptr<LentRequest> request;
    const tenon_json_document* json = nullptr;  ///< the request's body, once it was asked for
    std::function<void()> tell_cancel;          ///< calls the plugin's cancel function
    std::deque<tenon_status> emit_answers;

    bool finished = false;  ///< by the plugin: no finish() is due any more
    bool refused = false;
    bool given_up = false;  ///< the deadline passed first
    bool cancelled = false;
    std::size_t operations = 0;  ///< exchanges and timers that have not ended
    Outcome outcome;
};

}  // namespace tenon::testing
