#include "runtime/retirement.hpp"

#include <algorithm>
#include <utility>

namespace tenon::runtime {

struct Retirement::Shared {
    std::mutex mutex;
    std::condition_variable changed;
};

struct Retirement::Use {
    Use(std::shared_ptr<provider::Provider> of, std::shared_ptr<Shared> with)
        : provider(std::move(of)), shared(std::move(with)) {}
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
    ~Use() {
        const std::lock_guard lock(shared->mutex);
        shared->changed.notify_all();
    }

    const std::shared_ptr<provider::Provider> provider;
    const std::shared_ptr<Shared> shared;
};

Retirement::Retirement(base::Duration shutdown_grace)
    : shutdown_grace_(shutdown_grace), shared_(std::make_shared<Shared>()) {}

Retirement::~Retirement() {
    wait();
}

void Retirement::wait() {
    {
        const std::lock_guard lock(shared_->mutex);
        ending_ = true;
        shared_->changed.notify_all();
    }
    if (thread_.joinable()) thread_.join();
}

std::shared_ptr<provider::Upstream> Retirement::for_use(
    std::shared_ptr<provider::Provider> provider) {
    provider::Upstream* const upstream = provider.get();
    return {std::make_shared<Use>(std::move(provider), shared_), upstream};
}

void Retirement::add(std::shared_ptr<provider::Provider> provider,
                     const std::shared_ptr<provider::Upstream>& use, base::Duration grace) {
    const std::lock_guard lock(shared_->mutex);
    retired_.push_back({std::move(provider), use, base::steady_clock().now() + grace});
    if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
    shared_->changed.notify_all();
}

void Retirement::hurry(base::TimePoint limit) {
    const std::lock_guard lock(shared_->mutex);
    limit_ = limit;
    shared_->changed.notify_all();
}

void Retirement::run() {
    Lock lock(shared_->mutex);
    for (;;) {
        const auto now = base::steady_clock().now();
        const bool hurries = limit_ != base::kNoDeadline;
        const auto is_due = [&](const Retired& each) {
            return hurries || each.use.expired() || each.until <= now;
        };
        const auto due = std::find_if(retired_.begin(), retired_.end(), is_due);
        if (due != retired_.end()) {
            const Retired retired = std::move(*due);
            retired_.erase(due);
            shut_down(retired, lock);
        } else if (!retired_.empty()) {
            const auto next = std::min_element(
                retired_.begin(), retired_.end(),
                [](const Retired& a, const Retired& b) { return a.until < b.until; });
            shared_->changed.wait_until(lock, base::TimePoint(next->until));
        } else if (ending_) {
            return;
        } else {
            shared_->changed.wait(lock);
        }
    }
}

void Retirement::shut_down(const Retired& retired, Lock& lock) {
    lock.unlock();
    // Its grace is over, whatever its own settings say.
    retired.provider->command(core::ConnectionCommand::disconnect_now);
    lock.lock();
    const auto now = base::steady_clock().now();
    const auto grace = std::clamp<base::Duration>(limit_ - now, {}, shutdown_grace_);
    lock.unlock();
    retired.provider->shut_down(grace);
    lock.lock();
}

}  // namespace tenon::runtime
