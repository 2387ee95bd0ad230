#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::openai {

/// One element of "tool_calls" in a chunk. Members that the server left out are empty.
struct ToolFragment {
    std::optional<std::uint64_t> index;
    std::string_view id;
    std::string_view name;
};

/// Tells which tool call of a choice a fragment belongs to. By the dialect "index" says so, but
/// some servers leave it out, some give every call the index 0, and some invent a new id for every
/// fragment.
///
/// \par Thread-safety
/// Distinct objects: safe. Shared objects: unsafe.
class ToolCalls {
public:
    struct Place {
        std::uint32_t number = 0;  ///< of the call, from 0 in order of appearance
        bool tells_id = false;     ///< the first fragment of the call that has an id
        bool tells_name = false;   ///< the first fragment of the call that has a name
    };

    /// A fragment goes on with the last call that has its index, or with the last call at all if it
    /// has none; unless it has a name and an id and the call has another id. A fragment without
    /// index begins a call if its id is new, or if it has no id but a name, as the last call does.
    [[nodiscard]] Place place(const ToolFragment& fragment);

private:
    struct Known {
        std::optional<std::uint64_t> index;
        std::string id;
        bool named = false;

        [[nodiscard]] bool continued_by(const ToolFragment& fragment) const noexcept;
    };
    std::vector<Known> calls_;
};

}  // namespace tenon::openai
