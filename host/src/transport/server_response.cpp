// The answer's side of a connection.

#include <utility>

#include "transport/server_connection.hpp"
#include "wire/http1_response.hpp"

namespace tenon::transport {

namespace {

using Body = wire::ResponseFraming::Body;

/// Written in one piece, so that the limit is about progress and not about the body's size.
constexpr std::size_t kPiece = std::size_t{64} << 10;

/// Up to this size copying a chunk beside its frame is cheaper than pointing at both.
constexpr std::size_t kCopiedChunk = std::size_t{4} << 10;

net::Awaitable<Result<void>> ready(Result<void> result) {
    co_return result;
}

}  // namespace

Result<void> ServerConnection::begin_answer(int status, std::span<const HeaderView> headers,
                                            Answer answer, std::size_t length) {
    if (answer_ != Answer::none) {
        return Error(Code::internal, "this request has its answer already");
    }
    if (broken_ || aborted_) return Error(Code::cancelled, "the client is gone");
    const bool http10 = parser_.head_done() && parser_.http10();
    const bool streaming = answer == Answer::streaming;
    wire::ResponseFraming framing;
    if (streaming) framing.body = http10 ? Body::until_close : Body::chunked;
    framing.length = length;
    framing.http10 = http10;
    framing.close = close_after_ || shard_.draining() || !parser_.head_done() ||
                    !parser_.keep_alive() || (streaming && http10) ||
                    (options_.max_requests > 0 && requests_ >= options_.max_requests);
    out_.clear();
    auto head = wire::append_response_head(out_, status, headers, framing, shard_.date());
    if (!head) return head;
    answer_ = answer;
    close_after_ = framing.close;
    bodiless_ = parser_.method() == "HEAD" || !wire::status_has_body(status);
    chunked_ = streaming && !http10;
    return {};
}

net::Awaitable<Result<void>> ServerConnection::send(int status, std::span<const HeaderView> headers,
                                                    std::string_view body) {
    auto begun = begin_answer(status, headers, Answer::done, body.size());
    if (!begun) return ready(std::move(begun));
    return put(out_, bodiless_ ? std::string_view() : body, {});
}

Result<void> ServerConnection::start(int status, std::span<const HeaderView> headers) {
    auto begun = begin_answer(status, headers, Answer::streaming, 0);
    head_held_back_ = begun.has_value();
    return begun;
}

net::Awaitable<Result<void>> ServerConnection::write(std::string_view piece) {
    if (answer_ != Answer::streaming) {
        return ready(Error(Code::internal, "there is no stream to write to"));
    }
    return write_piece(piece, {});
}

net::Awaitable<Result<void>> ServerConnection::finish(std::string_view last_piece) {
    if (answer_ != Answer::streaming) {
        return ready(Error(Code::internal, "there is no stream to finish"));
    }
    answer_ = Answer::done;
    return write_piece(last_piece, chunked_ && !bodiless_ ? wire::kLastChunk : std::string_view());
}

net::Awaitable<Result<void>> ServerConnection::write_piece(std::string_view piece,
                                                           std::string_view end) {
    if (broken_ || aborted_) return ready(Error(Code::cancelled, "the client is gone"));
    if (!std::exchange(head_held_back_, false)) out_.clear();
    if (bodiless_) piece = {};
    const bool framed = chunked_ && !piece.empty();
    if (framed) wire::append_chunk_head(out_, piece.size());
    if (piece.size() > kCopiedChunk) {
        // The end of the last chunk follows that of this one.
        static constexpr std::string_view kBothEnds = "\r\n0\r\n\r\n";
        const std::string_view tail = !framed       ? std::string_view()
                                      : end.empty() ? wire::kChunkEnd
                                                    : kBothEnds;
        return put(out_, piece, tail);
    }
    out_ += piece;
    if (framed) out_ += wire::kChunkEnd;
    out_ += end;
    return out_.empty() ? ready({}) : put(out_, {}, {});
}

/// Mostly the kernel takes all of it, and there is nothing to wait for.
net::Awaitable<Result<void>> ServerConnection::put(std::string_view head, std::string_view body,
                                                   std::string_view tail) {
    if (body.size() > kPiece) return put_slowly(head, body, tail);
    net::ServerStream::Pieces pieces = {head, body, tail};
    if (stream_.write_now(pieces)) return ready({});
    return put_slowly(pieces[0], pieces[1], pieces[2]);
}

net::Awaitable<Result<void>> ServerConnection::put_slowly(std::string_view head,
                                                          std::string_view body,
                                                          std::string_view tail) {
    do {
        const std::string_view piece = body.substr(0, kPiece);
        body.remove_prefix(piece.size());
        auto written =
            co_await stream_.write({head, piece, body.empty() ? tail : ""},
                                   std::chrono::steady_clock::now() + options_.write_timeout);
        if (!written) {
            broken_ = true;
            if (written.error().code == Code::deadline) {
                ServerStats::count(shard_.context().stats.timed_out);
            }
            co_return written;
        }
        head = {};
    } while (!body.empty());
    co_return Result<void>();
}

void ServerConnection::on_client_gone(ClientGoneListener* listener) noexcept {
    listener_ = gone_ ? nullptr : listener;
    if (gone_ && listener != nullptr) listener->on_client_gone();
}

}  // namespace tenon::transport
