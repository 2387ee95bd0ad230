#include "tool_calls.hpp"

#include <algorithm>

namespace tenon::openai {

bool ToolCalls::Known::continued_by(const ToolFragment& fragment) const noexcept {
    const bool other_id = !fragment.id.empty() && !id.empty() && fragment.id != id;
    if (fragment.index) return index == fragment.index && !(other_id && !fragment.name.empty());
    const bool next_without_id = fragment.id.empty() && !fragment.name.empty() && named;
    return !other_id && !next_without_id;
}

ToolCalls::Place ToolCalls::place(const ToolFragment& fragment) {
    const auto found = std::find_if(calls_.rbegin(), calls_.rend(), [&](const Known& known) {
        return known.continued_by(fragment);
    });
    const bool is_new = found == calls_.rend();
    Known& call =
        is_new ? calls_.emplace_back(Known{static_cast<std::uint32_t>(calls_.size())}) : *found;
    Place place{.number = call.number};
    if (is_new && fragment.id.empty()) call.given_id = "call_" + std::to_string(place.number);
    if (is_new) place.id = fragment.id.empty() ? call.given_id : fragment.id;
    if (!call.named) place.name = fragment.name;
    if (!call.index) call.index = fragment.index;
    if (call.id.empty()) call.id = fragment.id;
    if (!fragment.name.empty()) call.named = true;
    return place;
}

}  // namespace tenon::openai
