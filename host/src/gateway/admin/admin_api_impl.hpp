#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/admin/admin_api.hpp"
#include "gateway/admin/admin_request.hpp"
#include "gateway/admin/event_ring.hpp"
#include "gateway/admin/history.hpp"
#include "gateway/admin/ticker.hpp"

namespace tenon::gateway {

/// The routes and who answers them.
class AdminApi::Impl {
public:
    explicit Impl(AdminContext context);

    net::Awaitable<void> handle(transport::ServerRequest& request,
                                transport::ResponseWriter& response, bool may_change);
    void stop() { events_.close(); }

    /// A request whose route was found.
    struct Call {
        transport::ServerRequest& request;
        transport::ResponseWriter& response;
        AdminTarget target;
        std::string parameter;  ///< what stands for "{...}"
    };
    /// The JSON of an answer. An error's http_status, if it has one, is that of the answer.
    using Answer = Result<std::string>;

    struct Entry {
        Route route;
        std::string_view query;  ///< the parameter that it knows; empty = none
        Answer (Impl::*direct)(const Call&) = nullptr;
        net::Awaitable<Answer> (Impl::*waiting)(Call&) = nullptr;
        net::Awaitable<void> (Impl::*streaming)(Call&) = nullptr;
    };
    [[nodiscard]] static std::span<const Entry> table() noexcept;

private:
    /// Who answers; or why nobody does. `allow` is filled if only the method is wrong.
    static Result<const Entry*> find(std::string_view method, std::string_view path,
                                     std::string& parameter, std::string& allow);
    net::Awaitable<Answer> answer(Call& call, const Entry& entry);

    // admin_reads.cpp
    Answer status(const Call& call);
    Answer routes(const Call& call);
    Answer history(const Call& call);
    Answer requests(const Call& call);
    Answer traces(const Call& call);
    Answer trace(const Call& call);
    net::Awaitable<Answer> offline(Call& call);
    net::Awaitable<void> events(Call& call);

    // admin_commands.cpp
    net::Awaitable<Answer> command(Call& call);
    net::Awaitable<Answer> reload(Call& call);
    Answer breaker(const Call& call);
    net::Awaitable<Answer> pin(Call& call);
    net::Awaitable<Answer> unpin(Call& call);
    Answer cancel_request(const Call& call);
    net::Awaitable<Answer> give(Call& call, std::vector<std::string> names, host::Command command,
                                std::chrono::milliseconds patience);
    net::Awaitable<Answer> check(Call& call, std::vector<std::string> names);
    /// Those of `wanted`, sorted, or all. Errors: Code::not_found with the nearest name.
    Result<std::vector<std::string>> providers(const std::vector<std::string>* wanted);

    [[nodiscard]] boost::asio::io_context& io_of(const Call& call);

    const AdminContext context_;
    EventRing events_;
    History history_;
    std::unique_ptr<host::Subscription> subscription_;
    Ticker sampler_;
};

/// {"error":{"code","message"}}.
[[nodiscard]] std::string to_json(const Error& error);
[[nodiscard]] int admin_status(const Error& error) noexcept;

}  // namespace tenon::gateway
