#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "net/io_threads.hpp"
#include "plugin/proxy_access.hpp"
#include "plugin/services.hpp"

namespace tenon::plugin {

/// One timer of a plugin. Lives on the call's I/O thread; only cancel() comes from elsewhere.
class TimerOperation final : public BoundOperation,
                             public std::enable_shared_from_this<TimerOperation> {
public:
    TimerOperation(std::shared_ptr<Proxy> proxy, tenon_call call, tenon_timer_fn fn, void* user,
                   boost::asio::io_context& io)
        : proxy_(std::move(proxy)), call_(call), fn_(fn), user_(user), timer_(io) {}

    tenon_op handle = 0;

    void begin(base::Duration delay) {
        timer_.expires_after(delay);
        boost::asio::post(timer_.get_executor(), [self = shared_from_this()] {
            if (self->cancelled_) return self->fire(TENON_CANCELLED);
            self->timer_.async_wait([self](const boost::system::error_code& error) {
                self->fire(error || self->cancelled_ ? TENON_CANCELLED : TENON_OK);
            });
        });
    }

    void cancel() noexcept override {
        boost::asio::post(timer_.get_executor(), [self = shared_from_this()] {
            self->cancelled_ = true;
            self->timer_.cancel();
        });
    }
    void set_paused(bool) noexcept override {}

private:
    void fire(tenon_status status) {
        ProxyAccess::forget(*proxy_, handle);
        ProxyAccess::run(*proxy_, "timer callback", [&] { fn_(user_, status); });
        ProxyAccess::ended(*proxy_, call_, this);
    }

    std::shared_ptr<Proxy> proxy_;
    tenon_call call_;
    void (*fn_)(void*, tenon_status);  ///< without noexcept, see ProxyAccess::run()
    void* user_;
    boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                      boost::asio::wait_traits<std::chrono::steady_clock>,
                                      boost::asio::io_context::executor_type>
        timer_;
    bool cancelled_ = false;  ///< on the I/O thread only
};

namespace {

tenon_op TENON_CALL start(void* ctx, tenon_call call, std::int64_t delay_ns, tenon_timer_fn fn,
                          void* user) noexcept {
    Proxy& proxy = ProxyAccess::of(ctx);
    if (fn == nullptr || delay_ns < 0) {
        ProxyAccess::misbehaved(proxy,
                                "a timer was started without a function or with a negative "
                                "delay");
        return 0;
    }
    try {
        const std::size_t io_index = ProxyAccess::io_index(proxy, call);
        auto timer =
            std::make_shared<TimerOperation>(proxy.shared_from_this(), call, fn, user,
                                             ProxyAccess::environment(ctx).io.context(io_index));
        return ProxyAccess::start(proxy, call, timer, &timer->handle, [&](CallSlot&) {
            timer->begin(std::chrono::nanoseconds(delay_ns));
        });
    } catch (const std::bad_alloc&) {
        return 0;
    }
}

void TENON_CALL cancel(void* ctx, tenon_op op) noexcept {
    ProxyAccess::cancel_operation(ctx, op);
}

}  // namespace

const tenon_timer_v1& timer_service() noexcept {
    static const tenon_timer_v1 table = {sizeof(tenon_timer_v1), 0, &start, &cancel};
    return table;
}

}  // namespace tenon::plugin
