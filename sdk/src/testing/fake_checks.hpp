#pragma once

#include <string>
#include <vector>

#include "testing/fake_call.hpp"

/// What the contract says about data; each function returns one sentence for each breach.
namespace tenon::testing {

[[nodiscard]] std::vector<std::string> check_delta(const CallRecord& call,
                                                   const tenon_delta& delta);
[[nodiscard]] std::vector<std::string> check_result(const CallRecord& call,
                                                    const tenon_result& result);
[[nodiscard]] std::vector<std::string> check_error(const tenon_error& error);
[[nodiscard]] std::vector<std::string> check_request(const tenon_http_request& request,
                                                     const tenon_http_sink& sink);
[[nodiscard]] bool is_json_object(std::string_view text);

}  // namespace tenon::testing
