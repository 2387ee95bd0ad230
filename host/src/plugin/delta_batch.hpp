#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tenon/abi/delta.h"
#include "tenon/plugin/call.hpp"

namespace tenon::plugin {

/// Copies of deltas in one buffer, in order. Cleared and reused, so that a stream in its steady
/// state allocates nothing.
///
/// \par Thread-safety
/// None.
class DeltaBatch {
public:
    /// Copies a delta that is_plausible(). Throws std::bad_alloc.
    void push(const tenon_delta& delta);
    /// Copies all of `delta`. Throws std::bad_alloc.
    void push(const Delta& delta);

    [[nodiscard]] bool empty() const noexcept { return records_.empty(); }
    /// Bytes that are waiting; an empty delta takes some too.
    [[nodiscard]] std::size_t bytes() const noexcept {
        return text_.size() + records_.size() * sizeof(Record);
    }

    void clear() noexcept {
        records_.clear();
        text_.clear();
    }

    /// Calls `use(const Delta&)` for each, in order; the views are valid during the call.
    template <class Use>
    void for_each(Use&& use) const {
        for (const Record& record : records_) use(view(record));
    }

private:
    struct Record {
        std::uint32_t kind;
        std::uint32_t index;
        std::uint32_t choice;
        bool same_chunk;
        std::size_t begin;  // of its text in text_: data, tool_call_id, tool_name, raw
        std::size_t data;
        std::size_t tool_call_id;
        std::size_t tool_name;
        std::size_t raw;
    };

    [[nodiscard]] Delta view(const Record& record) const noexcept;

    std::vector<Record> records_;
    std::string text_;
};

}  // namespace tenon::plugin
