#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gateway/dialect/part_sequence.hpp"
#include "gateway/dialect/responses_object.hpp"

namespace tenon::gateway {

/// Writes a response: whole, or as the numbered events from response.created to
/// response.completed, response.incomplete, or response.failed and error.
class ResponsesAnswer final : public SseWriter, private PartSequence::Sink {
public:
    ResponsesAnswer(const ParsedRequest& request, const AnswerContext& context);

    Result<std::string> whole(std::string_view body, const AnswerTimes& times) override;
    void begin(std::string& out) override;
    void delta(std::string& out, const Delta& delta) override;
    void end(std::string& out, const AnswerEnd& end) override;
    void error(std::string& out, const Error& error) override;

private:
    void start(std::string& out, const AnswerPart& part) override;
    void piece(std::string& out, const AnswerPart& part, std::string_view piece) override;
    void stop(std::string& out, const AnswerPart& part) override;

    /// Appends one event with its number and what `write_members` writes.
    template <class WriteMembers>
    void event(std::string& out, std::string_view type, WriteMembers&& write_members);
    void response_event(std::string& out, std::string_view type, const ResponseState& state);
    void write_place(wire::JsonWriter& writer, const AnswerPart& part, bool in_content) const;
    [[nodiscard]] ResponseState state(std::string_view status) const;
    [[nodiscard]] std::string item_id(std::uint32_t kind) const;
    [[nodiscard]] std::string call_id(std::string_view given, std::size_t index) const;
    [[nodiscard]] std::string item(const AnswerPart& part, std::string_view status,
                                   bool with_content) const;

    std::string token_;  // of the request: ids are made from it
    std::string id_;
    std::string model_;
    std::string notes_;
    std::int64_t created_;
    PartSequence parts_;
    TokenCounts counts_;
    std::vector<std::string> output_;  // items that have ended
    std::string_view item_status_ = "completed";
    std::uint64_t next_number_ = 0;
};

}  // namespace tenon::gateway
