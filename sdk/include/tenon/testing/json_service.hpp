#pragma once

#include <cstddef>
#include <cstdint>

#include "tenon/abi/service/json.h"

/// The one implementation of the service `tenon.json/1`: the host's table and the fakes for plugin
/// tests both forward to it. The functions are those of tenon_json_v1 without its ctx.
///
/// \par Thread-safety
/// Any thread; documents are immutable.
namespace tenon::json_service {

[[nodiscard]] const tenon_json_document* parse(const tenon_str* text, tenon_error* error) noexcept;
void release(const tenon_json_document* document) noexcept;
[[nodiscard]] tenon_status get(const tenon_json_document* document, const tenon_str* pointer,
                               tenon_json_value* out) noexcept;
[[nodiscard]] tenon_status member_name(const tenon_json_document* document,
                                       const tenon_str* pointer, std::uint64_t index,
                                       tenon_str* name) noexcept;
[[nodiscard]] std::size_t quote(const tenon_str* text, char* buffer, std::size_t capacity) noexcept;

}  // namespace tenon::json_service
