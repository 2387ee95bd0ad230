#include "store/state_path.hpp"

#include <sys/stat.h>

#include <map>

#include "fixture.hpp"

namespace tenon::store {
namespace {

Environment environment(std::map<std::string, std::string, std::less<>> variables) {
    return [variables = std::move(variables)](std::string_view name) -> std::optional<std::string> {
        const auto at = variables.find(name);
        if (at == variables.end()) return std::nullopt;
        return at->second;
    };
}

unsigned mode_of(const std::filesystem::path& path) {
    struct stat info {};
    BOOST_REQUIRE_EQUAL(::stat(path.c_str(), &info), 0);
    return info.st_mode & 0777u;
}

BOOST_AUTO_TEST_SUITE(default_path)

BOOST_AUTO_TEST_CASE(the_variable_of_tenon_comes_first) {
    const auto path = default_state_path(
        environment({{"TENON_STATE", "/a/b.db"}, {"XDG_STATE_HOME", "/x"}, {"HOME", "/h"}}));
    BOOST_TEST(path.value().string() == "/a/b.db");
}

BOOST_AUTO_TEST_CASE(the_state_directory_of_the_desktop_comes_second) {
    const auto path = default_state_path(environment({{"XDG_STATE_HOME", "/x"}, {"HOME", "/h"}}));
    BOOST_TEST(path.value().string() == "/x/tenon/state.db");
}

BOOST_AUTO_TEST_CASE(without_either_it_is_below_the_home_directory) {
    const auto path = default_state_path(environment({{"HOME", "/h"}}));
    BOOST_TEST(path.value().string() == "/h/.local/state/tenon/state.db");
}

BOOST_AUTO_TEST_CASE(empty_variables_count_as_not_set) {
    const auto path = default_state_path(
        environment({{"TENON_STATE", ""}, {"XDG_STATE_HOME", ""}, {"HOME", "/h"}}));
    BOOST_TEST(path.value().string() == "/h/.local/state/tenon/state.db");
}

BOOST_AUTO_TEST_CASE(a_relative_state_directory_is_ignored) {
    const auto path = default_state_path(environment({{"XDG_STATE_HOME", "x"}, {"HOME", "/h"}}));
    BOOST_TEST(path.value().string() == "/h/.local/state/tenon/state.db");
}

BOOST_AUTO_TEST_CASE(without_a_home_the_error_says_what_to_set) {
    const auto path = default_state_path(environment({{"HOME", ""}}));
    BOOST_REQUIRE(!path);
    BOOST_TEST((path.error().code == Code::invalid));
    BOOST_TEST(says(path.error(), "TENON_STATE"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(control_socket)

BOOST_AUTO_TEST_CASE(what_is_configured_comes_before_the_environment) {
    const auto variables =
        environment({{"TENON_SOCKET", "/e.sock"}, {"XDG_RUNTIME_DIR", "/run/user/1"}});
    BOOST_TEST(control_socket_path("/c.sock", "", variables).value().string() == "/c.sock");
    BOOST_TEST(control_socket_path("", "/s/x.db", variables).value().string() == "/e.sock");
}

BOOST_AUTO_TEST_CASE(the_runtime_directory_comes_before_that_of_the_state) {
    const auto path =
        control_socket_path("", "/s/x.db", environment({{"XDG_RUNTIME_DIR", "/run/user/1"}}));
    BOOST_TEST(path.value().string() == "/run/user/1/tenon/control.sock");
}

BOOST_AUTO_TEST_CASE(without_a_runtime_directory_it_is_beside_the_state) {
    const auto variables = environment({{"XDG_RUNTIME_DIR", "relative"}, {"HOME", "/h"}});
    BOOST_TEST(control_socket_path("", "/s/x.db", variables).value().string() ==
               "/s/control.sock");
    BOOST_TEST(control_socket_path("", "", variables).value().string() ==
               "/h/.local/state/tenon/control.sock");
}

BOOST_AUTO_TEST_CASE(a_name_too_long_for_a_socket_is_refused_with_advice) {
    const auto path = control_socket_path("/" + std::string(107, 'x'), "", environment({}));
    BOOST_REQUIRE(!path);
    BOOST_TEST(says(path.error(), "TENON_SOCKET"));
    BOOST_TEST(control_socket_path("/" + std::string(106, 'x'), "", environment({})).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(making_the_file, Fixture)

BOOST_AUTO_TEST_CASE(directories_and_files_are_for_this_user_alone) {
    const mode_t before = ::umask(0);
    file = directory / "a" / "b" / "state.db";
    {
        const auto store = open();
        BOOST_TEST(store->set_enabled("mock", true).has_value());
        ::umask(before);
        BOOST_TEST(mode_of(directory / "a") == 0700u);
        BOOST_TEST(mode_of(directory / "a" / "b") == 0700u);
        for (const char* ending : {"", "-wal", "-shm", ".lock"}) {
            BOOST_TEST_CONTEXT(ending) {
                BOOST_TEST(mode_of(file.string() + ending) == 0600u);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(directories_that_are_there_keep_their_mode) {
    BOOST_REQUIRE_EQUAL(::chmod(directory.c_str(), 0755), 0);
    (void)open();
    BOOST_TEST(mode_of(directory) == 0755u);
}

BOOST_AUTO_TEST_CASE(a_relative_path_is_one_below_the_current_directory) {
    const auto before = std::filesystem::current_path();
    std::filesystem::current_path(directory);
    const auto store = StateStore::open(":memory:", Mode::owner);  // special to SQLite alone
    std::filesystem::current_path(before);
    BOOST_REQUIRE_MESSAGE(store, message_of(store));
    BOOST_TEST((*store)->set_enabled("mock", true).has_value());
    BOOST_TEST(std::filesystem::file_size(directory / ":memory:") > 0u);
}

BOOST_AUTO_TEST_CASE(a_file_in_the_place_of_a_directory_is_named_as_the_cause) {
    write_bytes("");
    for (const auto& below : {file / "state.db", file / "a" / "state.db"}) {
        const auto store = StateStore::open(below, Mode::owner);
        BOOST_REQUIRE(!store);
        BOOST_TEST(says(store.error(), "Not a directory"));
        BOOST_TEST(says(store.error(), file.string()));
    }
}

BOOST_AUTO_TEST_CASE(a_directory_in_the_place_of_the_file_is_refused) {
    const auto store = StateStore::open(directory, Mode::owner);
    std::filesystem::remove(directory.string() + ".lock");
    BOOST_REQUIRE(!store);
    BOOST_TEST(says(store.error(), "cannot use the state in " + directory.string()));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::store
