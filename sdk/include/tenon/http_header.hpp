#pragma once

#include <string_view>

namespace tenon {

/// One header of a request or an answer.
struct HttpHeader {
    std::string_view name;
    std::string_view value;
};

}  // namespace tenon
