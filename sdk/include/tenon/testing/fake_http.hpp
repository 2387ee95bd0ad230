#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tenon/abi/base.h"
#include "tenon/error.hpp"

namespace tenon::testing {

class FakeState;

struct HttpField {
    std::string name;
    std::string value;
};

/// Where an exchange stops until FakeHttp::release(), so that a test can act in that phase.
enum class HttpHold {
    none,
    head,  ///< sent, but there is no answer yet
    body,  ///< the head has arrived, nothing of the body yet
    end,   ///< the whole body has arrived, but not its end
};

/// What the fake answers to one request.
struct HttpReply {
    int status = 200;
    std::vector<HttpField> headers = {};  ///< names in lower case, as the host hands them out
    std::string body = {};
    std::size_t chunk_size = 0;  ///< bytes of the body in one piece, e.g. 1; 0 = all in one
    std::vector<std::string> chunks = {};  ///< the body in these pieces, instead of `body`
    /// The exchange fails with it: after the body, or before the head if `status` is 0.
    std::optional<Error> error = {};
    HttpHold hold = HttpHold::none;
};

/// What a plugin asked tenon.http/1 to send.
struct SentRequest {
    std::string method;
    std::string url;
    std::vector<HttpField> headers;
    std::string body;
    bool stable_body = false;
    std::string credential;         ///< the name of the configured secret; empty = none
    std::string credential_header;  ///< as the plugin gave it; empty = "authorization"
    std::string credential_prefix;
    bool credential_optional = false;
    std::int64_t timeout_ms = 0;
    tenon_call call = 0;     ///< on whose behalf
    bool done = false;       ///< on_done has been called
    bool cancelled = false;  ///< ended early, by the plugin or because its call ended

    /// The value of the first header of that name, without regard to case; nullopt if there is
    /// none.
    [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const noexcept;
};

/// The scripted service tenon.http/1 of a FakeHost.
///
/// Each request takes the first reply of the script that fits it, and no reply serves twice. A
/// request that none fits is a violation of the test (FakeHost::violations()), and fails with
/// Code::unavailable.
///
/// \par Object lifetimes
/// A handle: valid as long as its FakeHost.
/// \par Thread-safety
/// Every function may be called from any thread.
class FakeHttp {
public:
    /// Adds a reply that fits any request.
    FakeHttp& respond(HttpReply reply);
    /// Adds a reply that fits this request alone; `url` in full.
    FakeHttp& expect(std::string_view method, std::string_view url, HttpReply reply);

    /// Every request so far, in order.
    [[nodiscard]] std::vector<SentRequest> sent() const;
    /// The latest request; a default-constructed one if there is none.
    [[nodiscard]] SentRequest last() const;
    /// How many replies have not been used.
    [[nodiscard]] std::size_t unused() const;
    /// How many exchanges are held now.
    [[nodiscard]] std::size_t held() const;
    /// Lets every held exchange go on; FakeHost::run() delivers the rest.
    void release();

private:
    friend class FakeHost;
    explicit FakeHttp(FakeState& state) noexcept : state_(&state) {}

    FakeState* state_;
};

}  // namespace tenon::testing
