#include "plugin/file_check.hpp"

#include <boost/test/unit_test.hpp>

#include <elf.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "load_support.hpp"

namespace tenon::plugin {
namespace {

namespace fs = std::filesystem;
using test::check_sentence;
using test::TemporaryDirectory;

/// The probe's bytes with one change.
template <class Change>
std::string changed(Change change) {
    std::string bytes = test::read_file(test::good_library());
    Elf64_Ehdr head;
    std::memcpy(&head, bytes.data(), sizeof head);
    change(head);
    std::memcpy(bytes.data(), &head, sizeof head);
    return bytes;
}

/// What check_file() says about a file with these bytes.
void check_refused(std::string_view bytes, LoadStage stage,
                   std::initializer_list<std::string_view> parts) {
    const TemporaryDirectory dir;
    const fs::path file = dir / "tested.so";
    test::write_file(file, bytes);
    const auto error = check_file(file);
    BOOST_REQUIRE(error.has_value());
    BOOST_TEST((error->stage == stage));
    check_sentence(*error, file, parts);
}

BOOST_AUTO_TEST_SUITE(file_check)

BOOST_AUTO_TEST_CASE(a_shared_library_of_ours_passes) {
    const TemporaryDirectory dir;
    test::write_file(dir / "good.so", test::read_file(test::good_library()));
    BOOST_TEST(!check_file(dir / "good.so").has_value());
}

BOOST_AUTO_TEST_CASE(a_missing_file_is_said_to_be_missing) {
    const TemporaryDirectory dir;
    const auto error = check_file(dir / "gone.so");
    BOOST_REQUIRE(error.has_value());
    BOOST_TEST((error->stage == LoadStage::file));
    check_sentence(*error, dir / "gone.so", {"does not exist", "check the path"});
}

BOOST_AUTO_TEST_CASE(a_directory_is_no_library) {
    const TemporaryDirectory dir;
    fs::create_directory(dir / "folder.so");
    const auto error = check_file(dir / "folder.so");
    BOOST_REQUIRE(error.has_value());
    BOOST_TEST((error->stage == LoadStage::file));
    check_sentence(*error, dir / "folder.so", {"is a directory", "rename it"});
}

BOOST_AUTO_TEST_CASE(a_pipe_is_no_library_and_is_not_waited_for) {
    const TemporaryDirectory dir;
    BOOST_REQUIRE(mkfifo((dir / "pipe.so").c_str(), 0600) == 0);
    const auto error = check_file(dir / "pipe.so");
    BOOST_REQUIRE(error.has_value());
    BOOST_TEST((error->stage == LoadStage::file));
    check_sentence(*error, dir / "pipe.so", {"is no file"});
}

BOOST_AUTO_TEST_CASE(a_file_that_everybody_may_change_is_refused) {
    const TemporaryDirectory dir;
    test::write_file(dir / "open.so", test::read_file(test::good_library()));
    fs::permissions(dir / "open.so", fs::perms(0646));
    const auto error = check_file(dir / "open.so");
    BOOST_REQUIRE(error.has_value());
    BOOST_TEST((error->stage == LoadStage::permissions));
    check_sentence(*error, dir / "open.so", {"is writable for everybody", "chmod go-w"});
}

BOOST_AUTO_TEST_CASE(a_file_in_a_directory_that_everybody_may_change_is_refused) {
    const TemporaryDirectory dir;
    fs::create_directories(dir / "open/inner");
    fs::permissions(dir / "open", fs::perms(0777));
    fs::permissions(dir / "open/inner", fs::perms(0755));
    test::write_file(dir / "open/inner/good.so", test::read_file(test::good_library()));
    const auto error = check_file(dir / "open/inner/good.so");
    BOOST_REQUIRE(error.has_value());
    BOOST_TEST((error->stage == LoadStage::permissions));
    check_sentence(
        *error, dir / "open/inner/good.so",
        {"its directory " + (dir / "open").string() + " is writable for everybody", "chmod go-w"});
}

BOOST_AUTO_TEST_CASE(a_sticky_directory_protects_its_files) {
    const TemporaryDirectory dir;
    fs::create_directory(dir / "tmp");
    fs::permissions(dir / "tmp", fs::perms(01777));
    test::write_file(dir / "tmp/good.so", test::read_file(test::good_library()));
    BOOST_TEST(!check_file(dir / "tmp/good.so").has_value());
}

BOOST_AUTO_TEST_CASE(a_file_of_another_user_is_refused,
                     *boost::unit_test::precondition([](boost::unit_test::test_unit_id) {
                         return boost::test_tools::assertion_result(geteuid() == 0);
                     })) {
    const TemporaryDirectory dir;
    test::write_file(dir / "foreign.so", test::read_file(test::good_library()));
    BOOST_REQUIRE(chown((dir / "foreign.so").c_str(), 12345, 12345) == 0);
    const auto error = check_file(dir / "foreign.so");
    BOOST_REQUIRE(error.has_value());
    BOOST_TEST((error->stage == LoadStage::permissions));
    check_sentence(*error, dir / "foreign.so", {"belongs to another user (uid 12345)", "chown"});
}

BOOST_AUTO_TEST_CASE(a_file_that_a_foreign_group_may_change_is_refused,
                     *boost::unit_test::precondition([](boost::unit_test::test_unit_id) {
                         return boost::test_tools::assertion_result(geteuid() == 0);
                     })) {
    const TemporaryDirectory dir;
    test::write_file(dir / "shared.so", test::read_file(test::good_library()));
    BOOST_REQUIRE(chown((dir / "shared.so").c_str(), 0, 12345) == 0);
    fs::permissions(dir / "shared.so", fs::perms(0664));
    const auto error = check_file(dir / "shared.so");
    BOOST_REQUIRE(error.has_value());
    check_sentence(*error, dir / "shared.so", {"is writable for the group 12345", "chmod go-w"});
}

BOOST_AUTO_TEST_CASE(a_text_is_no_library) {
    check_refused("This is a text.\n", LoadStage::format, {"is not a shared library", "remove it"});
}

BOOST_AUTO_TEST_CASE(an_empty_file_is_no_library) {
    check_refused("", LoadStage::format, {"is not a shared library"});
}

BOOST_AUTO_TEST_CASE(half_a_head_is_cut_short) {
    check_refused(test::read_file(test::good_library()).substr(0, 40), LoadStage::format,
                  {"is cut short", "install it again"});
}

BOOST_AUTO_TEST_CASE(a_library_without_its_end_is_cut_short) {
    const std::string whole = test::read_file(test::good_library());
    for (const std::size_t kept : {sizeof(Elf64_Ehdr), whole.size() / 2, whole.size() - 1}) {
        BOOST_TEST_CONTEXT("first " << kept << " bytes") {
            check_refused(whole.substr(0, kept), LoadStage::format, {"is cut short or damaged"});
        }
    }
}

BOOST_AUTO_TEST_CASE(sizes_that_reach_beyond_the_file_are_damage) {
    check_refused(changed([](Elf64_Ehdr& head) { head.e_shoff = ~std::uint64_t{0} - 8; }),
                  LoadStage::format, {"damaged"});
    check_refused(changed([](Elf64_Ehdr& head) { head.e_phnum = 0xFFFF; }), LoadStage::format,
                  {"damaged"});
    check_refused(changed([](Elf64_Ehdr& head) { head.e_phentsize = 8; }), LoadStage::format,
                  {"damaged"});
    check_refused(changed([](Elf64_Ehdr& head) { head.e_shentsize = 8; }), LoadStage::format,
                  {"damaged"});
}

BOOST_AUTO_TEST_CASE(a_section_of_a_petabyte_is_damage_and_is_not_read) {
    std::string bytes = test::read_file(test::good_library());
    Elf64_Ehdr head;
    std::memcpy(&head, bytes.data(), sizeof head);
    const std::uint64_t size = std::uint64_t{1} << 50;
    std::memcpy(bytes.data() + head.e_shoff + sizeof(Elf64_Shdr) + offsetof(Elf64_Shdr, sh_size),
                &size, sizeof size);
    check_refused(bytes, LoadStage::format, {"damaged"});
}

BOOST_AUTO_TEST_CASE(a_library_for_another_processor_is_said_to_be_one) {
    check_refused(changed([](Elf64_Ehdr& head) { head.e_machine = EM_S390; }), LoadStage::format,
                  {"is built for another processor", "get the plugin for this one"});
    check_refused(changed([](Elf64_Ehdr& head) { head.e_ident[EI_CLASS] = ELFCLASS32; }),
                  LoadStage::format, {"another processor"});
    check_refused(changed([](Elf64_Ehdr& head) { head.e_ident[EI_DATA] = ELFDATA2MSB; }),
                  LoadStage::format, {"another processor"});
}

BOOST_AUTO_TEST_CASE(an_object_file_is_no_shared_library) {
    check_refused(changed([](Elf64_Ehdr& head) { head.e_type = ET_REL; }), LoadStage::format,
                  {"is an ELF file but not a shared library", "-shared"});
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::plugin
