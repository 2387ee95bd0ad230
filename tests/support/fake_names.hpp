#pragma once

#include <string>

#include "support/gate.hpp"

/// Names of the test's own invention. The functions are in a source of their own, which a test
/// program must list among its SOURCES: it takes the place of the C library's getaddrinfo().
namespace tenon::test {

/// What look-ups of names below ".test" come to; all other names go to the C library.
///
/// - "two.test": 127.0.0.2, where servers do not listen, then 127.0.0.1
/// - "blocked.test": waits for `gate`, then 127.0.0.1
/// - others: no such name
///
/// \par Thread-safety
/// Any thread.
void set_name_gate(Gate gate);

/// How many look-ups of "blocked.test" have begun. Waits up to kPatience for `at_least`.
[[nodiscard]] bool wait_for_blocked_lookups(int at_least);

}  // namespace tenon::test
