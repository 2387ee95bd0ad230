#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tenon/result.hpp"
#include "wire/http1_header.hpp"

namespace tenon::wire {

/// An error of a client's request, to be answered with `status`.
[[nodiscard]] Error refuse(int status, std::string message);

/// Collects the lines of a request's head, and refuses what should not even be looked at.
class RequestLines {
public:
    struct Limits {
        std::uint32_t target_bytes;
        std::uint32_t head_bytes;
        std::uint32_t headers;
    };

    explicit RequestLines(const Limits& limits) : limits_(limits) {}

    /// Takes bytes up to the end of the head; returns how many.
    Result<std::size_t> feed(std::string_view bytes);
    void reset();

    [[nodiscard]] bool started() const noexcept { return started_; }
    [[nodiscard]] bool done() const noexcept { return done_; }
    [[nodiscard]] std::string_view text() const noexcept { return text_; }

    /// \param headers views of text().
    void lower_names(const std::vector<HeaderView>& headers) noexcept;

private:
    Result<void> check_growth(std::string_view piece) const;
    Result<void> end_line();

    Limits limits_;
    std::string text_;
    std::size_t line_ = 0;   ///< where the present one begins
    std::size_t lines_ = 0;  ///< whole ones
    bool started_ = false;
    bool skipped_ = false;  ///< an empty line before the request
    bool done_ = false;
};

/// What a request's head says, and whether it may say so.
struct RequestHead {
    std::string_view method;
    std::string_view target;
    std::string_view authority;
    std::vector<HeaderView> headers;
    std::optional<std::uint64_t> content_length;
    bool http10 = false;
    bool expects_continue = false;

    void reset();

    /// \param head_text the whole head; must outlive this.
    Result<void> read_request_line(std::string_view head_text);
    /// REQUIRES: all headers are there.
    Result<void> judge();

private:
    Result<void> take_target(std::string_view given);
    Result<void> judge_host();
    Result<void> judge_framing();

    bool absolute_ = false;  ///< the authority is the target's
    std::string rewritten_;  ///< the target, if it had no path
};

}  // namespace tenon::wire
