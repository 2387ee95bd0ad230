#include "usage_option.hpp"

#include <cstddef>

#include "json_reader.hpp"

namespace tenon::openai {
namespace {

constexpr std::string_view kOptions = "stream_options";
constexpr std::string_view kUsage = R"("include_usage":true)";

std::string splice(std::string_view text, std::size_t begin, std::size_t end,
                   std::string_view piece) {
    std::string out;
    out.reserve(text.size() + piece.size());
    return out.append(text.substr(0, begin)).append(piece).append(text.substr(end));
}

/// `member` as the first one of the object whose bracket stands at `open`.
std::string with_first_member(std::string_view text, std::size_t open, std::string member) {
    const std::size_t next = text.find_first_not_of(" \t\r\n", open + 1);
    if (next == std::string_view::npos || text[next] != '}') member += ',';
    return splice(text, open + 1, open + 1, member);
}

/// The member "stream_options" as it is written; empty if there is none.
std::string_view options_in(std::string_view body) {
    JsonReader in(body);
    in.begin_object();
    while (in.next_member()) {
        const bool found = in.key() == kOptions;
        const std::string_view value = in.skip();
        if (found) return value;
    }
    return {};
}

}  // namespace

std::optional<std::string> with_usage_option(std::string_view body) {
    const std::size_t open = body.find_first_not_of(" \t\r\n");
    if (open == std::string_view::npos || body[open] != '{') return std::nullopt;

    // Most requests do not have the word anywhere; then there is nothing to read.
    const bool may_have = body.find(kOptions) != std::string_view::npos;
    const std::string_view options = may_have ? options_in(body) : std::string_view();
    if (options.empty()) {
        return with_first_member(body, open, R"("stream_options":{)" + std::string(kUsage) + '}');
    }
    const auto begin = static_cast<std::size_t>(options.data() - body.data());
    if (options == "null") {
        return splice(body, begin, begin + options.size(), '{' + std::string(kUsage) + '}');
    }
    const bool decides =
        options.front() != '{' || options.find("\"include_usage\"") != std::string_view::npos;
    if (decides) return std::nullopt;
    return with_first_member(body, begin, std::string(kUsage));
}

}  // namespace tenon::openai
