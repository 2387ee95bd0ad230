#pragma once

#include <span>

#include "store/sqlite.hpp"

namespace tenon::store {

/// SQL that takes the file from one version of the schema to the next.
using Migration = const char*;

/// The n-th (from 1) makes version n. Those of a release are never changed: only added to.
[[nodiscard]] std::span<const Migration> migrations();

/// "Tnon": marks a file as ours, so that no other program's is written into.
inline constexpr int kApplicationId = 0x546E6F6E;
/// "TnoQ": a queue of requests, so that neither is taken for the other.
inline constexpr int kQueueApplicationId = 0x546E6F51;

/// Brings the file to the newest version, each step in a transaction of its own, and to write-ahead
/// logging. Writers of other processes that have begun before are waited for.
/// \return an error, and the file as it was, if it is of another program, of a newer Tenon, or
/// damaged.
Result<void> prepare(Database& database, std::span<const Migration> migrations,
                     int application_id = kApplicationId);

}  // namespace tenon::store
