#pragma once

#include <string>
#include <string_view>

#include "gateway/dialect/part_sequence.hpp"

namespace tenon::gateway {

/// Anthropic's word for why an answer ended; words that it has none for stay as they are.
[[nodiscard]] std::string_view anthropic_stop_reason(std::string_view canonical) noexcept;

/// Members of an Anthropic usage object, brackets included.
void write_anthropic_usage(wire::JsonWriter& writer, const TokenCounts& counts);

/// Writes deltas as the events of a message: message_start ... message_stop.
///
/// Metadata with "thinking_blocks" gives thinking its signature and brings redacted thinking; other
/// metadata has no place here.
class AnthropicStream final : public SseWriter, private PartSequence::Sink {
public:
    AnthropicStream(const ParsedRequest& request, const AnswerContext& context);

    Result<std::string> whole(std::string_view body, const AnswerTimes& times) override;
    void begin(std::string& out) override;
    void delta(std::string& out, const Delta& delta) override;
    void end(std::string& out, const AnswerEnd& end) override;
    void error(std::string& out, const Error& error) override;

private:
    void start(std::string& out, const AnswerPart& part) override;
    void piece(std::string& out, const AnswerPart& part, std::string_view piece) override;
    void stop(std::string& out, const AnswerPart& part) override;
    void add_thinking_blocks(std::string& out, wire::JsonView blocks);

    std::string id_;
    std::string model_;
    PartSequence parts_;
    TokenCounts counts_;
    std::string signature_;  // of the thinking that is open
    std::size_t next_block_ = 0;
};

}  // namespace tenon::gateway
