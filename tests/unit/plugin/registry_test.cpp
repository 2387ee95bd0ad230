#include "plugin/registry.hpp"

#include <boost/test/unit_test.hpp>

#include <map>

#include "load_support.hpp"

namespace tenon::plugin {
namespace {

namespace fs = std::filesystem;
using test::check_sentence;
using test::TemporaryDirectory;

/// The errors of loading all bad plugins, by the name of the file.
const std::map<std::string, LoadError>& bad_errors() {
    static const auto errors = [] {
        std::map<std::string, LoadError> out;
        Registry registry;
        BOOST_REQUIRE(registry.load_directory(TENON_TEST_BAD_PLUGINS));
        for (const LoadError& error : registry.errors()) {
            BOOST_TEST(out.emplace(fs::path(error.path).stem(), error).second);
        }
        return out;
    }();
    return errors;
}

void check_sin(const std::string& sin, LoadStage stage,
               std::initializer_list<std::string_view> parts) {
    const auto found = bad_errors().find(sin);
    BOOST_REQUIRE_MESSAGE(found != bad_errors().end(), "no error about " << sin);
    BOOST_TEST((found->second.stage == stage));
    check_sentence(found->second, fs::canonical(test::bad_library(sin)), parts);
}

BOOST_AUTO_TEST_SUITE(registry)

BOOST_AUTO_TEST_CASE(one_bad_library_does_not_stop_the_next_one) {
    const TemporaryDirectory dir;
    test::write_file(dir / "a.so", "a text");
    test::write_file(dir / "b.so", test::read_file(test::good_library()));
    test::write_file(dir / "c.so", "another text");
    Registry registry;
    BOOST_REQUIRE(registry.load_directory(dir.path()));
    BOOST_TEST(registry.errors().size() == 2U);
    BOOST_TEST((registry.find("probe") != nullptr));
    BOOST_TEST(registry.find("probe")->library_path == (dir / "b.so").string());
}

BOOST_AUTO_TEST_CASE(every_library_that_cannot_be_loaded_says_why) {
    check_sin("bad_kind_id", LoadStage::descriptor,
              {"its kind number 1 has the id 'Bad Kind ?[31m?'", "use a-z"});
    check_sin("bad_utf8", LoadStage::descriptor,
              {"its kind 'bad_utf8' has a description that is not UTF-8"});
    check_sin("duplicate_kinds", LoadStage::descriptor, {"the kind 'duplicate_kinds' twice"});
    check_sin("huge_struct_size", LoadStage::descriptor, {"struct_size 4294967295"});
    check_sin("invalid_schema", LoadStage::descriptor, {"schema that is not JSON", "line 1"});
    check_sin("missing_dependency", LoadStage::link, {"needs the library libtenon_test_gone.so"});
    check_sin("needs_newer_host", LoadStage::version,
              {"its kind 'needs_newer_host' needs a host with ABI 1.9", "update Tenon"});
    check_sin("no_entry", LoadStage::symbol, {"exports no tenon_plugin_entry_v1"});
    check_sin("no_operation", LoadStage::descriptor,
              {"its kind 'no_operation' offers none of complete, embed and rerank"});
    check_sin("not_a_library", LoadStage::format, {"is not a shared library"});
    check_sin("null_descriptor", LoadStage::descriptor, {"kind number 1 has a NULL descriptor"});
    check_sin("null_entry", LoadStage::entry, {"has an entry function that returns NULL"});
    check_sin("throw_in_entry", LoadStage::entry, {"throws an exception (no licence key)"});
    check_sin("undefined_symbol", LoadStage::link, {"tenon_test_nobody_defines_this"});
    check_sin("wrong_major", LoadStage::symbol, {"version 2 of the plugin ABI"});
    check_sin("zero_struct_size", LoadStage::descriptor, {"struct_size 0"});
    BOOST_TEST(bad_errors().size() == 16U);
}

BOOST_AUTO_TEST_CASE(sins_that_only_running_shows_do_not_keep_a_library_out) {
    Registry registry;
    BOOST_REQUIRE(registry.load_directory(TENON_TEST_BAD_PLUGINS));
    for (const char* kind : {"never_finish", "finish_twice", "throw_in_complete", "duplicate_kinds",
                             "block_for_ever", "leak_http"}) {
        BOOST_TEST((registry.find(kind) != nullptr));
    }
    BOOST_TEST((registry.find("no_operation") == nullptr));
}

BOOST_AUTO_TEST_CASE(of_two_libraries_with_the_same_kind_the_first_is_taken) {
    const TemporaryDirectory dir;
    const std::string library = test::read_file(test::bad_library("finish_twice"));
    test::write_file(dir / "first.so", library);
    test::write_file(dir / "second.so", library);
    Registry registry;
    BOOST_REQUIRE(registry.load_directory(dir.path()));
    BOOST_TEST(registry.kinds().size() == 1U);
    BOOST_TEST(registry.find("finish_twice")->library_path == (dir / "first.so").string());
    BOOST_REQUIRE(registry.errors().size() == 1U);
    check_sentence(
        registry.errors().front(), dir / "second.so",
        {"offers the kind 'finish_twice'", (dir / "first.so").string(), "remove one of the two"});
}

BOOST_AUTO_TEST_CASE(loading_a_directory_again_adds_nothing) {
    Registry registry;
    BOOST_REQUIRE(registry.load_directory(TENON_TEST_PLUGINS));
    const std::size_t kinds = registry.kinds().size();
    BOOST_REQUIRE(registry.load_directory(TENON_TEST_PLUGINS));
    BOOST_TEST(registry.kinds().size() == kinds);
    BOOST_TEST(registry.errors().empty());
}

BOOST_AUTO_TEST_CASE(a_bad_library_is_reported_once_however_often_it_is_loaded) {
    const TemporaryDirectory dir;
    test::write_file(dir / "text.so", "a text");
    Registry registry;
    BOOST_REQUIRE(registry.load_directory(dir.path()));
    BOOST_REQUIRE(registry.load_directory(dir.path()));
    BOOST_TEST(registry.errors().size() == 1U);
}

BOOST_AUTO_TEST_CASE(kinds_are_sorted_by_id) {
    Registry registry;
    BOOST_REQUIRE(registry.load_directory(TENON_TEST_BAD_PLUGINS));
    BOOST_REQUIRE(registry.load_directory(TENON_TEST_PLUGINS));
    const auto& kinds = registry.kinds();
    BOOST_TEST(kinds.size() > 10U);
    BOOST_TEST(std::is_sorted(kinds.begin(), kinds.end(),
                              [](const auto& a, const auto& b) { return a->id < b->id; }));
}

BOOST_AUTO_TEST_CASE(files_that_do_not_end_in_so_are_left_alone) {
    const TemporaryDirectory dir;
    test::write_file(dir / "README.md", "a text");
    test::write_file(dir / "old.so.bak", "a text");
    Registry registry;
    BOOST_REQUIRE(registry.load_directory(dir.path()));
    BOOST_TEST(registry.errors().empty());
}

BOOST_AUTO_TEST_CASE(a_missing_directory_is_an_error_of_its_own) {
    const TemporaryDirectory dir;
    Registry registry;
    const auto loaded = registry.load_directory(dir / "gone");
    BOOST_REQUIRE(!loaded);
    BOOST_TEST(loaded.error().message ==
               "the plugin directory " + (dir / "gone").string() + " does not exist");
    BOOST_TEST(registry.errors().empty());
}

BOOST_AUTO_TEST_CASE(merging_takes_over_what_is_new) {
    Registry mine;
    BOOST_REQUIRE(mine.load_directory(TENON_TEST_PLUGINS));
    const std::size_t kinds = mine.kinds().size();
    Registry other;
    BOOST_REQUIRE(other.load_directory(TENON_TEST_PLUGINS));
    other.load_file(test::bad_library("finish_twice"));
    other.load_file(test::bad_library("no_entry"));
    mine.merge(std::move(other));
    BOOST_TEST(mine.kinds().size() == kinds + 1);
    BOOST_TEST(mine.errors().size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::plugin
