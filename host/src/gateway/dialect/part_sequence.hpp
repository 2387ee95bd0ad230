#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "gateway/dialect/body.hpp"

namespace tenon::gateway {

/// One part of an answer: a stretch of reasoning or of text, a call of a tool, or metadata.
struct AnswerPart {
    std::uint32_t kind = TENON_DELTA_TEXT;
    std::uint32_t index = 0;   ///< tool calls: which one of the answer
    std::string id = {};       ///< tool calls; may be empty
    std::string name = {};     ///< tool calls
    std::string content = {};  ///< so far: text or arguments; whole characters only
};

/// Has a JSON object begun and been closed? Counts brackets outside of strings.
class ObjectEnd {
public:
    void add(std::string_view text) noexcept;
    [[nodiscard]] bool reached() const noexcept { return begun_ && depth_ == 0; }

private:
    int depth_ = 0;
    bool begun_ = false;
    bool in_string_ = false;
    bool escaped_ = false;
};

/// Lines the parts of a stream up, for dialects in which one part ends before the next one begins.
/// Fragments of parallel tool calls may come in any order: while the arguments of a call are open,
/// what belongs to other parts waits. Only the first choice is read.
///
/// \par Object lifetimes
/// Borrows the sink.
/// \par Thread-safety
/// Distinct objects: safe. Shared objects: unsafe.
class PartSequence {
public:
    class Sink {
    public:
        virtual void start(std::string& out, const AnswerPart& part) = 0;
        /// `piece` is the end of `part.content`.
        virtual void piece(std::string& out, const AnswerPart& part, std::string_view piece) = 0;
        virtual void stop(std::string& out, const AnswerPart& part) = 0;

    protected:
        ~Sink() = default;
    };

    explicit PartSequence(Sink& sink) noexcept : sink_(sink) {}

    /// A delta of text, reasoning or a tool call; nothing is written for empty ones. Metadata is a
    /// part of its own.
    void add(std::string& out, const Delta& delta);
    /// Any delta of a stream: what is not empty of text, reasoning and calls is added, the usage is
    /// read into `counts`; there is no place for metadata.
    void take(std::string& out, const Delta& delta, TokenCounts& counts);
    /// The part that is open goes on no longer; if it is of `kind`.
    void cut(std::string& out, std::uint32_t kind);
    /// Ends all parts.
    void close(std::string& out);

    [[nodiscard]] bool has_tool_calls() const noexcept { return has_tool_calls_; }

private:
    struct Entry {
        AnswerPart part;
        WholeCharacters characters = {};
        ObjectEnd arguments = {};
        std::string waiting = {};  // not written yet
    };

    [[nodiscard]] static bool matches(const Entry& entry, const Delta& delta) noexcept;
    [[nodiscard]] Entry* find(const Delta& delta) noexcept;
    [[nodiscard]] bool may_stop() const noexcept;
    void feed(Entry& entry, std::string_view data);
    void write_waiting(std::string& out);
    void stop_active(std::string& out);
    void advance(std::string& out, bool at_the_end);

    Sink& sink_;
    std::optional<Entry> active_;
    std::deque<Entry> waiting_;
    std::set<std::uint32_t> ended_calls_;
    bool has_tool_calls_ = false;
};

}  // namespace tenon::gateway
