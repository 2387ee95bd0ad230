#pragma once

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/dialect/dialect.hpp"
#include "tenon/sse.hpp"
#include "wire/json.hpp"

/// Short words for the tests of the dialects.
namespace tenon::test {

inline gateway::ParsedRequest parsed(const gateway::Dialect& dialect, std::string_view body) {
    auto request = dialect.parse(body);
    if (!request) BOOST_FAIL(request.error().message);
    return *request;
}

/// "code: message" of a refused request.
inline std::string refusal(const gateway::Dialect& dialect, std::string_view body) {
    const auto request = dialect.parse(body);
    if (request) return "taken: " + request->body;
    return std::string(to_string(request.error().code)) + ": " + request.error().message;
}

/// What stands at a JSON pointer of a text, as JSON; "none" if there is nothing.
inline std::string at(std::string_view json, std::string_view pointer) {
    const auto document = wire::JsonDocument::parse(json);
    if (!document) return "not JSON: " + std::string(json);
    const wire::JsonView value = document->root().at(pointer);
    return value.exists() ? value.to_text() : "none";
}

inline gateway::AnswerContext context() {
    return {.id = "7", .created = std::chrono::system_clock::from_time_t(1700000000)};
}

inline std::unique_ptr<gateway::AnswerWriter> writer(const gateway::Dialect& dialect,
                                                     std::string_view request) {
    return dialect.answer(parsed(dialect, request), context());
}

inline std::string whole(const gateway::Dialect& dialect, std::string_view request,
                         std::string_view answer, const gateway::AnswerTimes& times = {}) {
    const auto text = writer(dialect, request)->whole(answer, times);
    return text ? *text : std::string(to_string(text.error().code)) + ": " + text.error().message;
}

inline Delta text(std::string_view data) {
    return {.kind = TENON_DELTA_TEXT, .data = data};
}
inline Delta reasoning(std::string_view data) {
    return {.kind = TENON_DELTA_REASONING, .data = data};
}
inline Delta usage(std::string_view data) {
    return {.kind = TENON_DELTA_USAGE, .data = data};
}
inline Delta meta(std::string_view data) {
    return {.kind = TENON_DELTA_META, .data = data};
}
inline Delta raw(std::string_view chunk, std::uint32_t kind = TENON_DELTA_NONE) {
    return {.kind = kind, .raw = chunk};
}
inline Delta call(std::uint32_t index, std::string_view arguments, std::string_view id = {},
                  std::string_view name = {}) {
    return {.kind = TENON_DELTA_TOOL_CALL,
            .index = index,
            .data = arguments,
            .tool_call_id = id,
            .tool_name = name};
}

/// The bytes of a whole stream.
inline std::string stream(const gateway::Dialect& dialect, std::string_view request,
                          const std::vector<Delta>& deltas, const gateway::AnswerEnd& end = {}) {
    const auto answer = writer(dialect, request);
    std::string out;
    answer->begin(out);
    for (const Delta& delta : deltas) answer->delta(out, delta);
    answer->end(out, end);
    return out;
}

/// The bytes of a stream that breaks.
inline std::string broken_stream(const gateway::Dialect& dialect, std::string_view request,
                                 const std::vector<Delta>& deltas, const Error& error) {
    const auto answer = writer(dialect, request);
    std::string out;
    answer->begin(out);
    for (const Delta& delta : deltas) answer->delta(out, delta);
    answer->error(out, error);
    return out;
}

struct Event {
    std::string type;
    std::string data;
};

inline std::vector<Event> events_of(std::string_view bytes) {
    SseParser parser;
    std::vector<Event> events;
    const auto fed = parser.feed(bytes, [&](const SseEvent& event) {
        events.push_back({std::string(event.type), std::string(event.data)});
    });
    BOOST_TEST(fed.has_value());
    return events;
}

/// The same text in which bytes were changed, cut out, put in or doubled.
inline std::string damaged(std::string text, std::mt19937& random) {
    constexpr std::string_view kBytes = "{}[]\",:\\0-1e.tfn \xff\xc3\x01u";
    for (std::size_t changes = 1 + random() % 4; changes > 0 && !text.empty(); --changes) {
        const std::size_t where = random() % text.size();
        switch (random() % 5) {
            case 0: text[where] = kBytes[random() % kBytes.size()]; break;
            case 1: text.erase(where, 1 + random() % 8); break;
            case 2: text.insert(where, 1, kBytes[random() % kBytes.size()]); break;
            case 3: text.insert(where, text.substr(random() % text.size(), random() % 40)); break;
            default: text.resize(where); break;
        }
    }
    return text;
}

/// Damaged requests give either a request, whose body takes another model, or an error that says
/// something; and no answer makes a writer fall.
inline void check_damaged_requests(const gateway::Dialect& dialect, std::string_view good) {
    std::mt19937 random(20261121);
    int refused = 0;
    for (int i = 0; i < 5000; ++i) {
        const std::string body = damaged(std::string(good), random);
        const auto request = dialect.parse(body);
        if (!request) {
            ++refused;
            BOOST_TEST(!request.error().message.empty());
            continue;
        }
        const std::string renamed = request->body_for("other");
        if (renamed.find("\"other\"") == std::string::npos) {
            BOOST_ERROR("the model was lost in: " + renamed);
        }
        const auto answer = dialect.answer(*request, context());
        std::string out;
        answer->begin(out);
        answer->delta(out, text("x"));
        answer->end(out, {});
    }
    BOOST_TEST(refused > 1000);
    BOOST_TEST(refused < 5000);
}

/// Damaged answers are written or refused.
inline void check_damaged_answers(const gateway::Dialect& dialect, std::string_view request,
                                  std::string_view good) {
    std::mt19937 random(7);
    for (int i = 0; i < 2000; ++i) {
        const auto answer = writer(dialect, request);
        const auto text = answer->whole(damaged(std::string(good), random), {});
        if (text) {
            BOOST_TEST(!text->empty());
        } else {
            BOOST_TEST(!text.error().message.empty());
        }
    }
}

inline constexpr Code kEachCode[] = {
    Code::cancelled, Code::stale,     Code::again,       Code::invalid,  Code::unsupported,
    Code::internal,  Code::no_memory, Code::unavailable, Code::deadline, Code::auth,
    Code::forbidden, Code::throttled, Code::too_large,   Code::refused,  Code::protocol,
    Code::not_found, Code::overloaded};

/// A stream that breaks after its first words, with each code: the error is told, and nothing
/// that `good_ends` names is written.
inline void check_broken_streams(const gateway::Dialect& dialect, std::string_view request,
                                 std::initializer_list<std::string_view> good_ends) {
    for (const Code code : kEachCode) {
        const std::string out =
            broken_stream(dialect, request, {text("Hel")}, Error(code, "it broke here"));
        BOOST_TEST(out.find("it broke here") != std::string::npos);
        for (const std::string_view end : good_ends) {
            BOOST_TEST(out.find(end) == std::string::npos, end << " in " << out);
        }
    }
}

}  // namespace tenon::test
