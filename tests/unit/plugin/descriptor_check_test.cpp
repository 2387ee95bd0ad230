#include "plugin/descriptor_check.hpp"

#include <boost/test/unit_test.hpp>

#include <limits>

#include "load_support.hpp"
#include "tenon/plugin/host.hpp"

namespace tenon::plugin {
namespace {

constexpr std::uint32_t kHost = TENON_ABI(1, 3);
constexpr const char* kPath = "/plugins/tested.so";

/// A library with one kind that is all right until a test changes it. Its functions are never
/// called.
struct Library {
    tenon_descriptor descriptor{};
    tenon_vtable table{};
    const tenon_descriptor* descriptors[2] = {&descriptor, &descriptor};
    const tenon_vtable* tables[2] = {&table, &table};
    tenon_plugin plugin{sizeof(tenon_plugin), 1, descriptors, tables};

    Library() {
        descriptor.struct_size = sizeof descriptor;
        descriptor.abi_built = TENON_ABI(1, 0);
        descriptor.abi_min_host = TENON_ABI(1, 0);
        descriptor.id = to_abi("good");
        descriptor.name = to_abi("Good");
        descriptor.version = to_abi("1.2.3");
        table.struct_size = sizeof table;
        table.create = [](const tenon_host*, const tenon_str*, tenon_provider**,
                          tenon_error*) noexcept -> tenon_status { return TENON_E_INTERNAL; };
        table.destroy = [](tenon_provider*) noexcept {};
        table.complete = [](tenon_provider*, tenon_conn*, const tenon_request*,
                            tenon_call) noexcept -> tenon_status { return TENON_E_INTERNAL; };
    }
    Library(const Library&) = delete;
    Library& operator=(const Library&) = delete;

    [[nodiscard]] CheckedPlugin check() const { return check_plugin(&plugin, kHost, kPath); }
};

void add_connect(tenon_vtable& table) {
    table.connect = [](tenon_provider*, tenon_call, std::int64_t) noexcept -> tenon_status {
        return TENON_E_INTERNAL;
    };
}
void add_disconnect(tenon_vtable& table) {
    table.disconnect = [](tenon_provider*, tenon_conn*) noexcept {};
}

void check_refused(const CheckedPlugin& checked, LoadStage stage,
                   std::initializer_list<std::string_view> parts) {
    BOOST_TEST(checked.kinds.empty());
    BOOST_REQUIRE(checked.errors.size() == 1U);
    BOOST_TEST((checked.errors.front().stage == stage));
    test::check_sentence(checked.errors.front(), kPath, parts);
}

/// What is said about the good library after `change(library)`.
template <class Change>
void check_change(Change change, std::initializer_list<std::string_view> parts,
                  LoadStage stage = LoadStage::descriptor) {
    Library library;
    change(library);
    check_refused(library.check(), stage, parts);
}

BOOST_AUTO_TEST_SUITE(descriptor_check)

BOOST_AUTO_TEST_CASE(a_good_kind_is_copied) {
    Library library;
    library.descriptor.conn_mode = TENON_CONN_MULTIPLEXED;
    library.descriptor.max_calls_per_conn = 7;
    library.descriptor.vendor = to_abi("Somebody");
    const char* const services[] = {"tenon.http/1", "tenon.json/1", nullptr};
    library.descriptor.required_services = services;
    add_connect(library.table);
    add_disconnect(library.table);
    const CheckedPlugin checked = library.check();
    BOOST_TEST(checked.errors.empty());
    BOOST_REQUIRE(checked.kinds.size() == 1U);
    const Kind& kind = checked.kinds.front();
    BOOST_TEST(kind.id == "good");
    BOOST_TEST(kind.name == "Good");
    BOOST_TEST(kind.version == "1.2.3");
    BOOST_TEST(kind.vendor == "Somebody");
    BOOST_TEST(kind.config_schema == "{}");
    BOOST_TEST((kind.conn_mode == ConnMode::multiplexed));
    BOOST_TEST(kind.max_calls_per_conn == 7U);
    BOOST_TEST(kind.required_services == (std::vector<std::string>{"tenon.http/1", "tenon.json/1"}),
               boost::test_tools::per_element());
    BOOST_TEST(kind.has.connect);
    BOOST_TEST(kind.has.complete);
    BOOST_TEST(!kind.has.embed);
}

BOOST_AUTO_TEST_CASE(every_function_that_is_left_out_gets_the_default) {
    const Kind kind = Library().check().kinds.at(0);
    const Functions& f = kind.functions;
    BOOST_TEST(f.embed(nullptr, nullptr, nullptr, 0) == TENON_E_UNSUPPORTED);
    BOOST_TEST(f.rerank(nullptr, nullptr, nullptr, 0) == TENON_E_UNSUPPORTED);
    BOOST_TEST(f.connect(nullptr, 0, 0) == TENON_E_UNSUPPORTED);
    BOOST_TEST(f.health_check(nullptr, nullptr, 0, 0) == TENON_E_UNSUPPORTED);
    BOOST_TEST(f.list_models(nullptr, nullptr, 0, 0) == TENON_E_UNSUPPORTED);
    BOOST_TEST(f.get_extension(nullptr, "x") == nullptr);
    f.disconnect(nullptr, nullptr);
    f.cancel(nullptr, nullptr, 0);
}

BOOST_AUTO_TEST_CASE(a_newer_plugin_s_unknown_members_and_bits_are_ignored) {
    struct Newer {
        tenon_descriptor known;
        std::uint64_t unknown[4];
    } newer{};
    Library library;
    newer.known = library.descriptor;
    newer.known.struct_size = sizeof newer;
    newer.known.features = std::numeric_limits<std::uint64_t>::max();
    newer.known.abi_built = TENON_ABI(1, 9);
    library.descriptors[0] = &newer.known;
    BOOST_TEST(library.check().errors.empty());
}

BOOST_AUTO_TEST_CASE(no_plugin_at_all_is_refused) {
    check_refused(check_plugin(nullptr, kHost, kPath), LoadStage::entry,
                  {"returns NULL", "see the plugin's documentation"});
}

BOOST_AUTO_TEST_CASE(an_implausible_plugin_is_refused) {
    const auto parts = {std::string_view("implausible tenon_plugin"),
                        std::string_view("rebuild it with the Tenon headers")};
    check_change([](Library& l) { l.plugin.struct_size = 0; }, parts);
    check_change([](Library& l) { l.plugin.struct_size = 4096; }, parts);
    check_change([](Library& l) { l.plugin.count = 0; }, parts);
    check_change([](Library& l) { l.plugin.count = 1'000'000; }, parts);
    check_change([](Library& l) { l.plugin.descriptors = nullptr; }, parts);
    check_change([](Library& l) { l.plugin.vtables = nullptr; }, parts);
}

BOOST_AUTO_TEST_CASE(a_null_descriptor_or_table_is_refused) {
    check_change([](Library& l) { l.descriptors[0] = nullptr; },
                 {"its kind number 1 has a NULL descriptor", "correct count"});
    check_change([](Library& l) { l.tables[0] = nullptr; },
                 {"its kind number 1 has a NULL table", "correct count"});
}

BOOST_AUTO_TEST_CASE(an_implausible_struct_size_is_refused) {
    for (const std::uint32_t size : {0U, 8U, 60U, 5000U, 0xFFFF'FFFFU}) {
        check_change([&](Library& l) { l.descriptor.struct_size = size; },
                     {"descriptor with the struct_size " + std::to_string(size), "sizeof"});
        check_change([&](Library& l) { l.table.struct_size = size; },
                     {"table with the struct_size " + std::to_string(size), "sizeof"});
    }
}

BOOST_AUTO_TEST_CASE(a_plugin_for_a_newer_minor_is_refused) {
    check_change([](Library& l) { l.descriptor.abi_min_host = TENON_ABI(1, 4); },
                 {"its kind 'good' needs a host with ABI 1.4, this one has 1.3", "update Tenon"},
                 LoadStage::version);
}

BOOST_AUTO_TEST_CASE(a_plugin_for_the_very_minor_of_the_host_is_taken) {
    Library library;
    library.descriptor.abi_min_host = kHost;
    BOOST_TEST(library.check().errors.empty());
}

BOOST_AUTO_TEST_CASE(a_plugin_for_a_newer_major_is_refused) {
    check_change([](Library& l) { l.descriptor.abi_min_host = TENON_ABI(2, 0); },
                 {"needs a host with ABI 2.0", "update Tenon"}, LoadStage::version);
}

BOOST_AUTO_TEST_CASE(a_plugin_for_an_abi_before_the_first_is_told_what_to_declare) {
    check_change([](Library& l) { l.descriptor.abi_min_host = 0; },
                 {"asks for a host with ABI 0.0", "set abi_min_host to TENON_ABI(1, 0)"},
                 LoadStage::version);
}

BOOST_AUTO_TEST_CASE(an_id_that_is_no_name_is_refused_and_shown_without_control_characters) {
    const std::string rule = "use a-z, 0-9";
    check_change([](Library& l) { l.descriptor.id = to_abi(""); }, {"has the id ''", rule});
    check_change([](Library& l) { l.descriptor.id = to_abi("Open AI"); }, {"'Open AI'", rule});
    check_change([](Library& l) { l.descriptor.id = to_abi("-x"); }, {"'-x'", rule});
    check_change([](Library& l) { l.descriptor.id = to_abi("a\x1b[31m\n"); }, {"'a?[31m?'", rule});
    const std::string endless(500, 'a');
    check_change([&](Library& l) { l.descriptor.id = to_abi(endless); },
                 {"'" + endless.substr(0, 64) + "'", rule});
}

BOOST_AUTO_TEST_CASE(texts_must_be_there_short_and_utf_8) {
    const std::pair<const char*, tenon_str tenon_descriptor::*> texts[] = {
        {"id", &tenon_descriptor::id},
        {"name", &tenon_descriptor::name},
        {"version", &tenon_descriptor::version},
        {"vendor", &tenon_descriptor::vendor},
        {"description", &tenon_descriptor::description},
        {"license", &tenon_descriptor::license},
        {"config_schema_json", &tenon_descriptor::config_schema_json}};
    for (const auto& [name, member] : texts) {
        check_change(
            [&](Library& l) {
                l.descriptor.*member = {nullptr, 3};
            },
            {std::string("has a ") + name + " of 3 bytes at NULL", "set its ptr"});
        check_change(
            [&](Library& l) {
                l.descriptor.*member = {"x", std::size_t{1} << 40};
            },
            {std::string("has an implausibly long ") + name, "set its len"});
        check_change([&](Library& l) { l.descriptor.*member = to_abi("\xff\xfe"); },
                     {std::string("has a ") + name + " that is not UTF-8", "save its source"});
    }
}

BOOST_AUTO_TEST_CASE(texts_for_people_have_no_control_characters) {
    check_change([](Library& l) { l.descriptor.name = to_abi("Go\x1b[2Jod"); },
                 {"its kind 'good' has a name with control characters", "remove them"});
    check_change([](Library& l) { l.descriptor.description = to_abi("two\nlines"); },
                 {"has a description with control characters"});
}

BOOST_AUTO_TEST_CASE(a_kind_has_a_name_and_a_semantic_version) {
    check_change([](Library& l) { l.descriptor.name = {}; }, {"has no name", "set one"});
    for (const char* version : {"", "1", "1.2", "01.2.3", "1.2.3-", "v1.2.3", "1.2.3 beta"}) {
        check_change([&](Library& l) { l.descriptor.version = to_abi(version); },
                     {std::string("has the version '") + version + "'", "use one such as 1.0.0"});
    }
    for (const char* version : {"0.0.1", "10.20.30", "1.0.0-rc.1", "1.0.0+build.5"}) {
        Library library;
        library.descriptor.version = to_abi(version);
        BOOST_TEST(library.check().errors.empty());
    }
}

BOOST_AUTO_TEST_CASE(an_unknown_connection_mode_is_refused) {
    check_change([](Library& l) { l.descriptor.conn_mode = 9; },
                 {"has the unknown conn_mode 9", "TENON_CONN_"});
}

BOOST_AUTO_TEST_CASE(a_list_of_services_without_an_end_is_refused) {
    std::vector<const char*> services(1000, "tenon.http/1");
    check_change([&](Library& l) { l.descriptor.required_services = services.data(); },
                 {"requires more than 64 services", "end required_services with NULL"});
}

BOOST_AUTO_TEST_CASE(a_schema_is_a_json_object) {
    check_change([](Library& l) { l.descriptor.config_schema_json = to_abi("{\"a\":1,}"); },
                 {"has a configuration schema that is not JSON (line 1", "config_schema_json"});
    check_change([](Library& l) { l.descriptor.config_schema_json = to_abi("[]"); },
                 {"has a configuration schema that is no JSON object", "config_schema_json"});
}

BOOST_AUTO_TEST_CASE(a_table_without_a_required_function_is_refused) {
    check_change([](Library& l) { l.table.create = nullptr; },
                 {"its kind 'good' has no create function", "implement it"});
    check_change([](Library& l) { l.table.destroy = nullptr; }, {"has no destroy function"});
    check_change([](Library& l) { l.table.complete = nullptr; },
                 {"offers none of complete, embed and rerank", "implement at least one"});
}

BOOST_AUTO_TEST_CASE(connect_and_disconnect_belong_together_and_to_a_mode) {
    check_change([](Library& l) { add_connect(l.table); },
                 {"has connect but no disconnect", "implement both or neither"});
    check_change([](Library& l) { add_disconnect(l.table); },
                 {"has disconnect but no connect", "implement both or neither"});
    check_change(
        [](Library& l) {
            add_connect(l.table);
            add_disconnect(l.table);
        },
        {"has connect but declares itself stateless", "set conn_mode"});
    check_change([](Library& l) { l.descriptor.conn_mode = TENON_CONN_EXCLUSIVE; },
                 {"declares connections but has no connect", "TENON_CONN_STATELESS"});
}

BOOST_AUTO_TEST_CASE(a_kind_that_is_offered_twice_is_taken_once) {
    Library library;
    library.plugin.count = 2;
    const CheckedPlugin checked = library.check();
    BOOST_TEST(checked.kinds.size() == 1U);
    BOOST_REQUIRE(checked.errors.size() == 1U);
    test::check_sentence(checked.errors.front(), kPath,
                         {"offers the kind 'good' twice", "an id of its own"});
}

BOOST_AUTO_TEST_CASE(one_bad_kind_does_not_hide_the_others_of_its_library) {
    Library library;
    tenon_descriptor broken = library.descriptor;
    broken.version = to_abi("soon");
    library.descriptors[0] = &broken;
    library.plugin.count = 2;
    const CheckedPlugin checked = library.check();
    BOOST_TEST(checked.errors.size() == 1U);
    BOOST_TEST(checked.kinds.size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::plugin
