#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace tenon::config {

/// Overwrites `text` in a way the compiler keeps, and empties it. Earlier, smaller buffers that the
/// string has outgrown are beyond reach: reserve before writing a secret.
void wipe(std::string& text) noexcept;

/// Text that must not leave the process. It cannot be printed; who needs it says reveal(). Its
/// memory is overwritten when it goes.
///
/// \par Thread-safety
/// Distinct objects: safe. Shared objects: safe for concurrent reading.
class Secret {
public:
    Secret() noexcept = default;
    explicit Secret(std::string_view text);
    /// Takes the text over and wipes `text`.
    explicit Secret(std::string&& text);
    Secret(const Secret& other) : Secret(other.reveal()) {}
    Secret(Secret&& other) noexcept;
    Secret& operator=(const Secret& other);
    Secret& operator=(Secret&& other) noexcept;
    ~Secret();

    /// The text. Borrows; never to be logged, copied into messages or kept.
    [[nodiscard]] std::string_view reveal() const noexcept { return {bytes_.get(), size_}; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

    friend bool operator==(const Secret& a, const Secret& b) noexcept {
        return a.reveal() == b.reveal();
    }

    template <class Stream>
    friend Stream& operator<<(Stream&, const Secret&) = delete;

private:
    // Not a string: its short form lives in the object, and moving it would leave a copy behind.
    std::unique_ptr<char[]> bytes_;
    std::size_t size_ = 0;
};

}  // namespace tenon::config
