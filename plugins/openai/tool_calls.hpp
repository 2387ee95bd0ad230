#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>

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
        // What this fragment has to tell: the first one of a call its id, the first one with a
        // name that name.
        std::string_view id = {};
        std::string_view name = {};
    };

    /// A fragment goes on with the last call that has its index, or with the last call at all if it
    /// has none; unless it has a name and an id and the call has another id. A fragment without
    /// index begins a call if its id is new, or if it has no id but a name, as the last call does.
    /// A call that begins without an id is given one.
    /// \par Object lifetimes
    /// The place borrows from the fragment and from this object.
    [[nodiscard]] Place place(const ToolFragment& fragment);

private:
    struct Known {
        std::uint32_t number;
        std::optional<std::uint64_t> index = {};
        std::string id = {};
        std::string given_id = {};
        bool named = false;

        [[nodiscard]] bool continued_by(const ToolFragment& fragment) const noexcept;
    };
    std::list<Known> calls_;  // costs nothing as long as there is none; views survive its growth
};

}  // namespace tenon::openai
