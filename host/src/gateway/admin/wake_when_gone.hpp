#pragma once

#include "plugin/call.hpp"
#include "transport/http_handler.hpp"

namespace tenon::gateway {

/// Wakes who answers a request when its client leaves.
///
/// \par Thread-safety
/// The I/O thread of the request.
class WakeWhenGone final : public transport::ClientGoneListener {
public:
    WakeWhenGone(transport::ResponseWriter& response, plugin::Waker& waker) noexcept
        : response_(response), waker_(waker) {
        response.on_client_gone(this);
    }
    WakeWhenGone(const WakeWhenGone&) = delete;
    WakeWhenGone& operator=(const WakeWhenGone&) = delete;
    ~WakeWhenGone() { response_.on_client_gone(nullptr); }

    void on_client_gone() noexcept override { waker_.wake(); }

private:
    transport::ResponseWriter& response_;
    plugin::Waker& waker_;
};

}  // namespace tenon::gateway
