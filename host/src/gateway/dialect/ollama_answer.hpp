#pragma once

#include <string>
#include <string_view>

#include "gateway/dialect/part_sequence.hpp"

namespace tenon::gateway {

/// Writes answers of /api/chat or /api/generate: whole, or as lines of JSON. Calls of tools come
/// whole, each in one line.
class OllamaAnswer final : public AnswerWriter, private PartSequence::Sink {
public:
    enum class Form { chat, generate };

    OllamaAnswer(Form form, std::string model, AnswerContext context);

    Result<std::string> whole(std::string_view body, const AnswerTimes& times) override;
    void delta(std::string& out, const Delta& delta) override;
    void end(std::string& out, const AnswerEnd& end) override;
    void error(std::string& out, const Error& error) override;

private:
    void start(std::string& out, const AnswerPart& part) override;
    void piece(std::string& out, const AnswerPart& part, std::string_view piece) override;
    void stop(std::string& out, const AnswerPart& part) override;

    void write_head(wire::JsonWriter& writer) const;
    /// `calls`: a JSON array, or empty.
    void write_message(wire::JsonWriter& writer, std::string_view text, std::string_view thinking,
                       std::string_view calls) const;
    void write_line(std::string& out, std::string_view text, std::string_view thinking,
                    std::string_view calls) const;

    Form form_;
    std::string model_;
    AnswerContext context_;
    PartSequence parts_;
    TokenCounts counts_;
};

}  // namespace tenon::gateway
