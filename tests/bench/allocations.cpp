#include "allocations.hpp"

#include <cerrno>
#include <cstddef>

namespace {

// In the program itself, thus without a function call to find it; malloc must not need malloc.
constinit thread_local std::uint64_t made = 0;

}  // namespace

std::uint64_t tenon::bench::allocations() noexcept {
    return made;
}

#ifndef TENON_BENCH_NO_ALLOCATION_COUNT

// The program's functions take the place of the C library's for all libraries in the process;
// operator new calls them. The C library's own stay reachable under these names.
extern "C" {

void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* old, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);

#define REPLACES_LIBC __attribute__((visibility("default")))

REPLACES_LIBC void* malloc(std::size_t size) noexcept {
    ++made;
    return __libc_malloc(size);
}

REPLACES_LIBC void* calloc(std::size_t count, std::size_t size) noexcept {
    ++made;
    return __libc_calloc(count, size);
}

REPLACES_LIBC void* realloc(void* old, std::size_t size) noexcept {
    ++made;
    return __libc_realloc(old, size);
}

REPLACES_LIBC void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
    ++made;
    return __libc_memalign(alignment, size);
}

REPLACES_LIBC int posix_memalign(void** out, std::size_t alignment, std::size_t size) noexcept {
    ++made;
    void* block = __libc_memalign(alignment, size);
    if (block == nullptr) return ENOMEM;
    *out = block;
    return 0;
}
}

#endif
