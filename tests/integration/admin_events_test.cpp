#include "admin_fixture.hpp"

using namespace tenon;
using namespace tenon::test;

namespace {

/// Somebody who reads the stream of events.
class Reader {
public:
    explicit Reader(const AdminRig& rig, const std::string& query = "",
                    const std::string& header = "")
        : client_(rig.connect()) {
        client_->send("GET /admin/v1/events" + query + " HTTP/1.1\r\nHost: x\r\n" + header +
                      "\r\n");
        head_ = client_->read_until("\r\n\r\n");
        hello_ = until("event: hello\ndata: ");
        hello_ = until("\n\n");
    }

    [[nodiscard]] std::string until(std::string_view marker) {
        std::string text = client_->read_until(marker);
        BOOST_REQUIRE_MESSAGE(text.ends_with(marker), "missing: " << marker << " in: " << text);
        return text;
    }
    /// The next event of this kind; its data.
    [[nodiscard]] wire::JsonDocument next(const std::string& kind) {
        static_cast<void>(until("event: " + kind + "\ndata: "));
        auto document = wire::JsonDocument::parse(until("\n"));
        BOOST_REQUIRE(document.has_value());
        return *std::move(document);
    }
    /// Of the hello.
    [[nodiscard]] std::int64_t sequence() const {
        const auto document = wire::JsonDocument::parse(hello_);
        BOOST_REQUIRE_MESSAGE(document.has_value(), hello_);
        return document->root()["sequence"].as_int64().value();
    }
    [[nodiscard]] const std::string& head() const noexcept { return head_; }
    [[nodiscard]] RawClient& client() noexcept { return *client_; }

private:
    std::unique_ptr<RawClient> client_;
    std::string head_;
    std::string hello_;
};

constexpr const char* kOne = R"({"providers":{"a":{"kind":"mock-session"}}})";

std::int64_t sequence_of(const wire::JsonDocument& event) {
    return event.root()["sequence"].as_int64().value();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(admin_events)

BOOST_AUTO_TEST_CASE(a_listener_is_greeted_and_then_told_what_happens) {
    AdminRig rig(kOne);
    Reader reader(rig);
    BOOST_TEST(contains(reader.head(), "text/event-stream"));
    BOOST_TEST(contains(reader.head(), "no-store"));
    tell(*rig.host, "a", host::Command::connect, kSettle);
    const auto first = reader.next("connection_state");
    BOOST_TEST(first.root()["provider"].as_string().value() == "a");
    BOOST_TEST(first.root()["to"].as_string().value() == "connecting");
    BOOST_TEST(base::parse_utc(first.root()["time"].as_string().value()).has_value());
    const auto second = reader.next("connection_state");
    BOOST_TEST(second.root()["to"].as_string().value() == "connected");
    BOOST_TEST(sequence_of(first) > reader.sequence());
    BOOST_TEST(sequence_of(second) > sequence_of(first));
}

BOOST_AUTO_TEST_CASE(whoever_comes_back_gets_what_was_missed) {
    AdminRig rig(kOne);
    Reader before(rig);
    tell(*rig.host, "a", host::Command::connect, kSettle);
    const auto connecting = before.next("connection_state");
    static_cast<void>(before.next("connection_state"));
    const std::string number = std::to_string(sequence_of(connecting));
    Reader by_query(rig, "?since=" + number);
    BOOST_TEST(by_query.next("connection_state").root()["to"].as_string().value() == "connected");
    Reader by_header(rig, "", "Last-Event-ID: " + number + "\r\n");
    BOOST_TEST(by_header.next("connection_state").root()["to"].as_string().value() == "connected");
    Reader all(rig, "?since=0");
    BOOST_TEST(all.next("connection_state").root()["to"].as_string().value() == "connecting");
}

BOOST_AUTO_TEST_CASE(many_listeners_hear_the_same) {
    AdminRig rig(kOne);
    std::vector<std::unique_ptr<Reader>> readers;
    for (int i = 0; i < 20; ++i) readers.push_back(std::make_unique<Reader>(rig));
    tell(*rig.host, "a", host::Command::connect, kSettle);
    for (const auto& reader : readers) {
        BOOST_TEST(reader->next("connection_state").root()["to"].as_string().value() ==
                   "connecting");
    }
}

BOOST_AUTO_TEST_CASE(silence_is_broken_by_comments) {
    AdminRig rig(kOne, [](gateway::AdminContext& context) {
        context.keep_alive = std::chrono::milliseconds(1);
    });
    Reader reader(rig);
    for (int i = 0; i < 3; ++i) static_cast<void>(reader.until(": keep-alive\n\n"));
    tell(*rig.host, "a", host::Command::connect, kSettle);
    static_cast<void>(reader.next("connection_state"));
}

BOOST_AUTO_TEST_CASE(a_listener_that_leaves_is_gone_at_once) {
    AdminRig rig(kOne);
    Reader reader(rig);
    reader.client().close();
    rig.all_gone();
    BOOST_TEST(rig.server->counts().clients_gone == 1U);
}

BOOST_AUTO_TEST_CASE(streams_end_in_order_when_the_server_stops) {
    AdminRig rig(kOne);
    Reader reader(rig);
    rig.stop(kLong);  // would wait as long for a stream that goes on
    BOOST_TEST(reader.client().read_all().ends_with("\r\n0\r\n\r\n"));
    BOOST_TEST((reader.client().ending() == RawClient::Ending::closed));
    BOOST_TEST(rig.server->counts().clients_gone == 0U);
}

BOOST_AUTO_TEST_CASE(a_listener_that_does_not_read_holds_nobody_up) {
    AdminRig rig(kOne);
    Reader lazy(rig);
    Reader reader(rig);
    tell(*rig.host, "a", host::Command::connect, kSettle);
    static_cast<void>(reader.next("connection_state"));
    lazy.client().close();
    reader.client().close();
    rig.all_gone();
}

BOOST_AUTO_TEST_CASE(whoever_asks_for_more_than_is_kept_learns_how_much_is_missing) {
    AdminRig rig(kOne);
    for (std::int64_t newest = 0; newest <= 1000; newest = Reader(rig).sequence()) {
        tell(*rig.host, "a", host::Command::connect, kSettle);
        tell(*rig.host, "a", host::Command::disconnect, kSettle);
    }
    Reader late(rig, "?since=0");
    const auto lost = late.next("lost");
    const auto first = sequence_of(late.next("connection_state"));
    BOOST_TEST((lost.root()["lost"].as_int64() == late.sequence() - 1000));
    BOOST_TEST(first > late.sequence() - 1000);
}

BOOST_AUTO_TEST_SUITE_END()
