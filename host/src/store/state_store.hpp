#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>

#include "store/state.hpp"
#include "tenon/result.hpp"

namespace tenon::store {

enum class Mode {
    owner,  ///< the daemon: nobody else uses the file while it does
    guest,  ///< a command: each call works as long as there is no owner
};

/// The process that owns the state, if `error` says that one does (0: its id is not known). It is
/// the one to talk to.
[[nodiscard]] std::optional<pid_t> owner_of(const Error& error);

/// What has to survive a restart, in one SQLite file: what the operator wants of each provider, how
/// it was last, cool-downs, and pins. Providers that are not configured are kept: they may come
/// back.
///
/// A write that has returned without an error is on the disk, so neither the end of the process nor
/// that of the machine undoes it. One that returned an error has changed nothing, except that after
/// a failed disk it may have.
///
/// \par Errors
/// Each names the file, says why, and what to do. Of a guest's calls, owner_of() tells apart the
/// one that matters.
/// \par Thread-safety
/// Safe. Calls wait for each other, for the disk, and up to 2 s for another process: keep them off
/// threads that serve requests.
class StateStore {
public:
    /// Opens the file; makes it and its directories if they are missing, readable for this user
    /// alone, and brings an older one to the present schema.
    /// \return an error if it is owned (see owner_of()), of another program, of a newer Tenon, or
    /// damaged. It is then as it was.
    [[nodiscard]] static Result<std::unique_ptr<StateStore>> open(const std::filesystem::path& path,
                                                                  Mode mode);
    ~StateStore();
    StateStore(const StateStore&) = delete;
    StateStore& operator=(const StateStore&) = delete;

    [[nodiscard]] Result<Snapshot> read();

    /// \name What the operator wants
    /// A provider that is not known yet becomes so; what is not said stays as it is, at first as
    /// configured.
    /// @{
    Result<void> set_enabled(std::string_view provider, bool enabled);
    Result<void> set_wanted(std::string_view provider, core::WantedState wanted);
    /// Both at once, as they stand in a core::ConnectionReport.
    Result<void> set_intent(std::string_view provider, bool enabled, core::WantedState wanted);
    /// @}

    Result<void> set_last_state(std::string_view provider, const LastState& state);
    /// \param until nothing: it is over
    Result<void> set_cool_down(std::string_view provider, std::optional<UnixMs> until);
    /// All at once, which costs the disk no more than one.
    Result<void> note(std::span<const Sighting> sightings);

    /// Replaces an older pin of the model.
    Result<void> pin(const PinRecord& pin);
    /// \return whether there was one.
    Result<bool> unpin(std::string_view model);

    /// Forgets a provider, and the pins to it.
    /// \return whether there was anything to forget.
    Result<bool> remove(std::string_view provider);

private:
    struct Parts;
    explicit StateStore(std::unique_ptr<Parts> parts) noexcept;

    Result<void> transact(const char* begin, const std::function<Result<void>()>& work);
    Result<void> write(const std::function<Result<void>()>& change);
    Result<void> write_last_state(std::string_view provider, const LastState& state);
    Result<void> write_cool_down(std::string_view provider, std::optional<UnixMs> until);
    Result<void> read_providers(Snapshot& snapshot);
    Result<void> read_pins(Snapshot& snapshot);

    std::mutex mutex_;
    std::unique_ptr<Parts> parts_;  ///< guarded by mutex_
};

}  // namespace tenon::store
