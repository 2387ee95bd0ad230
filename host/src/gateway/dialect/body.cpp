#include "gateway/dialect/body.hpp"

#include <set>
#include <utility>

#include "tenon/json_text.hpp"
#include "wire/top_level_members.hpp"

namespace tenon::gateway {

using wire::JsonDocument;
using wire::JsonKind;
using wire::JsonView;
using wire::JsonWriter;

std::string ParsedRequest::body_for(std::string_view new_model) const {
    if (new_model.empty()) return body;
    std::string quoted;
    append_json_string(quoted, new_model);
    std::string out;
    out.reserve(body.size() + quoted.size() + 16);
    if (model_at != 0) {
        out.append(body, 0, model_at).append(quoted).append(body, model_at + model_size);
        return out;
    }
    const std::size_t bracket = body.find('{');
    wire::TopLevelMembers members(body);
    const bool empty = !members.next().has_value();
    out.append(body, 0, bracket + 1).append(R"("model":)").append(quoted);
    if (!empty) out += ',';
    out.append(body, bracket + 1);
    return out;
}

std::string join(std::string_view path, std::string_view member) {
    std::string out(path);
    if (!out.empty()) out += '.';
    return out += member;
}

std::string join(std::string_view path, std::size_t index) {
    return join(path, std::to_string(index));
}

Result<JsonDocument> parse_object(std::string_view body) {
    auto document = JsonDocument::parse(body);
    if (!document) {
        return Error(Code::invalid, "the request is not JSON: " + document.error().message);
    }
    if (!document->root().is_object()) {
        return Error(Code::invalid, "the request must be a JSON object, not " +
                                        std::string(describe(document->root().kind())));
    }
    return document;
}

bool is_set(JsonView value) noexcept {
    return value.exists() && value.kind() != JsonKind::null;
}

Result<std::string_view> text_member(JsonView object, std::string_view path,
                                     std::string_view name) {
    const JsonView value = object[name];
    if (!is_set(value)) return invalid_member(join(path, name), "is missing");
    return optional_text(object, path, name);
}

Result<std::string_view> optional_text(JsonView object, std::string_view path,
                                       std::string_view name) {
    const JsonView value = object[name];
    if (!is_set(value)) return std::string_view();
    if (const auto text = value.as_string()) return *text;
    return invalid_member(join(path, name),
                          "must be a string, not " + std::string(describe(value.kind())));
}

Result<bool> flag_member(JsonView object, std::string_view path, std::string_view name,
                         bool otherwise) {
    const JsonView value = object[name];
    if (!is_set(value)) return otherwise;
    if (const auto flag = value.as_bool()) return *flag;
    return invalid_member(join(path, name),
                          "must be true or false, not " + std::string(describe(value.kind())));
}

Result<ParsedRequest> with_body(ParsedRequest request, std::string body) {
    request.body = std::move(body);
    wire::TopLevelMembers members(request.body);
    std::set<std::string_view> names;
    while (const auto member = members.next()) {
        if (!names.insert(member->key).second) {
            return invalid_member(member->key, "says the same as another member of the request");
        }
        if (!member->is("model")) continue;
        if (request.model_at != 0) return invalid_member("model", "is given twice");
        request.model_at = member->value_begin;
        request.model_size = member->value.size();
    }
    if (members.failed()) return Error(Code::invalid, "the request is not a whole JSON object");
    return request;
}

void write_stream_members(JsonWriter& writer, bool stream) {
    writer.member("stream", stream);
    if (!stream) return;
    writer.key("stream_options");
    writer.begin_object();
    writer.member("include_usage", true);
    writer.end_object();
}

void copy_others(JsonWriter& writer, JsonView request, std::span<const std::string_view> known) {
    std::set<std::string_view> done(known.begin(), known.end());
    for (const auto& [name, value] : request.members()) {
        // Of two members of the same name the first one counts.
        if (is_set(value) && done.insert(name).second) copy_member(writer, name, value);
    }
}

void copy_member(JsonWriter& writer, std::string_view name, JsonView value) {
    writer.key(name);
    value.write(writer);
}

void write_text_or_null(JsonWriter& writer, std::string_view name, std::string_view text) {
    writer.key(name);
    if (text.empty()) return writer.null();
    writer.value(text);
}

namespace {

/// The parts of a text without LF, each as a line.
void append_data(std::string& out, std::string_view text) {
    std::size_t end = 0;
    do {
        end = text.find('\r');
        out.append("data: ").append(text.substr(0, end)).append("\n");
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    } while (end != std::string_view::npos);
}

}  // namespace

void append_event(std::string& out, std::string_view type, std::string_view json) {
    if (!type.empty()) out.append("event: ").append(type).append("\n");
    // find_first_of looks at each character by itself, which is most of what a chunk would cost.
    std::size_t end = 0;
    do {
        end = json.find('\n');
        append_data(out, json.substr(0, end));
        json.remove_prefix(end == std::string_view::npos ? json.size() : end + 1);
    } while (end != std::string_view::npos);
    out += '\n';
}

std::string_view WholeCharacters::add(std::string_view data) {
    if (!rest_.empty()) {
        joined_ = std::move(rest_);
        joined_ += data;
        data = joined_;
        rest_.clear();
    }
    const std::string_view whole = utf8_safe_prefix(data);
    rest_ = data.substr(whole.size());
    return whole;
}

std::string WholeCharacters::take_rest() {
    return std::exchange(rest_, {});
}

std::int64_t unix_seconds(std::chrono::system_clock::time_point time) noexcept {
    return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

void TokenCounts::read(JsonView usage) noexcept {
    const auto take = [](std::optional<std::int64_t>& into, JsonView count) {
        if (const auto number = count.as_int64(); number && *number >= 0) into = number;
    };
    take(input, usage["prompt_tokens"]);
    take(output, usage["completion_tokens"]);
    take(cached, usage["prompt_tokens_details"]["cached_tokens"]);
    take(written, usage["prompt_tokens_details"]["cache_creation_tokens"]);
    take(reasoning, usage["completion_tokens_details"]["reasoning_tokens"]);
}

void TokenCounts::read_json(std::string_view usage) {
    if (const auto document = JsonDocument::parse(usage)) read(document->root());
}

void TokenCounts::fill(std::uint64_t input_tokens, std::uint64_t output_tokens) noexcept {
    const auto take = [](std::optional<std::int64_t>& into, std::uint64_t count) {
        if (!into && count <= INT64_MAX) into = static_cast<std::int64_t>(count);
    };
    take(input, input_tokens);
    take(output, output_tokens);
}

void write_chat_usage(JsonWriter& writer, const TokenCounts& counts) {
    const std::int64_t input = counts.input.value_or(0);
    const std::int64_t output = counts.output.value_or(0);
    writer.begin_object();
    writer.member("prompt_tokens", input);
    writer.member("completion_tokens", output);
    writer.member("total_tokens", input + output);
    writer.end_object();
}

}  // namespace tenon::gateway
