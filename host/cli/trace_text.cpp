#include "cli/trace_text.hpp"

#include <algorithm>
#include <optional>
#include <tuple>

#include "cli/json_text.hpp"

namespace tenon::cli {
namespace {

using wire::JsonView;

constexpr std::int64_t kBarColumns = 32;

struct Step {
    std::int64_t at_us = 0;
    std::optional<std::int64_t> bytes;  ///< that the client had; nothing: as before
    std::string what;
    Colour colour = Colour::none;
};

std::string words(std::string text) {
    std::replace(text.begin(), text.end(), '_', ' ');
    return text;
}

bool is_answered(JsonView attempt) {
    return text_of(attempt["result"]) == "ok";
}

std::string in_brackets(const std::string& text) {
    return text.empty() ? "" : " (" + text + ")";
}

/// "unavailable: connection refused".
std::string failure(JsonView error) {
    const std::string code = words(text_of(error["code"]));
    const std::string message = text_of(error["message"]);
    return message.empty() ? code : code + ": " + message;
}

std::string decision_text(JsonView decision) {
    const std::string action = text_of(decision["action"]);
    const std::int64_t wait = count_of(decision["wait_us"]);
    std::string out = action == "retry_here" ? "try again" : words(action);
    if (action == "retry_here") {
        out += wait > 0 ? " after " + duration_text(wait) : " at once";
    } else if (action == "fail_over") {
        out = "go on to another provider";
    }
    return out + in_brackets(words(text_of(decision["reason"])));
}

std::string ending_of(JsonView attempt) {
    std::string out = "attempt " + text_of(attempt["number"]);
    const std::string after = duration_text(count_of(attempt["duration_us"]));
    if (is_answered(attempt)) {
        out += " answered after " + after;
    } else {
        out += " failed after " + after + ": " + failure(attempt["error"]);
        const std::string status = text_of(attempt["http_status"]);
        if (!status.empty()) out += ", HTTP " + status;
        const std::string stop = text_of(attempt["stop"]);
        if (!stop.empty()) out += ", stopped by " + words(stop);
        if (attempt["dialing"].as_bool().value_or(false)) out += ", while it was being connected";
    }
    std::string times;
    if (const auto queued = count_of(attempt["queue_wait_us"]); queued > 0) {
        times = "queued " + duration_text(queued);
    }
    if (attempt["first_byte_us"].as_int64()) {
        times += (times.empty() ? "" : ", ") + std::string("first byte after ") +
                 duration_text(count_of(attempt["first_byte_us"]));
    }
    return out + in_brackets(times);
}

/// An attempt or a wait; they follow each other.
struct Span {
    JsonView view;
    bool is_wait = false;
    std::int64_t from = 0;
    std::int64_t to = 0;
};

std::vector<Span> spans_of(JsonView trace) {
    std::vector<Span> spans;
    for (const JsonView attempt : trace["attempts"].elements()) {
        spans.push_back({attempt, false, count_of(attempt["started"]["at_us"]),
                         count_of(attempt["ended"]["at_us"])});
    }
    for (const JsonView wait : trace["waits"].elements()) {
        const std::int64_t from = count_of(wait["at_us"]);
        spans.push_back({wait, true, from, from + count_of(wait["duration_us"])});
    }
    std::stable_sort(spans.begin(), spans.end(), [](const Span& a, const Span& b) {
        return std::tie(a.from, a.to) < std::tie(b.from, b.to);
    });
    return spans;
}

Step start_of_attempt(const Span& span) {
    const JsonView attempt = span.view;
    return {span.from, count_of(attempt["started"]["bytes"]),
            "attempt " + text_of(attempt["number"]) + " at " + text_of(attempt["provider"]) +
                in_brackets(text_of(attempt["model"])) + ": " + words(text_of(attempt["why"]))};
}

void add_end_of_attempt(std::vector<Step>& steps, const Span& span) {
    const JsonView attempt = span.view;
    steps.push_back({span.to, count_of(attempt["ended"]["bytes"]), ending_of(attempt),
                     is_answered(attempt) ? Colour::good : Colour::bad});
    if (attempt["decision"].is_object()) {
        steps.push_back({span.to, std::nullopt, "decision: " + decision_text(attempt["decision"])});
    }
}

void add_wait(std::vector<Step>& steps, const Span& span) {
    const std::string planned = duration_text(count_of(span.view["planned_us"]));
    steps.push_back({span.from, std::nullopt,
                     "wait: " + words(text_of(span.view["why"])) + ", at most " + planned,
                     Colour::fair});
    steps.push_back({span.to, std::nullopt, "waited " + duration_text(span.to - span.from)});
}

/// What became of the answer, by time.
std::vector<Step> stream_steps(JsonView stream) {
    std::vector<Step> steps;
    const JsonView first = stream["first_delta"];
    const JsonView last = stream["last_delta"];
    if (first.is_object()) {
        steps.push_back({count_of(first["at_us"]), count_of(first["bytes"]), "first delta"});
    }
    if (stream["first_sent_us"].as_int64()) {
        steps.push_back({count_of(stream["first_sent_us"]), std::nullopt,
                         "first bytes of the body sent to the client"});
    }
    if (last.is_object()) {
        steps.push_back({count_of(last["at_us"]), count_of(last["bytes"]),
                         "last of " + text_of(stream["deltas"]) + " deltas"});
    }
    std::stable_sort(steps.begin(), steps.end(),
                     [](const Step& a, const Step& b) { return a.at_us < b.at_us; });
    return steps;
}

Step ending(JsonView trace) {
    Step step;
    step.at_us = count_of(trace["duration_us"]);
    step.bytes = count_of(trace["stream"]["bytes"]);
    step.what = "request ended with status " + text_of(trace["status"]);
    step.colour = Colour::good;
    if (trace["error"].is_object()) {
        step.what += ": " + failure(trace["error"]);
        step.colour = Colour::bad;
    }
    return step;
}

std::vector<Step> steps_of(JsonView trace) {
    std::vector<Step> steps = {{0, 0, "request begins"}};
    const std::vector<Step> stream = stream_steps(trace["stream"]);
    auto next = stream.begin();
    for (const Span& span : spans_of(trace)) {
        if (span.is_wait) {
            add_wait(steps, span);
            continue;
        }
        steps.push_back(start_of_attempt(span));
        for (; next != stream.end() && next->at_us <= span.to; ++next) steps.push_back(*next);
        add_end_of_attempt(steps, span);
    }
    steps.insert(steps.end(), next, stream.end());
    steps.push_back(ending(trace));
    return steps;
}

/// From one moment to another, of all the time.
std::string bar(std::int64_t from, std::int64_t to, std::int64_t total, const char* block) {
    total = std::max<std::int64_t>(total, 1);
    const auto column = [&](std::int64_t at) {
        return std::clamp<std::int64_t>(at * kBarColumns / total, 0, kBarColumns);
    };
    const std::int64_t begin = std::min(column(from), kBarColumns - 1);
    const std::int64_t end = std::max(column(to), begin + 1);
    std::string out(static_cast<std::size_t>(begin), ' ');
    for (std::int64_t i = begin; i < end; ++i) out += block;
    return out;
}

std::vector<std::vector<Cell>> overview(JsonView trace) {
    const std::int64_t total = count_of(trace["duration_us"]);
    std::vector<std::vector<Cell>> rows;
    for (const Span& span : spans_of(trace)) {
        const std::string lasted = duration_text(span.to - span.from);
        if (span.is_wait) {
            rows.push_back({{"wait"},
                            {words(text_of(span.view["why"]))},
                            {bar(span.from, span.to, total, "░"), Colour::fair},
                            {lasted}});
            continue;
        }
        const Colour colour = is_answered(span.view) ? Colour::good : Colour::bad;
        rows.push_back({{"attempt " + text_of(span.view["number"])},
                        {text_of(span.view["provider"])},
                        {bar(span.from, span.to, total, "█"), colour},
                        {lasted},
                        {words(text_of(span.view["result"])), colour}});
    }
    return rows;
}

void add_fact(std::vector<std::vector<Cell>>& rows, const char* name, const std::string& value) {
    if (!value.empty()) rows.push_back({{name, Colour::faint}, {value}});
}

std::vector<std::vector<Cell>> facts(JsonView trace) {
    std::vector<std::vector<Cell>> rows;
    const bool streams = trace["stream"]["asked"].as_bool().value_or(false);
    const auto us = [&](const char* member) { return duration_text(count_of(trace[member])); };
    add_fact(rows, "trace", text_of(trace["id"]));
    add_fact(rows, "parent span", text_of(trace["parent_span_id"]));
    add_fact(rows, "request", text_of(trace["request_id"]));
    add_fact(rows, "asked",
             text_of(trace["dialect"]) + " " + text_of(trace["operation"]) + ", model " +
                 text_of(trace["model"]) + (streams ? ", as a stream" : ""));
    add_fact(rows, "by",
             text_of(trace["client"]) +
                 in_brackets(text_of(trace["key"]).empty() ? "" : "key " + text_of(trace["key"])));
    add_fact(rows, "began", text_of(trace["started"]));
    const std::string provider = text_of(trace["provider"]);
    const bool failed = trace["error"].is_object();
    add_fact(
        rows, failed ? "failed at" : "answered by",
        provider.empty() ? "nobody" : provider + in_brackets(text_of(trace["provider_model"])));
    add_fact(rows, "finish reason", text_of(trace["finish_reason"]));
    const std::string input = text_of(trace["input_tokens"]);
    const std::string output = text_of(trace["output_tokens"]);
    if (!input.empty() || !output.empty()) {
        add_fact(
            rows, "tokens",
            (input.empty() ? "?" : input) + " in, " + (output.empty() ? "?" : output) + " out");
    }
    add_fact(rows, "times",
             us("duration_us") + " in all; " + us("queue_wait_us") + " queued, " + us("paused_us") +
                 " paused, " + us("overhead_us") + " overhead");
    if (const auto dropped = count_of(trace["dropped"]); dropped > 0) {
        add_fact(rows, "not kept", std::to_string(dropped) + " further attempts and waits");
    }
    return rows;
}

std::vector<std::vector<Cell>> timeline(JsonView trace) {
    std::vector<std::vector<Cell>> rows = {
        {{"AT", Colour::faint}, {"BYTES", Colour::faint}, {"WHAT", Colour::faint}}};
    for (const Step& step : steps_of(trace)) {
        rows.push_back({{duration_text(step.at_us)},
                        {step.bytes ? std::to_string(*step.bytes) : "", Colour::faint},
                        {step.what, step.colour}});
    }
    return rows;
}

}  // namespace

std::vector<std::vector<Cell>> trace_rows(JsonView traces) {
    std::vector<std::vector<Cell>> rows(1);
    for (const char* head :
         {"TRACE", "REQUEST", "STARTED", "MODEL", "PROVIDER", "STATUS", "TIME", "ATTEMPTS"}) {
        rows[0].push_back({head, Colour::faint});
    }
    for (const JsonView trace : traces.elements()) {
        const std::int64_t status = count_of(trace["status"]);
        const std::string provider = text_of(trace["provider"]);
        const std::int64_t took = count_of(trace["duration_ms"]);
        rows.push_back({{text_of(trace["id"]).substr(0, 16), Colour::strong},
                        {text_of(trace["request_id"])},
                        {local_time_text(text_of(trace["started"]))},
                        {text_of(trace["model"])},
                        {provider.empty() ? "-" : provider},
                        {std::to_string(status), status >= 400 ? Colour::bad : Colour::good},
                        {took == 0 ? "< 1 ms" : duration_text(took * 1'000)},
                        {text_of(trace["attempts"])}});
    }
    return rows;
}

std::vector<std::string> trace_lines(JsonView trace, const TableStyle& style) {
    std::vector<std::string> lines = table_lines(facts(trace), style);
    // Messages are the point of the timeline: they are never shortened.
    const TableStyle whole{0, style.colours};
    for (const auto& rows : {overview(trace), timeline(trace)}) {
        if (rows.empty()) continue;
        lines.emplace_back();
        const auto more = table_lines(rows, whole);
        lines.insert(lines.end(), more.begin(), more.end());
    }
    return lines;
}

}  // namespace tenon::cli
