#include "cli_fixture.hpp"

using namespace tenon::test;

namespace {

const std::string kPlugins = TENON_TEST_PLUGIN_DIR;

}  // namespace

BOOST_AUTO_TEST_SUITE(cli_plugins_check)

BOOST_AUTO_TEST_CASE(the_bundled_plugins_pass_every_case) {
    const Ran mock = run_tenon({"plugins", "check", kPlugins + "/mock.so", "--json"});
    BOOST_TEST_INFO(mock.out);
    BOOST_TEST(mock.code == 0);
    BOOST_TEST(mock.out.find("\"status\": \"failed\"") == std::string::npos);
    BOOST_TEST(mock.out.find("\"name\": \"concurrency\"") != std::string::npos);
    // Without a server they have to fail well.
    for (const char* name : {"openai", "ollama"}) {
        const Ran ran = run_tenon({"plugins", "check", kPlugins + "/" + name + ".so", "--config",
                                   R"({"base_url":"http://127.0.0.1:9"})"});
        BOOST_TEST_INFO(ran.out);
        BOOST_TEST(ran.code == 0);
        BOOST_TEST(ran.out.find(std::string(name) + ": ended with a clear error (unavailable)") !=
                   std::string::npos);
    }
}

#ifdef TENON_TEST_SAMPLE_DIR
BOOST_AUTO_TEST_CASE(the_samples_pass_every_case_and_answer) {
    const std::string samples = TENON_TEST_SAMPLE_DIR;
    for (const std::string name : {"echo", "parrot"}) {
        const Ran ran = run_tenon({"plugins", "check", samples + "/" + name + ".so"});
        BOOST_TEST_INFO(ran.out);
        BOOST_TEST(ran.code == 0);
        BOOST_TEST(run_tenon({"--plugin-dir", samples, "complete", "-p", name, "a b"}).out ==
                   "a b\n");
    }
}
#endif

BOOST_AUTO_TEST_CASE(a_file_that_is_no_plugin_fails_the_first_case_and_stops) {
    const TemporaryDirectory directory;
    const Ran ran = run_tenon({"plugins", "check", directory.file("no.so", "not a library")});
    BOOST_TEST(ran.code == 1);
    BOOST_TEST(ran.out.find("load") != std::string::npos);
    BOOST_TEST(ran.out.find("concurrency") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_case_that_does_not_end_is_killed_and_reported) {
    const Ran ran =
        run_tenon({"plugins", "check", kPlugins + "/mock.so", "--case", "complete", "--timeout",
                   "500ms", "--config", R"({"fail_every":1,"fail_with":"silent"})"});
    BOOST_TEST_INFO(ran.out);
    BOOST_TEST(ran.code == 1);
    BOOST_TEST(ran.out.find("timed out") != std::string::npos);
    BOOST_TEST(ran.out.find("500ms") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_defect_fails_its_case_with_the_reason) {
    const Ran ran = run_tenon({"plugins", "check", kPlugins + "/mock.so", "--case", "complete",
                               "--config", R"({"fail_every":1,"fail_with":"throw"})"});
    BOOST_TEST_INFO(ran.out);
    BOOST_TEST(ran.code == 1);
    BOOST_TEST(ran.out.find("failed") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_program_in_a_shared_workspace_loads_its_own_plugins_and_no_other_does) {
    namespace fs = std::filesystem;
    const TemporaryDirectory directory;
    const fs::path workspace = directory.path() / "workspace";
    const fs::path plugins = workspace / "lib" / "tenon" / "plugins";
    fs::create_directories(plugins);
    fs::create_directory(workspace / "bin");
    fs::permissions(workspace, fs::perms::all);
    fs::copy_file(TENON_TEST_PROGRAM, workspace / "bin" / "tenon");
    fs::copy_file(kPlugins + "/mock.so", plugins / "mock.so");
    ChildProcess own({workspace / "bin" / "tenon", "complete", "-p", "mock", "hi"});
    BOOST_TEST(own.wait().code == 0);
    BOOST_TEST(own.out() == "You said: hi\n");
    const Ran other = run_tenon({"plugins", "check", plugins / "mock.so", "--case", "load"});
    BOOST_TEST(other.code == 1);
    BOOST_TEST(other.out.find("is writable for everybody") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_unknown_case_is_answered_with_the_nearest_name) {
    const Ran ran = run_tenon({"plugins", "check", kPlugins + "/mock.so", "--case", "steam"});
    BOOST_TEST(ran.code == 2);
    BOOST_TEST(ran.err.find("did you mean 'stream'") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
