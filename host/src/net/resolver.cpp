#include "net/resolver.hpp"

#include <boost/asio/as_tuple.hpp>

namespace tenon::net {

namespace asio = boost::asio;
using asio::ip::tcp;

Awaitable<Result<std::vector<tcp::endpoint>>> resolve(std::shared_ptr<ResolveState> state,
                                                      const std::string& host, std::uint16_t port,
                                                      base::TimePoint deadline) {
    boost::system::error_code error;
    const auto address = asio::ip::make_address(host, error);
    if (!error) co_return std::vector<tcp::endpoint>{{address, port}};

    state->resolver.async_resolve(
        host, std::to_string(port), tcp::resolver::numeric_service,
        [state](const boost::system::error_code& failure, const auto& results) {
            state->error = failure;
            for (const auto& entry : results) state->endpoints.push_back(entry.endpoint());
            state->done = true;
            state->changed.cancel();
        });
    while (!state->done && !state->interrupted) {
        state->changed.expires_at(deadline);
        const auto [waited] = co_await state->changed.async_wait(asio::as_tuple(UseAwaitable()));
        if (!waited) break;  // the deadline
    }
    if (state->interrupted) co_return Error(Code::cancelled, "cancelled");
    if (!state->done) {
        co_return Error(Code::deadline, "looking up the name " + host + " took too long");
    }
    if (state->error || state->endpoints.empty()) {
        Error failed(Code::unavailable, "the host name " + host + " cannot be resolved (" +
                                            (state->error ? state->error.message() : "no address") +
                                            "); check the name and the network");
        failed.not_sent = true;
        co_return failed;
    }
    co_return std::move(state->endpoints);
}

}  // namespace tenon::net
