#pragma once

#include "managed_fixture.hpp"

#include "store/state_store.hpp"
#include "support/temporary_directory.hpp"

namespace tenon::test {

/// A directory for a configuration and a state file, and hosts that use them one after the other.
struct StateFixture {
    [[nodiscard]] std::filesystem::path state_file() const { return directory / "state.db"; }
    [[nodiscard]] std::filesystem::path config_file() const { return directory / "config.json"; }

    void configure(const std::string& json) const {
        std::ofstream(config_file(), std::ios::trunc) << json;
    }
    [[nodiscard]] host::HostOptions options() const {
        host::HostOptions out = quiet();
        out.config_file = config_file();
        out.state_file = state_file();
        return out;
    }
    [[nodiscard]] std::unique_ptr<host::Host> start() const { return open_host(options()); }

    /// What would be there if this process were killed now.
    [[nodiscard]] store::Snapshot on_disk() const {
        const auto copy = directory / "copy";
        std::filesystem::create_directory(copy);
        for (const char* name : {"state.db", "state.db-wal"}) {
            if (!std::filesystem::exists(directory / name)) continue;
            std::filesystem::copy_file(directory / name, copy / name);
        }
        auto snapshot = read(copy / "state.db");
        std::filesystem::remove_all(copy);
        return snapshot;
    }
    [[nodiscard]] static store::Snapshot read(const std::filesystem::path& file) {
        const auto store = store::StateStore::open(file, store::Mode::guest);
        BOOST_REQUIRE_MESSAGE(store, why(store));
        auto snapshot = (*store)->read();
        BOOST_REQUIRE_MESSAGE(snapshot, why(snapshot));
        return *std::move(snapshot);
    }
    [[nodiscard]] store::ProviderRecord record(const std::string& name) const {
        return record_in(on_disk(), name);
    }
    [[nodiscard]] static store::ProviderRecord record_in(const store::Snapshot& snapshot,
                                                         const std::string& name) {
        for (const auto& record : snapshot.providers) {
            if (record.provider == name) return record;
        }
        return {.provider = name};
    }

    /// Changes the file while no host runs.
    template <class Change>
    void edit(Change change) const {
        const auto store = store::StateStore::open(state_file(), store::Mode::guest);
        BOOST_REQUIRE_MESSAGE(store, why(store));
        const auto done = change(**store);
        BOOST_REQUIRE_MESSAGE(done, why(done));
    }

    /// No write can succeed from now on.
    void break_disk() const { std::filesystem::remove(state_file()); }

    TemporaryDirectory own;
    const std::filesystem::path directory = own.path();
};

}  // namespace tenon::test
