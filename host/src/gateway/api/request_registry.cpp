#include "gateway/api/request_registry.hpp"

#include <algorithm>
#include <utility>

namespace tenon::gateway {

RequestRegistry::Entry::Entry(RequestRegistry& registry, std::size_t io_index,
                              RequestInFlight request, base::TimePoint began,
                              std::shared_ptr<provider::CancelSignal> cancel)
    : registry_(registry),
      io_index_(io_index),
      request_(std::move(request)),
      began_(began),
      cancel_(std::move(cancel)) {
    registry_.total_.fetch_add(1, std::memory_order_relaxed);
    Shard& shard = registry_.shards_[io_index_];
    const std::lock_guard lock(shard.mutex);
    shard.entries.insert(this);
}

RequestRegistry::Entry::~Entry() {
    Shard& shard = registry_.shards_[io_index_];
    const std::lock_guard lock(shard.mutex);
    shard.entries.erase(this);
}

void RequestRegistry::Entry::asked(std::string_view provider, int attempt) {
    const std::lock_guard lock(registry_.shards_[io_index_].mutex);
    request_.provider = provider;
    request_.attempts = static_cast<std::uint64_t>(attempt);
}

std::vector<RequestInFlight> RequestRegistry::list(base::TimePoint now) const {
    std::vector<RequestInFlight> out;
    for (const Shard& shard : shards_) {
        const std::lock_guard lock(shard.mutex);
        for (const Entry* entry : shard.entries) {
            out.push_back(entry->request_);
            out.back().age =
                std::chrono::duration_cast<std::chrono::milliseconds>(now - entry->began_);
            out.back().deltas = entry->deltas();
            out.back().bytes = entry->bytes();
        }
    }
    std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.age > b.age; });
    return out;
}

bool RequestRegistry::cancel(std::string_view id) {
    for (Shard& shard : shards_) {
        std::shared_ptr<provider::CancelSignal> found;
        {
            const std::lock_guard lock(shard.mutex);
            for (const Entry* entry : shard.entries) {
                if (entry->request_.id == id) found = entry->cancel_;
            }
        }
        if (found) {
            found->cancel();
            return true;
        }
    }
    return false;
}

std::size_t RequestRegistry::size() const {
    std::size_t size = 0;
    for (const Shard& shard : shards_) {
        const std::lock_guard lock(shard.mutex);
        size += shard.entries.size();
    }
    return size;
}

}  // namespace tenon::gateway
