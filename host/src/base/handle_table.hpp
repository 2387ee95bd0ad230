#pragma once

#include <array>
#include <atomic>
#include <concepts>
#include <cstdint>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <utility>
#include <vector>

namespace tenon::base {

/// Objects that the other side of the ABI knows only by number: generation in the upper 32 bits,
/// slot in the lower. A number whose object is gone finds nothing, however late it is used; 0 is
/// never a handle.
///
/// T is default-constructible and reused: insert() hands out a slot's old object, so that its
/// buffers keep their capacity.
///
/// A slot's generations repeat after all values of Generation but 0, so a number is mistaken for a
/// later one only if it is kept while its slot is used that often.
///
/// \par Thread-safety
/// Any thread. with() and erase() run their function under the slot's own mutex, so it must neither
/// block nor call code of a plugin or a user.
template <class T, std::unsigned_integral Generation = std::uint32_t>
requires(sizeof(Generation) <= 4) class HandleTable {
public:
    using Handle = std::uint64_t;

    HandleTable() = default;
    HandleTable(const HandleTable&) = delete;
    HandleTable& operator=(const HandleTable&) = delete;
    ~HandleTable() {
        for (auto& chunk : chunks_) delete chunk.load(std::memory_order_relaxed);
    }

    /// Takes a free slot and runs `init(T&, Handle)` under its mutex. Throws std::bad_alloc and
    /// what `init` throws; then there is no handle.
    template <class Init>
    Handle insert(Init&& init) {
        const std::uint32_t index = take_free();
        Slot& slot = *find(index);
        try {
            const std::lock_guard lock(slot.mutex);
            const Handle handle = Handle{slot.generation} << 32 | index;
            std::forward<Init>(init)(slot.object, handle);
            slot.live = true;
            live_.fetch_add(1, std::memory_order_relaxed);
            return handle;
        } catch (...) {
            give_free(index);
            throw;
        }
    }

    /// Runs `use(T&)` if the handle is live. Returns whether it was.
    template <class Use>
    bool with(Handle handle, Use&& use) {
        Slot* slot = find(static_cast<std::uint32_t>(handle));
        if (slot == nullptr) return false;
        const std::lock_guard lock(slot->mutex);
        if (!slot->live || slot->generation != handle >> 32) return false;
        std::forward<Use>(use)(slot->object);
        return true;
    }

    /// Ends the handle after running `use(T&)`. Returns whether it was live.
    template <class Use>
    bool erase(Handle handle, Use&& use) {
        const auto index = static_cast<std::uint32_t>(handle);
        Slot* slot = find(index);
        if (slot == nullptr) return false;
        {
            const std::lock_guard lock(slot->mutex);
            if (!slot->live || slot->generation != handle >> 32) return false;
            std::forward<Use>(use)(slot->object);
            slot->live = false;
            if (++slot->generation == 0) slot->generation = 1;
        }
        live_.fetch_sub(1, std::memory_order_relaxed);
        give_free(index);
        return true;
    }

    /// Live handles; exact only while nobody inserts or erases.
    [[nodiscard]] std::size_t size() const noexcept {
        return live_.load(std::memory_order_relaxed);
    }

private:
    struct Slot {
        std::mutex mutex;
        Generation generation = 1;
        bool live = false;
        T object{};
    };

    static constexpr std::uint32_t kChunk = 64;
    static constexpr std::uint32_t kChunks = 4096;
    using Chunk = std::array<Slot, kChunk>;

    Slot* find(std::uint32_t index) noexcept {
        if (index >= kChunk * kChunks) return nullptr;
        Chunk* chunk = chunks_[index / kChunk].load(std::memory_order_acquire);
        return chunk == nullptr ? nullptr : &(*chunk)[index % kChunk];
    }

    std::uint32_t take_free() {
        const std::lock_guard lock(free_mutex_);
        if (free_.empty()) grow();
        const std::uint32_t index = free_.back();
        free_.pop_back();
        return index;
    }

    void give_free(std::uint32_t index) noexcept {
        const std::lock_guard lock(free_mutex_);
        free_.push_back(index);  // grow() has reserved for all
    }

    void grow() {
        if (used_chunks_ == kChunks) throw std::bad_alloc();
        free_.reserve((std::size_t{used_chunks_} + 1) * kChunk);
        chunks_[used_chunks_].store(new Chunk(), std::memory_order_release);
        for (std::uint32_t i = kChunk; i-- > 0;) free_.push_back(used_chunks_ * kChunk + i);
        ++used_chunks_;
    }

    std::array<std::atomic<Chunk*>, kChunks> chunks_{};
    std::atomic<std::size_t> live_{0};
    std::mutex free_mutex_;
    std::vector<std::uint32_t> free_;
    std::uint32_t used_chunks_ = 0;
};

}  // namespace tenon::base
