#pragma once

#include <string>
#include <string_view>

/// What is written about the configuration; all of it is made from config/describe.hpp.
namespace tenon::config {

/// The JSON Schema (draft 2020-12) of the file, for editors: `tenon config schema`.
[[nodiscard]] std::string json_schema();

/// The reference page docs/configuration.md: `tenon config schema --markdown`.
[[nodiscard]] std::string reference_page();

/// The example of the reference page: a whole file, with comments.
[[nodiscard]] std::string_view example_file() noexcept;

}  // namespace tenon::config
