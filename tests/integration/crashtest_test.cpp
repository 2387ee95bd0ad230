#include "cli_fixture.hpp"

using namespace tenon::test;

namespace {

Ran crashtest(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"--plugin-dir", TENON_TEST_PLUGIN_DIR, "crashtest"});
    return run_tenon(std::move(arguments));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(crashtest_command)

BOOST_AUTO_TEST_CASE(all_faults_are_passed) {
    const Ran ran = crashtest({});
    BOOST_TEST_MESSAGE(ran.out);
    BOOST_TEST(ran.out.find("FAIL") == std::string::npos, ran.out);
    BOOST_TEST(ran.out.ends_with("\n16 of 16\n"), ran.out);
    BOOST_TEST(ran.err == "");
    BOOST_TEST(ran.code == 0);
}

BOOST_AUTO_TEST_CASE(single_faults_are_played_and_reported_as_json) {
    const Ran ran = crashtest({"--only", "prefill", "--only", "context-length", "--json"});
    BOOST_TEST(ran.code == 0);
    BOOST_TEST(ran.out.find("\"passed\": 2,\n  \"of\": 2,") != std::string::npos, ran.out);
    BOOST_TEST(ran.out.find("\"name\": \"prefill\"") != std::string::npos, ran.out);
    BOOST_TEST(ran.out.find("\"wrong\": []") != std::string::npos, ran.out);
}

BOOST_AUTO_TEST_CASE(the_faults_are_listed) {
    const Ran ran = crashtest({"--list"});
    BOOST_TEST(ran.code == 0);
    BOOST_TEST(lines(ran.out) == 16U);
}

BOOST_AUTO_TEST_CASE(a_wrong_name_of_a_fault_is_answered_with_the_right_one) {
    const Ran ran = crashtest({"--only", "outages"});
    BOOST_TEST(ran.code == 2);
    BOOST_TEST(ran.err == "tenon: there is no fault 'outages'; did you mean 'outage'?\n");
}

BOOST_AUTO_TEST_SUITE_END()
