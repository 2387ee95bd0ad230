#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <utility>

namespace tenon::transport {

/// Where a connection reads to. Thousands of connections carry a few hundred bytes now and then,
/// and a few carry much: each begins with little, and has more for as long as reads fill it. Where
/// there is no memory for another size it stays as it is, which still serves.
///
/// \par Thread-safety
/// None.
class ReadBuffer {
public:
    static constexpr std::size_t kLeast = std::size_t{1} << 10;
    static constexpr std::size_t kMost = std::size_t{16} << 10;

    ReadBuffer() : bytes_(std::make_unique_for_overwrite<char[]>(kLeast)) {}

    [[nodiscard]] char* data() noexcept { return bytes_.get(); }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] std::span<char> from(std::size_t position) noexcept {
        return {data() + position, size_ - position};
    }

    /// Twice as large, and with room for `more` bytes, but kMost at most. The first `used` bytes
    /// keep their content, not their place.
    void grow(std::size_t used, std::size_t more = 0) noexcept {
        const std::size_t room = std::bit_ceil(used + std::min(more, kMost));
        if (size_ < kMost) resize(std::min(std::max(room, size_ * 2), kMost), used);
    }

    /// As in the beginning, without content.
    void shrink() noexcept {
        if (size_ > kLeast) resize(kLeast, 0);
    }

    /// A read to the beginning has brought `bytes`, which are needed no more: grows if they filled
    /// it, shrinks by half after many reads that needed little of it.
    void adapt(std::size_t bytes) noexcept {
        if (bytes == size_) {
            small_reads_ = 0;
            grow(0);
        } else if (bytes > size_ / 4 || size_ == kLeast) {
            small_reads_ = 0;
        } else if (++small_reads_ == kManyReads) {
            small_reads_ = 0;
            resize(size_ / 2, 0);
        }
    }

private:
    static constexpr unsigned kManyReads = 16;

    void resize(std::size_t size, std::size_t used) noexcept {
        std::unique_ptr<char[]> bytes(new (std::nothrow) char[size]);
        if (!bytes) return;
        std::copy_n(data(), used, bytes.get());
        bytes_ = std::move(bytes);
        size_ = size;
    }

    std::unique_ptr<char[]> bytes_;
    std::size_t size_ = kLeast;
    unsigned small_reads_ = 0;  ///< in a row
};

}  // namespace tenon::transport
