// How `tenon serve` begins and ends.

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "daemon_fixture.hpp"

using namespace tenon::test;

namespace {

/// Where a service manager would be told how the daemon stands.
class NotifySocket {
public:
    explicit NotifySocket(const std::filesystem::path& path)
        : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        BOOST_REQUIRE(path.string().size() < sizeof(address.sun_path));
        std::strcpy(address.sun_path, path.c_str());
        BOOST_REQUIRE(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) ==
                      0);
        const timeval patience{60, 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    }
    ~NotifySocket() { ::close(fd_); }
    NotifySocket(const NotifySocket&) = delete;
    NotifySocket& operator=(const NotifySocket&) = delete;

    [[nodiscard]] std::string next() const {
        std::array<char, 512> text{};
        const auto size = ::recv(fd_, text.data(), text.size(), 0);
        return size < 0 ? "(nothing)" : std::string(text.data(), static_cast<std::size_t>(size));
    }

private:
    int fd_;
};

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

FakeLlmOptions gated(const Gate& gate) {
    FakeLlmOptions options;
    options.stream_gate = gate;
    return options;
}

struct GateHolder {
    Gate gate;
};

/// A daemon with a stream that stands in the middle.
struct Streaming : GateHolder, ServeFixture {
    Streaming() : ServeFixture(gated(gate)) {
        configure("");
        start();
        client = std::make_unique<RawClient>(port);
        const std::string body = chat("fake/fake-small", "a long story", true);
        client->send("POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: " +
                     std::to_string(body.size()) + "\r\n\r\n" + body);
        gate.let_pass(3);
        begin = client->read_until("You ");
    }
    std::unique_ptr<RawClient> client;
    std::string begin;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(serve)

BOOST_FIXTURE_TEST_CASE(a_second_daemon_on_the_same_state_is_refused_and_the_first_goes_on,
                        ServeFixture) {
    configure("");
    start();
    const auto second = spawn();
    const auto exit = second->wait();
    BOOST_TEST(exit.code > 0);
    BOOST_TEST(has(second->err(), "process " + std::to_string(daemon->pid())), second->err());
    BOOST_TEST(lines(second->err()) == 1u, second->err());
    BOOST_TEST(second->out() == "");
    BOOST_TEST(get("/healthz").status == 200);
    BOOST_TEST(control("GET", "/admin/v1/status").status == 200);
}

BOOST_FIXTURE_TEST_CASE(a_second_daemon_on_another_state_does_not_take_the_socket_of_the_first,
                        ServeFixture) {
    configure("");
    start();
    config = directory.file("other.json", R"({"gateway":{"listen":["127.0.0.1:0"]},"daemon":)"
                                          R"({"state_file":"other.db",)"
                                          R"("control_socket":"control.sock"}})");
    const auto second = spawn();
    BOOST_TEST(second->wait().code > 0);
    BOOST_TEST(has(second->err(), "control.sock"), second->err());
    BOOST_TEST(control("GET", "/admin/v1/status").status == 200);
}

BOOST_FIXTURE_TEST_CASE(after_a_signal_it_ends_when_its_streams_have_ended, Streaming) {
    daemon->send_signal(SIGTERM);
    BOOST_TEST(has(daemon->read_line().value_or(""), "draining"));
    gate.open();
    BOOST_TEST(has(client->read_all(), "[DONE]"));
    const auto exit = daemon->wait();
    BOOST_TEST(exit.code == 0);
    BOOST_TEST(daemon->err() == "");
    BOOST_TEST(!std::filesystem::exists(socket()));
}

BOOST_FIXTURE_TEST_CASE(a_second_signal_ends_it_in_the_middle_of_a_stream, Streaming) {
    daemon->send_signal(SIGTERM);
    BOOST_TEST(has(daemon->read_line().value_or(""), "draining"));
    daemon->send_signal(SIGTERM);
    BOOST_TEST(daemon->wait().signal == SIGTERM);
    BOOST_TEST(!has(client->read_all(), "[DONE]"));
}

BOOST_FIXTURE_TEST_CASE(the_service_manager_is_told_when_it_serves_and_when_it_ends, ServeFixture) {
    const auto path = directory.path() / "notify.sock";
    const NotifySocket manager(path);
    configure("");
    start({{"NOTIFY_SOCKET", path.string()}});
    BOOST_TEST(has(manager.next(), "READY=1\n"));
    BOOST_TEST(get("/healthz").status == 200);
    daemon->send_signal(SIGTERM);
    BOOST_TEST(has(manager.next(), "STOPPING=1\n"));
    BOOST_TEST(daemon->wait().code == 0);
}

BOOST_FIXTURE_TEST_CASE(it_starts_and_serves_although_no_provider_can_be_reached, ServeFixture) {
    config = directory.file("tenon.json",
                            R"({"daemon":{"state_file":"state.db","control_socket":"control.sock"},
        "retry":{"max_attempts":1},"providers":{
            "nameless":{"kind":"openai","default_model":"m",
                        "config":{"base_url":"http://provider.invalid/v1","api_key":"k"}},
            "closed":{"kind":"openai","default_model":"m",
                      "config":{"base_url":"http://127.0.0.1:1/v1","api_key":"k"}}}})");
    start();
    BOOST_TEST(get("/healthz").status == 200);
    for (const char* model : {"nameless/m", "closed/m"}) {
        RawClient client(port);
        const auto answer = client.exchange("POST", "/v1/chat/completions", chat(model, "Hi"));
        BOOST_TEST(answer.status >= 500, model << ": " << answer.status << answer.body);
    }
    BOOST_TEST(get("/healthz").status == 200);
    BOOST_TEST(control("GET", "/admin/v1/status").status == 200);
}

BOOST_FIXTURE_TEST_CASE(a_configuration_named_relative_to_here_means_the_same, ServeFixture) {
    configure(R"("offline":{"enabled":true})");
    const std::string absolute = config;
    config = std::filesystem::relative(config).string();
    start();
    const std::string status = control("GET", "/admin/v1/status").body;
    BOOST_TEST(has(status, "\"state_file\":\"" + (directory.path() / "state.db").string() + '"'),
               status);
    BOOST_TEST(has(status, "\"config_file\":\"" + absolute + '"'), status);
    BOOST_TEST(std::filesystem::exists(directory.path() / "queue.db"));
}

BOOST_FIXTURE_TEST_CASE(who_asks_for_a_reload_gets_it_or_learns_why_not, ServeFixture) {
    const auto write = [this](const std::string& providers) {
        config = directory.file(
            "tenon.json", R"({"daemon":{"state_file":"state.db","control_socket":"control.sock",)"
                          R"("watch_config":false},"providers":)" +
                              providers + "}");
    };
    write(R"({"one":{"kind":"mock"}})");
    start();
    write(R"({"one":{"kind":"mock"},"later":{"kind":"mock"}})");
    const auto done = control("POST", "/admin/v1/reload");
    BOOST_TEST(done.status == 200, done.body);
    BOOST_TEST(has(done.body, "providers.later"), done.body);
    BOOST_TEST(has(control("GET", "/admin/v1/status").body, R"("name":"later")"));

    write(R"({"one":{"kid":"mock"}})");
    const auto refused = control("POST", "/admin/v1/reload");
    BOOST_TEST(refused.status == 422, refused.body);
    BOOST_TEST(has(refused.body, "did you mean 'kind'"), refused.body);
    BOOST_TEST(has(control("GET", "/admin/v1/status").body, R"("name":"later")"));
}

BOOST_FIXTURE_TEST_CASE(a_reload_takes_no_keys_from_a_gateway_that_others_can_reach, ServeFixture) {
    const auto ask = [this] {
        RawClient client(port);
        return client.exchange("POST", "/v1/chat/completions", chat("one/m", "Hi")).status;
    };
    configure(R"("keys":{"somebody":{"key":"0123456789abcdef"}})");
    listen = "0.0.0.0:0";
    start();
    BOOST_TEST(ask() == 401);
    configure("");
    const auto done = control("POST", "/admin/v1/reload");
    BOOST_TEST(done.status == 200, done.body);
    BOOST_TEST(has(done.body, "gateway.keys"), done.body);
    BOOST_TEST(ask() == 401);
}

BOOST_AUTO_TEST_SUITE_END()
