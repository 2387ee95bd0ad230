#include "gateway/telemetry/trace_store.hpp"

#include <algorithm>
#include <limits>
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
    Shelf& shelf = shared->refused ? refused_ : answered_;
    if (shelf.most == 0) return shared;
    std::vector<Shared> old;  // go outside the lock
    const std::lock_guard lock(mutex_);
    shelf.traces.push_back({added_++, shared});
    shelf.bytes += shared->footprint();
    while (shelf.traces.size() > shelf.most ||
           (shelf.bytes > shelf.most_bytes && shelf.traces.size() > 1)) {
        shelf.bytes -= shelf.traces.front().trace->footprint();
        old.push_back(std::move(shelf.traces.front().trace));
        shelf.traces.pop_front();
    }
    return shared;
}

Result<TraceStore::Shared> TraceStore::find(std::string_view id) const {
    Shared found;
    std::string found_id;
    std::size_t others = 0;
    if (!id.empty()) {
        auto all = list(std::numeric_limits<std::size_t>::max());
        std::stable_partition(all.begin(), all.end(),
                              [](const Shared& trace) { return !trace->refused; });
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
                                          "'; the newest " + std::to_string(answered_.most) +
                                          " are kept, 'tenon trace' lists them.");
    }
    if (others > 0) {
        return Error(Code::invalid, "Several traces have an id that begins with '" +
                                        std::string(id) + "'; give more of it.");
    }
    return found;
}

std::vector<TraceStore::Shared> TraceStore::list(std::size_t limit) const {
    std::vector<Shared> out;
    const std::lock_guard lock(mutex_);
    out.reserve(std::min(limit, answered_.traces.size() + refused_.traces.size()));
    auto answered = answered_.traces.rbegin();
    auto refused = refused_.traces.rbegin();
    while (out.size() < limit) {
        const bool more = answered != answered_.traces.rend();
        const bool more_refused = refused != refused_.traces.rend();
        if (!more && !more_refused) break;
        const bool next = more && (!more_refused || answered->number > refused->number);
        out.push_back(next ? (answered++)->trace : (refused++)->trace);
    }
    return out;
}

std::size_t TraceStore::size() const {
    const std::lock_guard lock(mutex_);
    return answered_.traces.size() + refused_.traces.size();
}

}  // namespace tenon::gateway
