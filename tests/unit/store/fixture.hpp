#pragma once

#include <stdlib.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "store/sqlite.hpp"
#include "store/state_store.hpp"

namespace tenon::store {

/// For BOOST_REQUIRE_MESSAGE, which wants a message of a success too.
template <class T>
std::string message_of(const Result<T>& result) {
    return result ? std::string() : result.error().message;
}

/// A directory of its own for each case.
struct Fixture {
    Fixture() {
        // In memory if possible: thousands of commits wait for the disk otherwise, and the end of a
        // process, unlike that of a machine, takes nothing from either.
        const std::filesystem::path memory = "/dev/shm";
        const auto parent =
            ::access(memory.c_str(), W_OK) == 0 ? memory : std::filesystem::temp_directory_path();
        std::string name = (parent / "tenon-store-XXXXXX").string();
        BOOST_REQUIRE(::mkdtemp(name.data()) != nullptr);
        directory = name;
        file = directory / "state.db";
    }
    ~Fixture() {
        std::error_code ignored;
        std::filesystem::remove_all(directory, ignored);
    }
    Fixture(const Fixture&) = delete;
    Fixture& operator=(const Fixture&) = delete;

    [[nodiscard]] std::unique_ptr<StateStore> open(Mode mode = Mode::owner) const {
        auto store = StateStore::open(file, mode);
        BOOST_REQUIRE_MESSAGE(store, message_of(store));
        return std::move(store).value();
    }

    /// What is in the file, after an end and a new beginning.
    [[nodiscard]] Snapshot reopened() const { return snapshot_of(*open()); }

    [[nodiscard]] static Snapshot snapshot_of(StateStore& store) {
        auto snapshot = store.read();
        BOOST_REQUIRE_MESSAGE(snapshot, message_of(snapshot));
        return std::move(snapshot).value();
    }

    /// Runs SQL on the file behind the store's back; makes it if there is none.
    void run_sql(const std::string& sql) const {
        std::ofstream(file, std::ios::app).close();
        auto database = Database::open(file);
        BOOST_REQUIRE_MESSAGE(database, message_of(database));
        const auto done = (*database)->execute(sql);
        BOOST_REQUIRE_MESSAGE(done, message_of(done));
    }

    [[nodiscard]] std::string bytes() const {
        std::ifstream in(file, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    void write_bytes(const std::string& content) const {
        std::ofstream(file, std::ios::binary | std::ios::trunc) << content;
    }

    std::filesystem::path directory;
    std::filesystem::path file;
};

inline bool says(const Error& error, std::string_view words) {
    return error.message.find(words) != std::string::npos;
}

}  // namespace tenon::store
