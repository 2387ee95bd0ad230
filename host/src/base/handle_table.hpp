#pragma once

#include <array>
#include <atomic>
#include <bit>
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
        for (auto& chunk : chunks_) delete[] chunk.load(std::memory_order_relaxed);
    }

    /// Takes a free slot and runs `init(T&, Handle)`. Throws std::bad_alloc and what `init` throws;
    /// then there is no handle.
    template <class Init>
    Handle insert(Init&& init) {
        const std::uint32_t index = take_free();
        Slot& slot = *find(index);
        try {
            // Without the slot's mutex: nobody else looks at the object before it is live.
            const Handle handle = Handle{slot.generation} << 32 | index;
            std::forward<Init>(init)(slot.object, handle);
            slot.live_as.store(slot.generation, std::memory_order_release);
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
        if (!slot->is_live(handle)) return false;
        std::forward<Use>(use)(slot->object);
        return true;
    }

    /// Ends the handle after running `use(T&)`. Returns whether it was live.
    template <class Use>
    bool erase(Handle handle, Use&& use) {
        return erase_if(handle, [&](T& object) {
            std::forward<Use>(use)(object);
            return true;
        });
    }

    /// Runs `use(T&)` if the handle is live, and ends the handle if that returns true. Returns
    /// whether it did.
    template <class Use>
    bool erase_if(Handle handle, Use&& use) {
        const auto index = static_cast<std::uint32_t>(handle);
        Slot* slot = find(index);
        if (slot == nullptr) return false;
        {
            const std::lock_guard lock(slot->mutex);
            if (!slot->is_live(handle) || !std::forward<Use>(use)(slot->object)) return false;
            slot->live_as.store(0, std::memory_order_relaxed);
            if (++slot->generation == 0) slot->generation = 1;
        }
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
        Generation generation = 1;            ///< of the handle now, or else of the next one
        std::atomic<Generation> live_as = 0;  ///< its generation; 0 = there is no handle
        T object{};

        [[nodiscard]] bool is_live(Handle handle) const noexcept {
            const Handle live = live_as.load(std::memory_order_acquire);
            return live != 0 && live == handle >> 32;
        }
    };

    // Each chunk is twice as large as the one before: a table that is little used is small.
    static constexpr std::uint32_t kFirstChunk = 16;
    static constexpr std::uint32_t kChunks = 14;
    static constexpr std::uint32_t kSlots = kFirstChunk * ((1U << kChunks) - 1);

    /// Slots in the chunks before that.
    static constexpr std::uint32_t slots_before(std::uint32_t chunk) noexcept {
        return kFirstChunk * ((1U << chunk) - 1);
    }

    Slot* find(std::uint32_t index) noexcept {
        if (index >= kSlots) return nullptr;
        const auto at = static_cast<std::uint32_t>(std::bit_width(index / kFirstChunk + 1)) - 1;
        Slot* chunk = chunks_[at].load(std::memory_order_acquire);
        return chunk == nullptr ? nullptr : &chunk[index - slots_before(at)];
    }

    std::uint32_t take_free() {
        const std::lock_guard lock(free_mutex_);
        if (free_.empty()) grow();
        const std::uint32_t index = free_.back();
        free_.pop_back();
        live_.store(live_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
        return index;
    }

    void give_free(std::uint32_t index) noexcept {
        const std::lock_guard lock(free_mutex_);
        free_.push_back(index);  // grow() has reserved for all
        live_.store(live_.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
    }

    void grow() {
        if (used_chunks_ == kChunks) throw std::bad_alloc();
        const std::uint32_t begin = slots_before(used_chunks_);
        const std::uint32_t end = slots_before(used_chunks_ + 1);
        free_.reserve(end);
        chunks_[used_chunks_].store(new Slot[end - begin], std::memory_order_release);
        ++used_chunks_;
        for (std::uint32_t i = end; i-- > begin;) free_.push_back(i);
    }

    std::array<std::atomic<Slot*>, kChunks> chunks_{};
    std::atomic<std::size_t> live_{0};  // written under free_mutex_
    std::mutex free_mutex_;
    std::vector<std::uint32_t> free_;
    std::uint32_t used_chunks_ = 0;
};

}  // namespace tenon::base
