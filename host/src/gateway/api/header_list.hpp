#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/http1_header.hpp"

namespace tenon::gateway {

/// The headers of an answer that is being made.
///
/// \par Object lifetimes
/// views() is valid until the next change.
class HeaderList {
public:
    void add(std::string name, std::string value) {
        headers_.emplace_back(std::move(name), std::move(value));
    }
    void add(const std::vector<std::pair<std::string, std::string>>& headers) {
        headers_.insert(headers_.end(), headers.begin(), headers.end());
    }
    [[nodiscard]] std::span<const wire::HeaderView> views() {
        views_.clear();
        for (const auto& [name, value] : headers_) {
            // Some values come from providers: what would break the message is left out.
            if (wire::is_header_value(value)) views_.push_back({name, value});
        }
        return views_;
    }

private:
    std::vector<std::pair<std::string, std::string>> headers_;
    std::vector<wire::HeaderView> views_;
};

}  // namespace tenon::gateway
