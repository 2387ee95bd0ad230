#include "gateway/telemetry/trace_store.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace tenon::gateway {
namespace {

/// The id of the trace that begins so; empty = neither does.
std::string matching_id(const Trace& trace, std::string_view start) {
    std::string id = trace.start.context.trace_id_hex();
    if (id.starts_with(start)) return id;
    if (trace.start.request_id.starts_with(start)) return trace.start.request_id;
    return {};
}

}  // namespace

TraceStore::Shared TraceStore::add(Trace trace) {
    auto shared = std::make_shared<const Trace>(std::move(trace));
    if (most_ == 0) return shared;
    std::vector<Shared> old;  // go outside the lock
    const std::lock_guard lock(mutex_);
    traces_.push_back(shared);
    bytes_ += shared->footprint();
    while (traces_.size() > most_ || (bytes_ > most_bytes_ && traces_.size() > 1)) {
        bytes_ -= traces_.front()->footprint();
        old.push_back(std::move(traces_.front()));
        traces_.pop_front();
    }
    return shared;
}

Result<TraceStore::Shared> TraceStore::find(std::string_view id) const {
    Shared found;
    std::string found_id;
    std::size_t others = 0;
    if (!id.empty()) {
        const auto all = list(most_);
        for (const Shared& trace : all) {
            std::string its = matching_id(*trace, id);
            if (its == id) return trace;  // whatever else begins so
            if (its.empty() || its == found_id) continue;
            if (found) ++others;
            if (!found) {
                found = trace;
                found_id = std::move(its);
            }
        }
    }
    if (!found) {
        return Error(Code::not_found, "No trace has an id that begins with '" + std::string(id) +
                                          "'; the newest " + std::to_string(most_) +
                                          " are kept, 'tenon trace' lists them.");
    }
    if (others > 0) {
        return Error(Code::invalid, "Several traces have an id that begins with '" +
                                        std::string(id) + "'; give more of it.");
    }
    return found;
}

std::vector<TraceStore::Shared> TraceStore::list(std::size_t limit) const {
    const std::lock_guard lock(mutex_);
    const auto count = static_cast<std::ptrdiff_t>(std::min(limit, traces_.size()));
    return {traces_.rbegin(), traces_.rbegin() + count};
}

std::size_t TraceStore::size() const {
    const std::lock_guard lock(mutex_);
    return traces_.size();
}

}  // namespace tenon::gateway
