#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "gateway/dialect/errors.hpp"
#include "tenon/abi/result.h"
#include "tenon/plugin/call.hpp"
#include "tenon/result.hpp"

/// The words in which clients speak to the gateway. A dialect turns a client's request into the
/// canonical one, and what comes back into the client's words: bytes in, bytes out, no sockets.
/// docs/gateway_dialects.md lists what each of them translates, keeps and refuses.
namespace tenon::gateway {

enum class Operation { complete, embed, rerank };

/// A client's request, translated.
struct ParsedRequest {
    Operation operation = Operation::complete;
    std::string model = {};    ///< as the client names it; empty = the gateway's default
    bool stream = false;       ///< the client wants deltas
    bool wants_usage = false;  ///< of a stream in the chat dialect: the chunk with the usage too
    /// The canonical body, with the client's own name of the model. See body_for().
    std::string body = {};
    std::size_t model_at = 0;    ///< where the value of "model" begins in `body`; 0 = it has none
    std::size_t model_size = 0;  ///< quotes included
    /// What the dialect wants to know again when it writes the answer; its own affair.
    std::string notes = {};

    /// The canonical body that asks for `new_model`, all other bytes as in `body`. Empty = `body`.
    [[nodiscard]] std::string body_for(std::string_view new_model) const;
};

/// What the gateway knows about an answer and the dialects cannot.
struct AnswerContext {
    std::string id = {};  ///< of the request, [A-Za-z0-9]; ids in answers are made from it
    std::chrono::system_clock::time_point created = {};
    /// The time of each part of a stream. Empty = `created`.
    std::function<std::chrono::system_clock::time_point()> now = {};
};

/// How long an answer took, for dialects that tell.
struct AnswerTimes {
    std::chrono::nanoseconds total{0};
    std::chrono::nanoseconds load{0};    ///< until the request was sent
    std::chrono::nanoseconds prompt{0};  ///< until the first delta
    std::chrono::nanoseconds eval{0};    ///< from the first delta to the end
};

/// How a stream ended well.
struct AnswerEnd {
    std::string_view finish_reason = {};  ///< empty = "stop"
    std::uint64_t input_tokens = TENON_TOKENS_UNKNOWN;
    std::uint64_t output_tokens = TENON_TOKENS_UNKNOWN;
    AnswerTimes times = {};
};

/// Writes the answer to one request. Either whole(), or, if the request has `stream` set: begin(),
/// any number of delta() and keep_alive(), then end() or error() once. What a function of a stream
/// appends to `out` is to be sent as it is.
///
/// \par Object lifetimes
/// Borrows nothing: copies what it needs.
/// \par Thread-safety
/// Distinct objects: safe. Shared objects: unsafe.
class AnswerWriter {
public:
    AnswerWriter() = default;
    AnswerWriter(const AnswerWriter&) = delete;
    AnswerWriter& operator=(const AnswerWriter&) = delete;
    virtual ~AnswerWriter() = default;

    /// The whole answer from the canonical one.
    /// Errors: Code::protocol if `body` is not a canonical answer.
    [[nodiscard]] virtual Result<std::string> whole(std::string_view body,
                                                    const AnswerTimes& times) = 0;

    virtual void begin(std::string& out);
    /// One delta. Deltas of kinds that the dialect has no words for write nothing.
    virtual void delta(std::string& out, const Delta& delta);
    virtual void end(std::string& out, const AnswerEnd& end);
    /// The stream broke. No client takes what was written for a whole answer.
    virtual void error(std::string& out, const Error& error);
    /// Something that keeps the connection busy and means nothing; may be nothing.
    virtual void keep_alive(std::string& out);
};

/// One of the languages of the gateway.
///
/// \par Thread-safety
/// Shared objects: safe.
class Dialect {
public:
    virtual ~Dialect() = default;

    /// Errors: Code::invalid or Code::unsupported, with the member in the message
    /// ("messages.2.content: ...") and in detail_json's "param".
    [[nodiscard]] virtual Result<ParsedRequest> parse(std::string_view body) const = 0;

    /// A writer for the answer to a request that parse() gave.
    [[nodiscard]] virtual std::unique_ptr<AnswerWriter> answer(const ParsedRequest& request,
                                                               AnswerContext context) const = 0;

    /// Instead of an answer, before anything of a stream has been sent.
    [[nodiscard]] virtual ErrorReply error_reply(const Error& error) const = 0;

    /// The media type of streams; all else is "application/json".
    [[nodiscard]] virtual std::string_view stream_type() const noexcept;

    /// The header in which clients look for the id of their request, if not in "x-request-id".
    [[nodiscard]] virtual std::string_view request_id_header() const noexcept;
};

/// The dialect of a POST to `path` (without query), or nullptr. Lives as long as the program.
[[nodiscard]] const Dialect* find_dialect(std::string_view path) noexcept;

/// What is asked for by a POST to `path`, one of find_dialect()'s.
[[nodiscard]] Operation operation_at(std::string_view path) noexcept;

/// The reply to a request that never reached a dialect, in the words of those who ask at `path`.
/// \param anthropic whether the client says that it is one of Anthropic's.
[[nodiscard]] ErrorReply error_reply_at(std::string_view path, bool anthropic, const Error& error);

}  // namespace tenon::gateway
