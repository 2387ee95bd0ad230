#include "cli/event_text.hpp"

#include <algorithm>

#include "cli/cell_text.hpp"
#include "cli/json_text.hpp"

namespace tenon::cli {
namespace {

constexpr std::size_t kNameColumns = 16;
constexpr std::size_t kKindColumns = 17;

Colour colour_of(const std::string& to) {
    if (to == "connected" || to == "healthy" || to == "closed") return Colour::good;
    if (to == "unhealthy" || to == "open" || to == "misconfigured") return Colour::bad;
    if (to == "degraded" || to == "half_open") return Colour::fair;
    return Colour::none;
}

}  // namespace

std::string event_text(wire::JsonView event, bool colours) {
    const auto shown = [&](const std::string& text, Colour colour) {
        return colours ? coloured(printable(text), colour) : printable(text);
    };
    const std::string name = text_of(event["provider"]);
    const std::string from = text_of(event["from"]);
    const std::string to = text_of(event["to"]);
    std::string reason = text_of(event["reason"]);
    std::replace(reason.begin(), reason.end(), '_', ' ');  // a name, or a sentence
    std::string line = shown(local_time_text(text_of(event["time"])), Colour::faint) + "  ";
    line += fit(printable(name.empty() ? "-" : name), kNameColumns) + "  ";
    line += fit(printable(spaced(text_of(event["kind"]))), kKindColumns) + "  ";
    if (!from.empty()) line += printable(spaced(from)) + " → ";
    line += shown(spaced(to), colour_of(to));
    if (!reason.empty()) line += (to.empty() ? "" : "  ") + shown(reason, Colour::faint);
    line.erase(line.find_last_not_of(' ') + 1);
    return line;
}

}  // namespace tenon::cli
