#include "cli/keys.hpp"

namespace tenon::cli {
namespace {

constexpr char kEscape = '\x1b';
constexpr char kCtrlC = '\x03';
constexpr char kCtrlZ = '\x1a';

}  // namespace

std::optional<Key> KeyReader::final_of(char byte) {
    if (byte == 'A') return Key{Key::Kind::up};
    if (byte == 'B') return Key{Key::Kind::down};
    return std::nullopt;
}

std::optional<Key> KeyReader::feed(char byte) {
    if (byte == kEscape) {
        state_ = State::escape;
        return std::nullopt;
    }
    switch (state_) {
        case State::escape:  // "ESC [", "ESC O", or a key together with Alt
            state_ = byte == '[' ? State::sequence : byte == 'O' ? State::single : State::plain;
            return std::nullopt;
        case State::sequence:  // parameters, up to a letter or ~
            if (byte < '@' || byte > '~') return std::nullopt;
            [[fallthrough]];
        case State::single: state_ = State::plain; return final_of(byte);
        case State::plain: break;
    }
    if (byte == kCtrlC) return Key{Key::Kind::interrupt};
    if (byte == kCtrlZ) return Key{Key::Kind::suspend};
    if (byte > ' ' && byte <= '~') return Key{Key::Kind::character, byte};
    return std::nullopt;
}

}  // namespace tenon::cli
