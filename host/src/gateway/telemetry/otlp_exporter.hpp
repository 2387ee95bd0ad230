#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "gateway/telemetry/otlp_json.hpp"
#include "transport/http_client.hpp"

namespace tenon::gateway {

struct OtlpOptions {
    std::string endpoint;                         ///< the whole URL, ".../v1/traces"
    std::vector<transport::Header> headers = {};  ///< with every export; may hold secrets
    OtlpResource resource = {};
    std::chrono::milliseconds interval = std::chrono::seconds(5);  ///< from trace to export
    std::size_t batch_spans = 512;   ///< as many do not wait for the interval
    std::size_t queue_spans = 4096;  ///< beyond, traces are dropped
    std::chrono::milliseconds timeout = std::chrono::seconds(10);  ///< of one POST
    /// Before the second try, if the server does not say.
    std::chrono::milliseconds retry_wait = std::chrono::seconds(1);
    std::chrono::milliseconds longest_retry_wait = std::chrono::seconds(30);
    /// Writes a batch. What it throws costs the batch.
    std::function<std::string(const OtlpResource&, std::span<const std::shared_ptr<const Trace>>)>
        encode = to_otlp;
};

/// Sends traces to a collector: OTLP over HTTP, JSON, in batches. A batch that the collector does
/// not take (429, 502, 503, 504 or no answer) is sent once more and then dropped. Traces that the
/// client did not want to be sampled are left out. A batch for which there is no memory is dropped;
/// when there is not even enough to wait for the next one, it ends.
///
/// \par Thread-safety
/// Any thread; stop() and the destructor: one, and no I/O thread.
/// \par Object lifetimes
/// I/O thread, clock and log outlive it; the I/O thread runs until stop() has returned.
class OtlpExporter {
public:
    OtlpExporter(boost::asio::io_context& io, const base::Clock& clock, base::Log& log,
                 OtlpOptions options);
    OtlpExporter(const OtlpExporter&) = delete;
    OtlpExporter& operator=(const OtlpExporter&) = delete;
    ~OtlpExporter();  ///< stop(0)

    /// Takes it for export, or drops it. Does not wait.
    void add(std::shared_ptr<const Trace> trace);

    /// Exports what is queued for up to `grace`, then drops the rest. Returns when nothing of it
    /// runs any more. Idempotent.
    void stop(std::chrono::milliseconds grace);

    /// Spans; each is added, and then exported, dropped or still queued.
    struct Counts {
        std::uint64_t exported = 0;
        std::uint64_t dropped = 0;  ///< the queue was full, or the collector did not take them
        std::size_t queued = 0;     ///< those that are being sent included
        std::uint64_t posts = 0;    ///< tries, successful or not
    };
    [[nodiscard]] Counts counts() const;

private:
    class Work;
    std::shared_ptr<Work> work_;
};

}  // namespace tenon::gateway
