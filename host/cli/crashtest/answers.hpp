#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/crashtest/upstream.hpp"

/// What the upstreams say, in OpenAI's dialect.
namespace tenon::cli::crashtest {

/// The words of one upstream: nobody else's answer looks like it, and no part of it repeats.
struct Voice {
    std::string_view letter;

    static constexpr int kWords = 6;
    /// "p1 p2 p3 p4 p5 p6 " for the letter p; the first `words` of them.
    [[nodiscard]] std::string text(int words = kWords) const;
    [[nodiscard]] std::string word(int number) const;  ///< from 1
};

inline constexpr Voice kPrimary{"p"};
inline constexpr Voice kFallback{"f"};

/// What each answer is said to have cost.
inline constexpr std::uint64_t kInputTokens = 7;
inline constexpr std::uint64_t kOutputTokens = Voice::kWords;

/// A stream of events that a script sends piece by piece. All functions return false when nobody
/// reads on.
class EventStream {
public:
    /// Sends the head.
    explicit EventStream(Exchange& exchange);

    bool words(const Voice& voice, int count);
    bool finish(std::string_view reason);
    bool usage();
    bool done();
    bool comment();
    /// One event with this data, whatever it is.
    bool event(std::string_view data);
    /// The end of the body, without which the answer is cut short.
    bool end();

private:
    bool choice(std::string_view delta, std::string_view reason);
    bool chunk(std::string_view bytes);

    Exchange& exchange_;
    bool first_ = true;
};

/// A whole answer, as a stream if one is wanted.
void answer(Exchange& exchange, const Voice& voice, std::string_view finish_reason = "stop");

using Headers = std::vector<std::pair<std::string, std::string>>;

/// An error of the API. \param code may be empty
void refuse(Exchange& exchange, int status, std::string_view code, std::string_view message,
            const Headers& headers = {});

}  // namespace tenon::cli::crashtest
