#pragma once

#include <cstddef>
#include <mutex>
#include <vector>

struct tenon_conn;

namespace tenon::provider {

/// The logical connections of one provider and how many calls each carries.
///
/// A connection is `usable` until it is lost; a lost one leaves when its last call has ended, and
/// is then the caller's to disconnect.
///
/// \par Thread-safety
/// Any thread.
class Connections {
public:
    /// \param most_calls how many calls a connection carries at once; 1 = exclusive.
    explicit Connections(std::size_t most_calls) : most_calls_(most_calls) {}

    /// A connection with room for one more call, which now counts; the most recently made first.
    [[nodiscard]] tenon_conn* borrow();
    /// A new connection that already carries its maker's call. Returns false, and does nothing, if
    /// it is not new.
    [[nodiscard]] bool add(tenon_conn* conn);
    /// A call on it has ended. Returns the connection if it is to be disconnected now.
    [[nodiscard]] tenon_conn* give_back(tenon_conn* conn, bool lost);
    /// The connection died by itself. Returns whether it is known; `*idle` is set if it is to be
    /// disconnected now.
    bool mark_lost(tenon_conn* conn, tenon_conn** idle);
    /// Takes every connection out, whatever it carries.
    [[nodiscard]] std::vector<tenon_conn*> take_all();

    [[nodiscard]] std::size_t size() const;

private:
    struct Entry {
        tenon_conn* conn;
        std::size_t calls;
        bool lost;
    };

    /// REQUIRES: mutex_ is held.
    [[nodiscard]] std::vector<Entry>::iterator find(tenon_conn* conn);

    const std::size_t most_calls_;
    mutable std::mutex mutex_;
    std::vector<Entry> entries_;
};

}  // namespace tenon::provider
