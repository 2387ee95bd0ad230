#pragma once

#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tenon/abi/service/http.h"
#include "tenon/testing/fake_http.hpp"
#include "testing/fake_operation.hpp"

namespace tenon::testing {

/// Replies that wait for their requests, and the requests that came.
struct HttpScript {
    struct Entry {
        std::string method;  ///< empty = fits any request
        std::string url;
        HttpReply reply;
    };
    std::deque<Entry> entries;
    std::vector<SentRequest> sent;

    /// Takes the first reply that fits.
    [[nodiscard]] std::optional<HttpReply> take(std::string_view method, std::string_view url);
    /// Words for a person: what would have been expected.
    [[nodiscard]] std::string expected() const;
};

/// One scripted exchange: head, pieces of the body and end are one step of the queue each.
class FakeExchange final : public FakeOperation {
public:
    /// `stable_body`: what the plugin promised to leave as it is; empty = it promised nothing.
    FakeExchange(tenon_call call, const tenon_http_sink& sink, HttpReply reply,
                 std::size_t sent_index, const tenon_str& stable_body);

    [[nodiscard]] bool is_timer() const noexcept override { return false; }
    [[nodiscard]] bool ready() const noexcept override { return stopped_ || !held(); }
    [[nodiscard]] std::function<void()> next() override;
    void on_due() override;

    [[nodiscard]] bool held() const noexcept;
    void release() noexcept { reply_.hold = HttpHold::none; }
    [[nodiscard]] bool stopped() const noexcept { return stopped_.has_value(); }
    [[nodiscard]] std::size_t sent_index() const noexcept { return sent_index_; }
    /// Is the body that the plugin promised not to touch still what was sent?
    [[nodiscard]] bool body_is(std::string_view sent) const noexcept;

private:
    [[nodiscard]] std::function<void()> done(std::optional<Error> error);

    tenon_http_sink sink_;
    HttpReply reply_;
    std::size_t sent_index_;
    tenon_str stable_body_;
    bool head_passed_ = false;
    std::size_t next_chunk_ = 0;
};

}  // namespace tenon::testing
