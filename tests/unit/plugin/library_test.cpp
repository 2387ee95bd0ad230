#include "plugin/library.hpp"

#include <boost/test/unit_test.hpp>

#include "load_support.hpp"

namespace tenon::plugin {
namespace {

namespace fs = std::filesystem;
using test::check_sentence;
using test::TemporaryDirectory;

LoadError refused(const fs::path& path) {
    auto opened = Library::open(path, std::chrono::seconds(20));
    BOOST_REQUIRE(std::holds_alternative<LoadError>(opened));
    return std::get<LoadError>(std::move(opened));
}

void check_sin(const std::string& sin, LoadStage stage,
               std::initializer_list<std::string_view> parts) {
    const LoadError error = refused(test::bad_library(sin));
    BOOST_TEST((error.stage == stage));
    check_sentence(error, test::bad_library(sin), parts);
}

BOOST_AUTO_TEST_SUITE(library)

BOOST_AUTO_TEST_CASE(a_good_library_is_opened_once_however_often_it_is_asked_for) {
    const auto first = Library::open(test::good_library());
    const auto second = Library::open(test::good_library());
    BOOST_REQUIRE(std::holds_alternative<std::shared_ptr<const Library>>(first));
    BOOST_REQUIRE(std::holds_alternative<std::shared_ptr<const Library>>(second));
    const auto& library = std::get<0>(first);
    BOOST_TEST(library == std::get<0>(second));
    BOOST_TEST(library->plugin() != nullptr);
    BOOST_TEST(library->path() == fs::canonical(test::good_library()).string());
}

BOOST_AUTO_TEST_CASE(a_relative_path_is_refused) {
    const LoadError error = refused("probe.so");
    BOOST_TEST((error.stage == LoadStage::file));
    check_sentence(error, "probe.so", {"is not an absolute path"});
}

BOOST_AUTO_TEST_CASE(a_missing_file_is_refused) {
    const TemporaryDirectory dir;
    check_sentence(refused(dir / "gone.so"), dir / "gone.so", {"does not exist"});
}

BOOST_AUTO_TEST_CASE(a_link_within_its_directory_is_followed) {
    const TemporaryDirectory dir;
    test::write_file(dir / "real.so.1", test::read_file(test::good_library()));
    fs::create_symlink("real.so.1", dir / "link.so");
    const auto opened = Library::open(dir / "link.so");
    BOOST_REQUIRE(std::holds_alternative<std::shared_ptr<const Library>>(opened));
    BOOST_TEST(std::get<0>(opened)->path() == (dir / "real.so.1").string());
}

BOOST_AUTO_TEST_CASE(a_link_out_of_its_directory_is_refused) {
    const TemporaryDirectory dir;
    fs::create_symlink(test::good_library(), dir / "link.so");
    const LoadError error = refused(dir / "link.so");
    BOOST_TEST((error.stage == LoadStage::permissions));
    check_sentence(error, dir / "link.so",
                   {"is a symbolic link that leaves its directory", "copy the file"});
}

BOOST_AUTO_TEST_CASE(a_link_to_nothing_is_said_to_be_one) {
    const TemporaryDirectory dir;
    fs::create_symlink("nothing.so.1", dir / "link.so");
    check_sentence(refused(dir / "link.so"), dir / "link.so",
                   {"is a symbolic link to a file that does not exist", "install"});
}

BOOST_AUTO_TEST_CASE(a_link_to_itself_is_refused) {
    const TemporaryDirectory dir;
    fs::create_symlink("link.so", dir / "link.so");
    check_sentence(refused(dir / "link.so"), dir / "link.so", {"cannot be opened"});
}

BOOST_AUTO_TEST_CASE(a_library_without_the_entry_symbol_is_no_plugin) {
    check_sin("no_entry", LoadStage::symbol,
              {"exports no tenon_plugin_entry_v1", "is no Tenon plugin", "remove it"});
}

BOOST_AUTO_TEST_CASE(a_library_for_another_major_of_the_abi_is_said_to_be_one) {
    check_sin("wrong_major", LoadStage::symbol,
              {"is built for version 2 of the plugin ABI", "this host speaks version 1",
               "get a plugin that was built for version 1"});
}

BOOST_AUTO_TEST_CASE(a_missing_dependency_is_named) {
    check_sin("missing_dependency", LoadStage::link,
              {"needs the library libtenon_test_gone.so", "install that library"});
}

BOOST_AUTO_TEST_CASE(an_undefined_symbol_is_named) {
    check_sin("undefined_symbol", LoadStage::link,
              {"uses the symbol 'tenon_test_nobody_defines_this', which no library provides",
               "-Wl,-z,defs"});
}

BOOST_AUTO_TEST_CASE(an_entry_function_that_throws_is_refused_with_its_words) {
    check_sin("throw_in_entry", LoadStage::entry,
              {"throws an exception (no licence key)", "report it"});
}

BOOST_AUTO_TEST_CASE(a_text_is_refused) {
    check_sin("not_a_library", LoadStage::format, {"is not a shared library"});
}

BOOST_AUTO_TEST_CASE(an_entry_function_that_hangs_is_left_behind) {
    const auto opened =
        Library::open(test::bad_library("hang/hang_in_entry"), std::chrono::milliseconds(1));
    BOOST_REQUIRE(std::holds_alternative<LoadError>(opened));
    check_sentence(std::get<LoadError>(opened), test::bad_library("hang/hang_in_entry"),
                   {"has an entry function that does not return", "report it"});
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::plugin
