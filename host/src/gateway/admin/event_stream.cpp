#include "gateway/admin/event_stream.hpp"

#include <array>
#include <memory>

#include "gateway/admin/wake_when_gone.hpp"
#include "provider/io_waker.hpp"
#include "wire/json_writer.hpp"

namespace tenon::gateway {
namespace {

constexpr std::array<transport::HeaderView, 3> kHeaders = {{
    {"Content-Type", "text/event-stream"},
    {"Cache-Control", "no-store"},
    {"X-Accel-Buffering", "no"},
}};

std::string hello(const EventRing::Listener& listener, const EventStreamOptions& options) {
    std::string out = "event: hello\ndata: ";
    wire::JsonWriter json(out);
    json.begin_object();
    json.member("sequence", listener.began_at());
    json.member("started", options.started);
    json.end_object();
    return out + "\n\n";
}

std::string to_text(const EventRing::Batch& batch) {
    std::string out;
    for (const auto& entry : batch.entries) {
        if (entry.lost_before > 0) {
            out += "event: lost\ndata: {\"lost\":" + std::to_string(entry.lost_before) + "}\n\n";
        }
        out += *entry.text;
    }
    return out;
}

}  // namespace

net::Awaitable<void> stream_events(EventRing& ring, transport::ResponseWriter& response,
                                   EventStreamOptions options, boost::asio::io_context& io) {
    const auto waker = std::make_shared<provider::IoWaker>(io);
    const WakeWhenGone watch(response, *waker);
    const auto listener = ring.listen(options.since, [waker] { waker->wake(); });
    auto written = response.start(200, kHeaders);
    std::string text = hello(*listener, options);
    if (written) written = co_await response.write(text);
    auto silent_until = base::steady_clock().now() + options.keep_alive;
    while (written && !response.client_gone()) {
        const EventRing::Batch batch = listener->take();
        if (!batch.entries.empty()) {
            text = to_text(batch);
        } else if (batch.closed) {
            co_await response.finish();
            co_return;
        } else {
            const bool woken = co_await waker->wait(silent_until);
            if (woken) continue;
            text = ": keep-alive\n\n";
        }
        written = co_await response.write(text);
        silent_until = base::steady_clock().now() + options.keep_alive;
    }
}

}  // namespace tenon::gateway
