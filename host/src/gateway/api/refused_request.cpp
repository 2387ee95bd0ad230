#include "gateway/api/refused_request.hpp"

#include "gateway/api/ids.hpp"
#include "gateway/api/request_wishes.hpp"
#include "gateway/dialect/dialect.hpp"

namespace tenon::gateway {

bool is_for_a_model(const transport::ServerRequest& request) noexcept {
    return request.method == "POST" && find_dialect(path_of(request.target)) != nullptr;
}

std::string note_refused(ApiContext& context, const transport::ServerRequest& request, int status,
                         const Error& error, std::size_t bytes) {
    std::string id = request_id(request, new_id());
    if (context.followers() == nullptr) return id;
    const auto key = context.settings()->keys.find(presented_key(request));
    const std::string peer(request.peer);
    RequestStart start;
    start.id = id;
    start.dialect = path_of(request.target);
    start.operation = operation_at(start.dialect);
    if (key) start.key = key->name();
    start.peer = peer;
    start.trace_parent = request.header("traceparent");
    start.time = request.arrived;
    start.wall_time = std::chrono::system_clock::now();
    const auto follower = context.followers()->follow(start);
    if (!follower) return id;
    RequestSummary summary;
    summary.status = status;
    summary.refused = true;
    summary.error = &error;
    summary.bytes = bytes;
    summary.time = context.clock().now();
    summary.total = summary.time - start.time;
    follower->sent(bytes, summary.time);
    follower->ended(summary);
    return id;
}

}  // namespace tenon::gateway
