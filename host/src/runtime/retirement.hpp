#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "provider/provider.hpp"
#include "provider/upstream.hpp"

namespace tenon::runtime {

/// Where providers go that others have replaced, or nobody has configured any more: requests that
/// have them may end, then they are shut down, on a thread of its own.
///
/// \par Thread-safety
/// Any thread.
class Retirement {
public:
    /// \param shutdown_grace for calls that a plugin does not finish although they were cancelled
    explicit Retirement(base::Duration shutdown_grace);
    Retirement(const Retirement&) = delete;
    Retirement& operator=(const Retirement&) = delete;
    /// wait()
    ~Retirement();

    /// The provider as its users are to have it, so that their end is noticed.
    [[nodiscard]] std::shared_ptr<provider::Upstream> for_use(
        std::shared_ptr<provider::Provider> provider);

    /// Shuts it down when nobody has `use`, of for_use(), any more, at the latest after `grace`:
    /// who has it then is interrupted.
    void add(std::shared_ptr<provider::Provider> provider,
             const std::shared_ptr<provider::Upstream>& use, base::Duration grace);

    /// Users are waited for no longer, and plugins until `limit`. Returns at once.
    void hurry(base::TimePoint limit);
    /// Until all are shut down. No add() any more.
    void wait();

private:
    struct Shared;
    struct Use;
    struct Retired {
        std::shared_ptr<provider::Provider> provider;
        std::weak_ptr<provider::Upstream> use;
        base::TimePoint until;
    };
    using Lock = std::unique_lock<std::mutex>;

    void run();
    void shut_down(const Retired& retired, Lock& lock);

    const base::Duration shutdown_grace_;
    /// Users may outlive this.
    const std::shared_ptr<Shared> shared_;

    // Guarded by the mutex of shared_.
    std::vector<Retired> retired_;
    base::TimePoint limit_ = base::kNoDeadline;  ///< see hurry()
    bool ending_ = false;
    std::thread thread_;  ///< from the first add() on
};

}  // namespace tenon::runtime
