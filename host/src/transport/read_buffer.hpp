#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>

namespace tenon::transport {

/// Where a connection reads to. Thousands of connections carry a few hundred bytes now and then,
/// and a few carry much: each begins with little, and has more once a read has filled it.
///
/// \par Thread-safety
/// None.
class ReadBuffer {
public:
    static constexpr std::size_t kLeast = std::size_t{2} << 10;
    static constexpr std::size_t kMost = std::size_t{16} << 10;

    ReadBuffer() : bytes_(std::make_unique_for_overwrite<char[]>(kLeast)) {}

    [[nodiscard]] char* data() noexcept { return bytes_.get(); }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] std::span<char> from(std::size_t position) noexcept {
        return {data() + position, size_ - position};
    }

    /// Twice as large, up to kMost. The first `used` bytes keep their content, not their place.
    void grow(std::size_t used) {
        if (size_ < kMost) resize(size_ * 2, used);
    }

    /// As in the beginning, without content.
    void shrink() {
        if (size_ > kLeast) resize(kLeast, 0);
    }

private:
    void resize(std::size_t size, std::size_t used) {
        auto bytes = std::make_unique_for_overwrite<char[]>(size);
        std::copy_n(data(), used, bytes.get());
        bytes_ = std::move(bytes);
        size_ = size;
    }

    std::unique_ptr<char[]> bytes_;
    std::size_t size_ = kLeast;
};

}  // namespace tenon::transport
