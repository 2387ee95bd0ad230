#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "gateway/api/request_registry.hpp"
#include "router/request_observer.hpp"

namespace tenon::gateway {

/// What the gateway itself wants to know of a request: who is asked, and how much of the time was
/// its own. Passes on what it is told.
///
/// \par Thread-safety
/// The request's I/O thread.
class RequestProgress final : public router::RequestObserver {
public:
    /// \param next may be nullptr.
    RequestProgress(RequestRegistry::Entry& entry, router::RequestObserver* next)
        : entry_(entry), next_(next) {}

    std::string_view attempt_started(const router::AttemptStart& start) noexcept override {
        began_ = start.time;
        attempts_ = start.number;
        try {
            provider_ = start.provider;
            model_ = start.model;
            entry_.asked(start.provider, start.number);
        } catch (...) {  // no memory: the names are missing where people look
        }
        return next_ != nullptr ? next_->attempt_started(start) : std::string_view();
    }
    void attempt_ended(const router::AttemptResult& result) noexcept override {
        elsewhere_ += result.time - began_;
        began_ = {};
        if (next_ != nullptr) next_->attempt_ended(result);
    }
    void wait_started(const router::WaitStart& start) noexcept override {
        began_ = start.time;
        if (next_ != nullptr) next_->wait_started(start);
    }
    void wait_ended(base::TimePoint now) noexcept override {
        elsewhere_ += now - began_;
        began_ = {};
        if (next_ != nullptr) next_->wait_ended(now);
    }
    void request_ended(const router::RequestEnd& end) noexcept override {
        if (next_ != nullptr) next_->request_ended(end);
    }

    /// That is being asked, or was last.
    [[nodiscard]] const std::string& provider() const noexcept { return provider_; }
    [[nodiscard]] const std::string& model() const noexcept { return model_; }
    [[nodiscard]] int attempts() const noexcept { return attempts_; }

    /// In attempts and waits, up to now.
    [[nodiscard]] base::Duration elsewhere(base::TimePoint now) const noexcept {
        return began_ == base::TimePoint() ? elsewhere_ : elsewhere_ + (now - began_);
    }

private:
    RequestRegistry::Entry& entry_;
    router::RequestObserver* const next_;
    std::string provider_;
    std::string model_;
    int attempts_ = 0;
    base::TimePoint began_{};  ///< of the attempt or wait under way
    base::Duration elsewhere_{0};
};

}  // namespace tenon::gateway
