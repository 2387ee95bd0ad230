#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tenon/abi/base.h"
#include "tenon/abi/delta.h"
#include "tenon/error.hpp"

namespace tenon::testing {

/// One delta that a plugin emitted and the host took; see `tenon_delta`.
struct EmittedDelta {
    std::uint32_t kind = TENON_DELTA_NONE;
    std::uint32_t index = 0;
    std::uint32_t choice = 0;
    bool same_chunk = false;
    std::string data = {};
    std::string tool_call_id = {};
    std::string tool_name = {};
    std::string raw = {};
};

/// One tool call, put together from its fragments.
struct EmittedToolCall {
    std::string id = {};
    std::string name = {};
    std::string arguments = {};
};

/// All that a plugin has said about one operation.
///
/// \par Thread-safety
/// Distinct objects: safe. Shared objects: unsafe.
struct Outcome {
    tenon_status start_status = TENON_OK;  ///< what the start function returned
    /// Nothing more will come: the plugin finished or refused, or the deadline passed.
    bool finished = false;
    std::optional<Error> error = {};  ///< also for a refused start and a deadline that passed

    std::vector<EmittedDelta> deltas = {};  ///< those that were taken, in order
    std::string body = {};
    std::string finish_reason = {};
    std::optional<std::uint64_t> input_tokens = {};
    std::optional<std::uint64_t> output_tokens = {};
    std::vector<std::vector<float>> vectors = {};  ///< embed: one for each input
    tenon_conn* connection = nullptr;              ///< connect

    [[nodiscard]] bool ok() const noexcept { return finished && !error; }
    /// Code::ok, the error's code, or Code::again while the operation has not finished.
    [[nodiscard]] Code code() const noexcept {
        if (error) return error->code;
        return finished ? Code::ok : Code::again;
    }

    /// The joined data of all deltas of that kind, of one choice.
    [[nodiscard]] std::string text(std::uint32_t choice = 0) const;
    [[nodiscard]] std::string reasoning(std::uint32_t choice = 0) const;
    /// By index; fragments joined.
    [[nodiscard]] std::vector<EmittedToolCall> tool_calls(std::uint32_t choice = 0) const;
    /// The last usage object; empty if there was none.
    [[nodiscard]] std::string usage() const;
    /// The metadata objects, in order.
    [[nodiscard]] std::vector<std::string> meta() const;
    /// The raw chunks, in order, each once.
    [[nodiscard]] std::vector<std::string> raw() const;
};

}  // namespace tenon::testing
