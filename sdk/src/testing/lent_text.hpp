#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string_view>

#include "tenon/abi/base.h"

namespace tenon::testing {

/// Text that a plugin may look at for a while: of exactly its size and without a zero behind it,
/// so that the address sanitizer sees every byte read too far, and overwritten at its end, so that
/// a view that was kept shows nonsense even without one.
class LentText {
public:
    LentText() noexcept = default;
    explicit LentText(std::string_view text) : size_(text.size()) {
        if (text.empty()) return;
        bytes_ = std::make_unique_for_overwrite<char[]>(size_);
        std::copy(text.begin(), text.end(), bytes_.get());
    }
    LentText(LentText&&) noexcept = default;
    LentText& operator=(LentText&&) = delete;
    ~LentText() {
        if (!bytes_) return;
        volatile char* at = bytes_.get();  // volatile: no optimiser may drop the last writes
        for (std::size_t i = 0; i < size_; ++i) at[i] = '\xDD';
    }

    [[nodiscard]] tenon_str abi() const noexcept { return {bytes_.get(), bytes_ ? size_ : 0}; }
    [[nodiscard]] std::string_view view() const noexcept {
        return bytes_ ? std::string_view(bytes_.get(), size_) : std::string_view();
    }

private:
    std::size_t size_ = 0;
    std::unique_ptr<char[]> bytes_;
};

}  // namespace tenon::testing
