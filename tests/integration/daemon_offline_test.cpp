// Requests that wait, of several models.

#include "daemon_fixture.hpp"

using namespace tenon::test;

namespace {

struct Waiting : ServeFixture {
    Waiting() {
        configure(R"("offline":{"enabled":true})");
        start();
    }
    void command(const std::string& verb, const std::string& provider) const {
        const auto done = control("POST", "/admin/v1/commands/" + verb,
                                  R"({"providers":[")" + provider + R"("]})");
        BOOST_TEST_REQUIRE(done.status == 200, done.body);
    }
    /// \return where its answer will be
    [[nodiscard]] std::string queue(const std::string& model, const std::string& text) const {
        RawClient client(port);
        const auto kept = client.exchange("POST", "/v1/chat/completions", chat(model, text),
                                          {{"x-tenon-offline", "queue"}});
        BOOST_TEST_REQUIRE(kept.status == 202, kept.body);
        return kept.header("location").value_or("");
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(daemon_offline, Waiting)

BOOST_AUTO_TEST_CASE(requests_for_one_who_stays_away_do_not_hold_up_those_for_others) {
    command("disable", "fake");
    command("disable", "one");
    std::string first;
    for (int i = 0; i < 9; ++i) first = queue("one/m", "for one");
    const std::string other = queue("fake/fake-small", "for fake");
    command("enable", "fake");
    eventually("it is answered", [&] { return get(other).status == 200; });
    BOOST_TEST(get(first).status == 202);
    command("enable", "one");
    eventually("the first one is, too", [&] { return get(first).status == 200; });
}

BOOST_AUTO_TEST_SUITE_END()
