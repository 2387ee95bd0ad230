#include "config/load.hpp"

#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "unit/config/given.hpp"

namespace tenon::config {
namespace {

namespace fs = std::filesystem;

/// A directory that goes with the test.
class Directory {
public:
    Directory() {
        std::string name = (fs::temp_directory_path() / "tenon-config-XXXXXX").string();
        BOOST_REQUIRE(mkdtemp(name.data()) != nullptr);
        path_ = name;
    }
    ~Directory() {
        std::error_code ignored;
        fs::permissions(path_, fs::perms::owner_all, ignored);
        fs::remove_all(path_, ignored);
    }
    Directory(const Directory&) = delete;
    Directory& operator=(const Directory&) = delete;

    [[nodiscard]] const fs::path& path() const { return path_; }

    [[nodiscard]] fs::path write(const fs::path& name, std::string_view text) const {
        const fs::path file = path_ / name;
        fs::create_directories(file.parent_path());
        std::ofstream(file, std::ios::binary) << text;
        return file;
    }

private:
    fs::path path_;
};

/// Root may read everything; for as long as this lives the process is nobody in particular.
class WithoutPrivileges {
public:
    WithoutPrivileges() : user_(geteuid()) {
        if (user_ == 0) BOOST_REQUIRE(seteuid(65534) == 0);
    }
    ~WithoutPrivileges() {
        if (user_ == 0 && seteuid(0) != 0) std::abort();
    }
    WithoutPrivileges(const WithoutPrivileges&) = delete;
    WithoutPrivileges& operator=(const WithoutPrivileges&) = delete;

private:
    uid_t user_;
};

std::string refusal_of(const fs::path& file) {
    const LoadResult result = load(file, environment_of({}));
    BOOST_TEST(!result.config);
    BOOST_TEST(result.file == file);
    BOOST_REQUIRE(result.problems.size() == 1U);
    BOOST_TEST(result.problems.front().file == file.string());
    return result.problems.front().message;
}

BOOST_AUTO_TEST_SUITE(config_load)

BOOST_AUTO_TEST_CASE(without_any_file_the_defaults_apply) {
    const Directory empty;
    const Variables home = {{"HOME", empty.path().string()}};
    const LoadResult result = load({}, environment_of(home));
    BOOST_TEST(result.config.has_value());
    BOOST_TEST(result.problems.empty());
    BOOST_TEST(result.file.empty());
}

BOOST_AUTO_TEST_CASE(a_file_is_read_and_named_in_the_result) {
    const Directory directory;
    const fs::path file = directory.write("any.json", R"({"runtime": {"io_threads": 7}})");
    const LoadResult result = load(file, environment_of({}));
    BOOST_REQUIRE(result.config);
    BOOST_TEST(result.config->runtime.io_threads == 7);
    BOOST_TEST(result.file == file);
}

BOOST_AUTO_TEST_CASE(a_missing_file_that_was_named_is_an_error) {
    const Directory directory;
    BOOST_TEST(refusal_of(directory.path() / "none.json") == "there is no such file");
}

BOOST_AUTO_TEST_CASE(a_missing_file_that_the_environment_names_is_an_error) {
    const Directory directory;
    const fs::path file = directory.path() / "none.json";
    const LoadResult result = load({}, environment_of({{"TENON_CONFIG", file.string()}}));
    BOOST_TEST(!result.config);
    BOOST_TEST(format(result.problems) == file.string() + ": there is no such file\n");
}

BOOST_AUTO_TEST_CASE(a_directory_instead_of_a_file_is_an_error) {
    const Directory directory;
    BOOST_TEST(refusal_of(directory.path()) == "is a directory, not a file");
}

BOOST_AUTO_TEST_CASE(a_file_that_may_not_be_read_says_why) {
    const Directory directory;
    const fs::path file = directory.write("config.json", "{}");
    fs::permissions(file, fs::perms::none);
    fs::permissions(directory.path(), fs::perms::owner_all | fs::perms::others_exec);
    const WithoutPrivileges nobody;
    BOOST_TEST(refusal_of(file) == "cannot be opened: Permission denied");
}

BOOST_AUTO_TEST_CASE(a_directory_that_may_not_be_searched_says_why) {
    const Directory directory;
    const fs::path file = directory.write("config.json", "{}");
    fs::permissions(directory.path(), fs::perms::none);
    const WithoutPrivileges nobody;
    BOOST_TEST(refusal_of(file) == "cannot be opened: Permission denied");
}

BOOST_AUTO_TEST_CASE(the_longest_file_is_read_and_one_byte_more_is_not) {
    const Directory directory;
    std::string text = "{}" + std::string(kLongestFile - 2, ' ');
    BOOST_TEST(load(directory.write("a.json", text), environment_of({})).config.has_value());
    text += ' ';
    BOOST_TEST(refusal_of(directory.write("b.json", text)) == "is larger than 4 MiB");
}

BOOST_AUTO_TEST_CASE(a_file_with_a_problem_gives_no_configuration_at_all) {
    const Directory directory;
    const fs::path file =
        directory.write("a.json", R"({"runtime": {"io_threads": 7}, "nonsense": 1})");
    BOOST_TEST(!load(file, environment_of({})).config);
}

BOOST_AUTO_TEST_CASE(the_file_that_is_given_goes_before_that_of_the_environment) {
    const auto environment = environment_of({{"TENON_CONFIG", "/e.json"}, {"HOME", "/home/u"}});
    BOOST_TEST(find_file("/g.json", environment).value_or("none") == fs::path("/g.json"));
    BOOST_TEST(find_file({}, environment).value_or("none") == fs::path("/e.json"));
}

BOOST_AUTO_TEST_CASE(an_empty_variable_names_no_file) {
    const Directory home;
    const auto environment = environment_of({{"TENON_CONFIG", ""}, {"HOME", home.path().string()}});
    BOOST_TEST(!find_file({}, environment).has_value());
}

BOOST_AUTO_TEST_CASE(the_user_s_file_is_found_where_xdg_says_and_else_in_the_home_directory) {
    const Directory directory;
    const fs::path in_home = directory.write(".config/tenon/config.json", "{}");
    const fs::path in_xdg = directory.write("xdg/tenon/config.json", "{}");
    const std::string home = directory.path().string();
    const auto find = [&](Variables variables) {
        variables.emplace("HOME", home);
        return find_file({}, environment_of(std::move(variables))).value_or("none");
    };
    BOOST_TEST(find({}) == in_home);
    BOOST_TEST(find({{"XDG_CONFIG_HOME", home + "/xdg"}}) == in_xdg);
    BOOST_TEST(find({{"XDG_CONFIG_HOME", "relative"}}) == in_home);
}

BOOST_AUTO_TEST_CASE(without_a_home_there_is_no_user_s_file) {
    BOOST_TEST(!find_file({}, environment_of({})).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::config
