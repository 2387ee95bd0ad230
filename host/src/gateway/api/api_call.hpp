#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/api/api_context.hpp"
#include "gateway/api/header_list.hpp"
#include "gateway/api/request_progress.hpp"
#include "gateway/api/request_wishes.hpp"
#include "gateway/api/stream_pipe.hpp"
#include "gateway/dialect/dialect.hpp"
#include "provider/io_waker.hpp"
#include "transport/http_handler.hpp"

namespace tenon::gateway {

/// Where answers of requests that were kept for later are fetched: followed by the id.
inline constexpr std::string_view kOfflinePath = "/v1/offline/";

/// One request of a client for an answer of a model: who asks, what is asked, whom it goes to, and
/// the answer in the client's words. A client that leaves cancels what is under way at once.
///
/// \par Thread-safety
/// The request's I/O thread.
class ApiCall final : public transport::ClientGoneListener, private router::RequestBody {
public:
    ApiCall(ApiContext& context, const Dialect& dialect, transport::ServerRequest& request,
            transport::ResponseWriter& response);
    ApiCall(const ApiCall&) = delete;
    ApiCall& operator=(const ApiCall&) = delete;
    ~ApiCall() { response_.on_client_gone(nullptr); }

    /// Once.
    net::Awaitable<void> run();

    void on_client_gone() noexcept override;

private:
    Result<std::string> for_model(std::string_view model) override {
        if (forgotten_) return Error(Code::internal, "a stream that has begun is not repeated");
        return parsed_.body_for(model);
    }
    void forget_request() noexcept;

    Result<void> admit();
    Result<void> check_key();
    Result<void> check_models();
    [[nodiscard]] std::string named_provider(std::string_view model) const;
    void follow();
    void enter();
    net::Awaitable<void> ask(provider::DeltaSink* sink);
    net::Awaitable<void> answer_whole();
    net::Awaitable<void> answer_stream();
    net::Awaitable<void> pump(StreamPipe& pipe);
    net::Awaitable<void> end_stream(StreamPipe& pipe);
    net::Awaitable<bool> keep_for_later(const Error& error);
    [[nodiscard]] std::string key_name() const { return key_ ? key_->name() : std::string(); }
    net::Awaitable<void> refuse(const Error& error);
    net::Awaitable<void> send(int status, std::string_view body, HeaderList& headers);
    [[nodiscard]] HeaderList answer_headers(std::string_view type) const;
    /// Up to now: what comes next is the answer.
    void measure_overhead();
    [[nodiscard]] AnswerTimes times() const;
    void sent(std::size_t bytes);
    void lost_client(const Error& why);
    void settle();
    [[nodiscard]] RequestStart start() const;

    ApiContext& context_;
    const std::shared_ptr<const ApiSettings> settings_;
    const Dialect& dialect_;
    transport::ServerRequest& request_;
    transport::ResponseWriter& response_;
    const std::string_view path_;
    const std::string peer_;
    const std::size_t io_index_;
    const base::TimePoint arrived_;
    const std::chrono::system_clock::time_point wall_time_;
    const std::shared_ptr<provider::CancelSignal> cancel_;

    RequestWishes wishes_;
    ParsedRequest parsed_;
    std::string original_;  ///< the body as it came, if it may be kept for later
    std::string id_;
    std::shared_ptr<ClientKey> key_;
    std::optional<KeyRejection> rejection_;
    KeyLease lease_;
    std::optional<RequestRegistry::Entry> entry_;
    std::unique_ptr<RequestFollower> follower_;
    std::optional<RequestProgress> progress_;
    std::unique_ptr<AnswerWriter> writer_;
    std::shared_ptr<provider::IoWaker> waker_;

    std::optional<Result<runtime::CanonicalAnswer>> result_;
    bool client_gone_ = false;
    bool forgotten_ = false;  ///< the request's body
    int status_ = 0;
    std::uint64_t bytes_ = 0;  ///< of the answer's body
    bool refused_ = false;     ///< by the gateway, before anybody was asked
    std::optional<Error> error_;
    std::optional<Error> client_error_;  ///< why the client did not get all of its answer
    base::Duration overhead_{0};
    std::optional<base::Duration> first_delta_;
};

}  // namespace tenon::gateway
