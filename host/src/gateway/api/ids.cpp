#include "gateway/api/ids.hpp"

#include <random>

namespace tenon::gateway {

std::string new_id(std::size_t length) {
    thread_local std::mt19937_64 random{(std::uint64_t{std::random_device{}()} << 32) ^
                                        std::random_device{}()};
    static constexpr char kDigits[] = "0123456789abcdefghijklmnopqrstuv";  // 5 bits each
    constexpr int kDigitsInOne = 12;
    std::string id;
    id.reserve(length);
    while (id.size() < length) {
        std::uint64_t bits = random();
        for (int i = 0; i < kDigitsInOne && id.size() < length; ++i, bits >>= 5) {
            id += kDigits[bits & 31];
        }
    }
    return id;
}

}  // namespace tenon::gateway
