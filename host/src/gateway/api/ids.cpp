#include "gateway/api/ids.hpp"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <random>
#include <system_error>

namespace tenon::gateway {

std::string new_id(std::size_t length) {
    thread_local std::mt19937_64 random{(std::uint64_t{std::random_device{}()} << 32) ^
                                        std::random_device{}()};
    static constexpr char kDigits[] = "0123456789abcdefghijklmnopqrstuv";  // 5 bits each
    constexpr std::size_t kDigitsInOne = 12;
    std::string id(length, '\0');
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < length; ++i, bits >>= 5) {
        if (i % kDigitsInOne == 0) bits = random();
        id[i] = kDigits[bits & 31];
    }
    return id;
}

Result<std::string> new_secret_id() {
    std::array<unsigned char, 16> bytes{};
    if (::getentropy(bytes.data(), bytes.size()) != 0) {
        return Error(Code::internal, "the system gives no random numbers: " +
                                         std::generic_category().message(errno));
    }
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string id;
    id.reserve(2 * bytes.size());
    for (const unsigned char byte : bytes) {
        id += kDigits[byte >> 4];
        id += kDigits[byte & 15];
    }
    return id;
}

}  // namespace tenon::gateway
