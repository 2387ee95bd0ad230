#include "provider/connections.hpp"

#include <algorithm>

namespace tenon::provider {

tenon_conn* Connections::borrow() {
    const std::lock_guard lock(mutex_);
    for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) {
        if (entry->lost || entry->calls >= most_calls_) continue;
        ++entry->calls;
        return entry->conn;
    }
    return nullptr;
}

std::vector<Connections::Entry>::iterator Connections::find(tenon_conn* conn) {
    return std::find_if(entries_.begin(), entries_.end(),
                        [&](const Entry& entry) { return entry.conn == conn; });
}

bool Connections::add(tenon_conn* conn) {
    const std::lock_guard lock(mutex_);
    if (find(conn) != entries_.end()) return false;
    entries_.push_back({conn, 1, false});
    return true;
}

tenon_conn* Connections::give_back(tenon_conn* conn, bool lost) {
    const std::lock_guard lock(mutex_);
    const auto entry = find(conn);
    if (entry == entries_.end()) return nullptr;  // taken by take_all()
    --entry->calls;
    entry->lost = entry->lost || lost;
    if (!entry->lost || entry->calls > 0) return nullptr;
    entries_.erase(entry);
    return conn;
}

bool Connections::mark_lost(tenon_conn* conn, tenon_conn** idle) {
    const std::lock_guard lock(mutex_);
    const auto entry = find(conn);
    if (entry == entries_.end()) return false;
    entry->lost = true;
    if (entry->calls == 0) {
        entries_.erase(entry);
        *idle = conn;
    }
    return true;
}

std::vector<tenon_conn*> Connections::take_all() {
    const std::lock_guard lock(mutex_);
    std::vector<tenon_conn*> all;
    all.reserve(entries_.size());
    for (const Entry& entry : entries_) all.push_back(entry.conn);
    entries_.clear();
    return all;
}

std::size_t Connections::size() const {
    const std::lock_guard lock(mutex_);
    return entries_.size();
}

}  // namespace tenon::provider
