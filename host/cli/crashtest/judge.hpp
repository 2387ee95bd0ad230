#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cli/crashtest/answers.hpp"
#include "cli/crashtest/client.hpp"
#include "tenon/host/status.hpp"

/// What clients and operators must see. Pure: each function looks at what was seen and notes in the
/// verdict everything that is not as it must be.
namespace tenon::cli::crashtest {

/// What came out of one fault.
///
/// \par Thread-safety
/// None.
class Verdict {
public:
    /// Notes the fault unless it is so.
    bool require(bool so, std::string otherwise);
    /// A part of what was seen, for the scorecard.
    void saw(std::string_view what);

    [[nodiscard]] bool passed() const noexcept { return faults_.empty(); }
    [[nodiscard]] const std::vector<std::string>& faults() const noexcept { return faults_; }
    [[nodiscard]] const std::string& seen() const noexcept { return seen_; }

private:
    std::vector<std::string> faults_;
    std::string seen_;
};

/// Who is to have answered, and after how many attempts.
struct By {
    std::string_view provider;
    std::uint64_t attempts = 1;
};

/// A whole answer of one provider: every word once, its end, its reason and what it cost.
void expect_answer(Verdict& verdict, const Seen& seen, const By& by,
                   std::string_view finish_reason = "stop");

/// An error instead of an answer, in the client's dialect, with a reason in words.
void expect_refusal(Verdict& verdict, const Seen& seen, int status, std::string_view code);

/// A stream of which the client got these words, and was told that the rest is missing: neither
/// finish_reason nor [DONE], nor words of anybody else.
void expect_broken_stream(Verdict& verdict, const Seen& seen, std::string_view text,
                          std::string_view code);

/// What one provider's books say, and what its upstream has counted.
struct ProviderBooks {
    host::ProviderStatus status;
    host::ProviderStatistics statistics;
    std::uint64_t arrived = 0;  ///< chat requests
};

using Books = std::vector<ProviderBooks>;

/// What the clients know themselves.
struct Dealings {
    std::uint64_t requests = 0;
    /// That were given up so soon that they may not have got anywhere.
    std::uint64_t given_up = 0;
    /// That went twice to an upstream because the connection they were on had died of age.
    std::uint64_t repeated = 0;
};

/// Is nothing under way any more?
[[nodiscard]] bool at_rest(const ProviderBooks& books) noexcept;

/// Gauges back at zero, everything that was started has ended in one way, every attempt has arrived
/// at its upstream and nothing else has.
void expect_balance(Verdict& verdict, const Books& books, const Dealings& dealings);

/// The breakers of the provider and of its models have let everything through, and have counted
/// `failures`.
void expect_closed_breaker(Verdict& verdict, const ProviderBooks& books, std::uint64_t failures);

/// "1 request", "3 requests"
[[nodiscard]] std::string count_of(std::uint64_t number, std::string_view thing);

}  // namespace tenon::cli::crashtest
