#pragma once

#include <functional>

#include "base/clock.hpp"

namespace tenon::plugin {

/// Runs `body` on a thread of its own and waits for it up to `limit`. Returns whether it ended in
/// time; if not, the thread is left behind, so `body` must own what it uses.
///
/// For create and destroy only: they may block, are rare, and a plugin that hangs there must not
/// take the host with it.
[[nodiscard]] bool run_bounded(base::Duration limit, std::function<void()> body);

}  // namespace tenon::plugin
