#pragma once

#include <memory>
#include <optional>
#include <string>

#include "net/event.hpp"
#include "net/server_stream.hpp"
#include "net/time_limit.hpp"
#include "transport/read_buffer.hpp"
#include "transport/server_shard.hpp"
#include "wire/http1_request_parser.hpp"

namespace tenon::transport {

/// One connection of a client: a coroutine that reads a request, lets the handler answer it, and
/// goes on with the next one. Reading never stops for longer than the buffer is full, so that the
/// client's end is seen whatever the coroutine waits for.
///
/// \par Thread-safety
/// I/O thread only.
class ServerConnection final : public std::enable_shared_from_this<ServerConnection>,
                               private ResponseWriter,
                               private net::ServerStream::Reader,
                               private net::TimeLimit::Owner {
public:
    /// \param tls nullptr = plain. \param turn_away the server is full: says so and closes.
    ServerConnection(ServerShard& shard, net::Accepted accepted,
                     std::shared_ptr<boost::asio::ssl::context> tls, bool turn_away);

    /// Returns when everything is closed.
    net::Awaitable<void> run();

    /// Where the shard keeps it; in the list of busy ones at first.
    void set_place(ServerShard::Place place) { place_ = place; }
    [[nodiscard]] bool is_idle() const noexcept { return idle_; }

    /// Ends it unless a request has begun.
    void close_idle();
    /// Ends it: the handler is told that the client is gone.
    void abort();

private:
    enum class Answer { none, streaming, done };

    net::Awaitable<bool> shake_hands();
    net::Awaitable<bool> serve_one();
    net::Awaitable<bool> read_request();
    net::Awaitable<bool> wait_for_input();
    net::Awaitable<void> handle();
    [[nodiscard]] ServerRequest request();
    /// Answers by itself, and closes then. \param reason a person's sentence.
    net::Awaitable<void> refuse(int status, std::string_view reason);
    net::Awaitable<void> close();
    net::Awaitable<void> linger();

    void begin_request();
    void read_ahead();
    [[nodiscard]] std::size_t body_to_come() noexcept;
    void set_idle(bool idle);
    void tell_gone() noexcept;
    [[nodiscard]] base::TimePoint input_limit();

    /// \name ResponseWriter
    /// @{
    net::Awaitable<Result<void>> send(int status, std::span<const HeaderView> headers,
                                      std::string_view body) override;
    Result<void> start(int status, std::span<const HeaderView> headers) override;
    net::Awaitable<Result<void>> write(std::string_view piece) override;
    net::Awaitable<Result<void>> finish(std::string_view last_piece) override;
    [[nodiscard]] bool client_gone() const noexcept override { return gone_; }
    void on_client_gone(ClientGoneListener* listener) noexcept override;
    [[nodiscard]] bool started() const noexcept override { return answer_ != Answer::none; }
    /// @}

    Result<void> begin_answer(int status, std::span<const HeaderView> headers, Answer answer,
                              std::size_t length);
    net::Awaitable<Result<void>> write_piece(std::string_view piece, std::string_view end);
    net::Awaitable<Result<void>> put(std::string_view head, std::string_view body,
                                     std::string_view tail);
    net::Awaitable<Result<void>> put_slowly(std::string_view head, std::string_view body,
                                            std::string_view tail);

    void on_read(std::size_t bytes) noexcept override;
    void on_limit() noexcept override;

    ServerShard& shard_;
    const HttpServerOptions& options_;
    const std::string peer_;
    const std::shared_ptr<boost::asio::ssl::context> tls_;
    const bool turn_away_;
    ServerShard::Place place_{};

    net::ServerStream stream_;
    net::Event news_;  ///< something arrived, ended or ran out
    net::TimeLimit limit_;
    wire::Http1RequestParser parser_;

    ReadBuffer buffer_;
    std::size_t first_ = 0;  ///< of what was read and not parsed
    std::size_t last_ = 0;
    bool filled_ = false;  ///< by the last read

    bool idle_ = false;       ///< between two requests, as the shard knows it
    bool ended_ = false;      ///< nothing more will be read
    bool gone_ = false;       ///< ended, or aborted: see client_gone()
    bool timed_out_ = false;  ///< while waiting for input
    bool closing_ = false;    ///< nothing more shall be read
    bool aborted_ = false;
    bool handling_ = false;
    ClientGoneListener* listener_ = nullptr;

    std::uint64_t requests_ = 0;
    base::TimePoint started_{};  ///< of the phase: connection, idleness, head, or body
    base::TimePoint last_input_{};
    Answer answer_ = Answer::none;
    bool broken_ = false;   ///< a write failed
    bool refused_ = false;  ///< the client may still be sending
    bool close_after_ = false;
    bool bodiless_ = false;
    bool chunked_ = false;
    bool head_held_back_ = false;
    std::string out_;
};

}  // namespace tenon::transport
