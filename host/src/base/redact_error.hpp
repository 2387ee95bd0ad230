#pragma once

#include <string>

#include "base/redactor.hpp"
#include "tenon/error.hpp"

namespace tenon::base {

/// `error` without the known secrets in any of its texts: what a provider has been told, it may
/// say again in its message, its code or its details.
[[nodiscard]] inline Error redact(const Redactor& redactor, Error error) {
    for (std::string* text : {&error.message, &error.provider_code, &error.detail_json}) {
        if (!text->empty()) *text = redactor.redact(*text);
    }
    return error;
}

}  // namespace tenon::base
