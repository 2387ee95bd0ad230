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
    Known& call = found == calls_.rend() ? calls_.emplace_back() : *found;
    Place place;
    place.number = static_cast<std::uint32_t>(&call - calls_.data());
    place.tells_id = call.id.empty() && !fragment.id.empty();
    place.tells_name = !call.named && !fragment.name.empty();
    if (!call.index) call.index = fragment.index;
    if (place.tells_id) call.id = fragment.id;
    if (place.tells_name) call.named = true;
    return place;
}

}  // namespace tenon::openai
