#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tenon::cli {

struct Key {
    enum class Kind : std::uint8_t { character, up, down, interrupt, suspend };

    Kind kind = Kind::character;
    char character = 0;  ///< printable ASCII; of Kind::character

    friend bool operator==(const Key&, const Key&) = default;
};

/// Makes keys of the bytes that a terminal in raw mode sends, however they are split. What it does
/// not know it swallows whole.
class KeyReader {
public:
    /// \return a key, if this byte completes one.
    [[nodiscard]] std::optional<Key> feed(char byte);

private:
    enum class State : std::uint8_t { plain, escape, sequence, single };
    [[nodiscard]] static std::optional<Key> final_of(char byte);

    State state_ = State::plain;
};

}  // namespace tenon::cli
