#include "managed_fixture.hpp"

using namespace tenon;
using namespace tenon::test;
using host::Command;
using Kind = host::CommandReply::Kind;

namespace {

/// Providers that stand in each of the states.
class States {
public:
    explicit States(host::Host& host) : host_(host) {}

    void bring(const std::string& name, const std::string& state) {
        if (state == "disconnected" || state == "disabled") {
            add(host_, name, "mock-session", kSlowConnect, kOneDial);
            if (state == "disabled") tell(host_, name, Command::disable);
        } else if (state == "connecting") {
            add(host_, name, "mock-session", kSlowConnect, kOneDial);
            tell(host_, name, Command::connect);
        } else if (state == "connected") {
            add(host_, name, "mock-session", "{}", kOneDial);
            tell(host_, name, Command::connect, kSettle);
        } else if (state == "unhealthy") {
            add(host_, name, "mock-session", R"({"connect":"fail"})", kOneDial);
            tell(host_, name, Command::connect, kSettle);
        } else {
            add(host_, name, "mock-session", kSilent, kOneDial);
            requests_.start(host_, ask(name, "x"));
            eventually("in flight", [&] { return status_of(host_, name).pool.active == 1; });
            tell(host_, name, Command::disconnect);
        }
        BOOST_REQUIRE_EQUAL(status_of(host_, name).enabled, state != "disabled");
        if (state != "disabled") BOOST_REQUIRE_EQUAL(status_of(host_, name).state, state);
    }

private:
    host::Host& host_;
    Requests requests_;
};

struct Expected {
    Command command;
    Kind kind;
    const char* message;  ///< after "Provider 'NAME' "
    const char* states;   ///< one of these
};

void check_replies(const std::string& state, const std::vector<Expected>& table) {
    const auto host = open_host();
    States states(*host);
    int number = 0;
    for (const Expected& expected : table) {
        const std::string name = "p" + std::to_string(++number);
        BOOST_TEST_CONTEXT(state << ", command " << static_cast<int>(expected.command)) {
            states.bring(name, state);
            const auto reply = tell(*host, name, expected.command);
            BOOST_TEST(reply.provider == name);
            BOOST_TEST((reply.kind == expected.kind));
            BOOST_TEST(reply.message == "Provider '" + name + "' " + expected.message);
            BOOST_TEST(contains(expected.states, reply.state), reply.state);
        }
    }
}

constexpr const char* kStays = "will not be connected again until you ask.";
constexpr const char* kGone = "is disconnected now.";
constexpr const char* kDisabled = "is disabled and takes no requests.";
constexpr const char* kEnabledAlready = "is enabled already.";
constexpr const char* kEnableFirst = "is disabled; enable it first.";

}  // namespace

BOOST_AUTO_TEST_SUITE(managed_commands)

BOOST_AUTO_TEST_CASE(every_command_makes_sense_while_disconnected) {
    check_replies("disconnected",
                  {{Command::connect, Kind::accepted, "is connecting now.", "connecting"},
                   {Command::disconnect, Kind::accepted, kStays, "disconnected"},
                   {Command::disconnect_now, Kind::accepted, kStays, "disconnected"},
                   {Command::enable, Kind::already, kEnabledAlready, "disconnected"},
                   {Command::disable, Kind::accepted, kDisabled, "disconnected"},
                   {Command::reconnect, Kind::accepted, "is connecting now.", "connecting"},
                   {Command::recover, Kind::refused, "is not connected; connect it instead.",
                    "disconnected"}});
}

BOOST_AUTO_TEST_CASE(every_command_makes_sense_while_connecting) {
    check_replies(
        "connecting",
        {{Command::connect, Kind::already, "is connecting already.", "connecting"},
         {Command::disconnect, Kind::accepted, kGone, "disconnected"},
         {Command::disconnect_now, Kind::accepted, kGone, "disconnected"},
         {Command::enable, Kind::already, kEnabledAlready, "connecting"},
         {Command::disable, Kind::accepted, kDisabled, "disconnected"},
         {Command::reconnect, Kind::already, "is being tried at this moment.", "connecting"},
         {Command::recover, Kind::already, "is being tried at this moment.", "connecting"}});
}

BOOST_AUTO_TEST_CASE(every_command_makes_sense_while_connected) {
    check_replies("connected",
                  {{Command::connect, Kind::already, "is connected already.", "connected"},
                   {Command::disconnect, Kind::accepted, kGone, "disconnected"},
                   {Command::disconnect_now, Kind::accepted, kGone, "disconnected"},
                   {Command::enable, Kind::already, kEnabledAlready, "connected"},
                   {Command::disable, Kind::accepted, kDisabled, "disconnected"},
                   {Command::reconnect, Kind::accepted,
                    "makes new connections; requests in flight end on the old ones.",
                    "connecting, connected"},
                   {Command::recover, Kind::already, "is connected; there is nothing to recover.",
                    "connected"}});
}

BOOST_AUTO_TEST_CASE(every_command_makes_sense_while_unhealthy) {
    check_replies("unhealthy",
                  {{Command::connect, Kind::already,
                    "is unhealthy: the mock failed as asked: unavailable.", "unhealthy"},
                   {Command::disconnect, Kind::accepted, kGone, "disconnected"},
                   {Command::disconnect_now, Kind::accepted, kGone, "disconnected"},
                   {Command::enable, Kind::already, kEnabledAlready, "unhealthy"},
                   {Command::disable, Kind::accepted, kDisabled, "disconnected"},
                   {Command::reconnect, Kind::accepted, "is being tried now.", "unhealthy"},
                   {Command::recover, Kind::accepted, "is being tried now.", "unhealthy"}});
}

BOOST_AUTO_TEST_CASE(every_command_makes_sense_while_disconnecting) {
    check_replies(
        "disconnecting",
        {{Command::connect, Kind::accepted,
          "still finishes requests of its old connections; then it connects again.",
          "disconnecting"},
         {Command::disconnect, Kind::already, "is being disconnected already.", "disconnecting"},
         {Command::disconnect_now, Kind::accepted, kGone, "disconnected"},
         {Command::enable, Kind::already, kEnabledAlready, "disconnecting"},
         {Command::disable, Kind::accepted, kDisabled, "disconnecting"},
         {Command::reconnect, Kind::accepted,
          "still finishes requests of its old connections; then it connects again.",
          "disconnecting"},
         {Command::recover, Kind::refused,
          "is being disconnected; connect it if it shall come back.", "disconnecting"}});
}

BOOST_AUTO_TEST_CASE(every_command_makes_sense_while_disabled) {
    check_replies(
        "disabled",
        {{Command::connect, Kind::refused, kEnableFirst, "disconnected"},
         {Command::disconnect, Kind::accepted, kStays, "disconnected"},
         {Command::disconnect_now, Kind::accepted, kStays, "disconnected"},
         {Command::enable, Kind::accepted,
          "is enabled; it connects when you ask or, if that is configured, with the first request.",
          "disconnected"},
         {Command::disable, Kind::already, "is disabled already.", "disconnected"},
         {Command::reconnect, Kind::refused, kEnableFirst, "disconnected"},
         {Command::recover, Kind::refused, kEnableFirst, "disconnected"}});
}

BOOST_AUTO_TEST_SUITE_END()
