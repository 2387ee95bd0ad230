// kill -9 of the daemon at any moment: nothing that was acknowledged is lost.

#include <cstdlib>

#include "daemon_clients.hpp"
#include "store/sqlite.hpp"
#include "wire/json.hpp"

using namespace tenon;
using namespace tenon::test;

namespace {

namespace fs = std::filesystem;

/// A dozen in the suite; more on demand.
int kills_wanted() {
    const char* wanted = std::getenv("TENON_TEST_KILLS");
    return wanted == nullptr ? 12 : std::atoi(wanted);
}

FakeLlmOptions counted_by(Asked& asked) {
    FakeLlmOptions options;
    options.answer = [&asked](std::string_view text) { return asked.answer(text); };
    return options;
}

struct Holder {
    Shared shared;
};

struct Killing : Holder, ServeFixture {
    Random random{20'261'121};
    int kills = kills_wanted();
    std::vector<std::unique_ptr<Client>> clients;
    std::vector<Asker*> askers;
    int early = 0;  ///< killed while it started
    int late = 0;   ///< killed while it ended

    Killing() : ServeFixture(counted_by(shared.asked)) {
        configure(
            R"("offline":{"enabled":true})",
            R"("routes":[)"
            R"({"model":"chat","tiers":[[{"provider":"fake","model":"fake-small"},{"provider":"one","model":"m"}],)"
            R"([{"provider":"two","model":"m"}]]},)"
            R"({"model":"cheap","tiers":[[{"provider":"two","model":"m"}],[{"provider":"one","model":"m"}],)"
            R"([{"provider":"fake","model":"fake-small"}]]}])");
        for (unsigned i = 0; i < 2; ++i) {
            clients.push_back(std::make_unique<Operator>(shared, 100 + i));
            auto asker = std::make_unique<Asker>(shared, 200 + i, "asker" + std::to_string(i));
            askers.push_back(asker.get());
            clients.push_back(std::move(asker));
        }
        for (const std::string& name : kProviders) {
            shared.ledger.settle("enabled " + name, "true");
            shared.ledger.settle("wanted " + name, "on_demand");
        }
        for (const std::string& route : kRoutes) shared.ledger.settle("route " + route, "");
    }

    void check(const std::string& place, const std::string& value) {
        const auto possible = shared.ledger.possible(place);
        std::string all;
        for (const std::string& one : possible) all += " '" + one + "'";
        BOOST_TEST((std::find(possible.begin(), possible.end(), value) != possible.end()),
                   place << " is '" << value << "', which should be one of" << all);
        shared.ledger.settle(place, value);
    }

    [[nodiscard]] wire::JsonDocument document(const std::string& path) const {
        const auto answer = control("GET", path);
        const auto parsed = wire::JsonDocument::parse(answer.body);
        BOOST_REQUIRE_MESSAGE(parsed.has_value(), path << ": " << answer.body);
        return *parsed;
    }
    /// What people have decided stands as it was acknowledged.
    void check_decisions() {
        const auto status = document("/admin/v1/status");
        std::size_t seen = 0;
        for (const auto provider : status.root()["providers"].elements()) {
            const std::string name(provider["name"].as_string().value_or(""));
            check("enabled " + name,
                  provider["enabled"].as_bool().value_or(false) ? "true" : "false");
            check("wanted " + name, std::string(provider["wanted"].as_string().value_or("")));
            ++seen;
        }
        BOOST_TEST(seen == kProviders.size());
        const auto routes = document("/admin/v1/routes");
        for (const auto route : routes.root()["routes"].elements()) {
            const std::string model(route["model"].as_string().value_or(""));
            if (std::find(kRoutes.begin(), kRoutes.end(), model) == kRoutes.end()) continue;
            const bool force = route["pin_forced"].as_bool().value_or(false);
            check("route " + model, std::string(route["pinned_to"].as_string().value_or("")) +
                                        (force ? " by force" : ""));
        }
    }
    void check_all() {
        check_decisions();
        for (Asker* asker : askers) asker->check_all(*this);
    }

    /// The files as the kill has left them, looked at in another place.
    void check_files() const {
        const fs::path copy = directory.path() / "copy";
        fs::create_directory(copy);
        for (const auto& entry : fs::directory_iterator(directory.path())) {
            if (entry.path().filename().string().find(".db") == std::string::npos) continue;
            fs::copy_file(entry.path(), copy / entry.path().filename());
        }
        for (const char* name : {"state.db", "queue.db"}) {
            if (!fs::exists(copy / name) || fs::file_size(copy / name) == 0) continue;
            auto opened = store::Database::open(copy / name);
            BOOST_REQUIRE_MESSAGE(opened.has_value(), name << " cannot be opened");
            const auto verdict = (*opened)->text("PRAGMA integrity_check");
            BOOST_TEST((verdict ? *verdict : verdict.error().message) == "ok");
        }
        fs::remove_all(copy);
    }

    void kill_it() { daemon->send_signal(SIGKILL); }
    /// \return false if it had ended by itself.
    bool was_killed() {
        const auto exit = daemon->wait();
        return exit.signal == SIGKILL;
    }

    void die_while_starting() {
        daemon = spawn();
        spin(random, 60'000'000);
        kill_it();
        BOOST_TEST(was_killed(), daemon->err());
        ++early;
    }
    void live_and_die() {
        start();
        check_all();
        shared.begun.reset();
        shared.acknowledged.reset();
        std::vector<std::thread> threads;
        for (const auto& client : clients) {
            threads.emplace_back([this, &client] { client->live(*this); });
        }
        const bool at_promise = draw(random, 0, 1) == 0;
        Tally& tally = at_promise ? shared.acknowledged : shared.begun;
        const bool reached = tally.wait_for(draw(random, 1, 80));
        // Just there, or somewhere in what comes next.
        spin(random, draw(random, 0, 2) == 0 ? 5'000'000 : 500'000);
        const bool ends_anyway = draw(random, 0, 7) == 0;
        if (ends_anyway) {
            daemon->send_signal(SIGTERM);
            spin(random, 3'000'000);
            ++late;
        }
        kill_it();
        const bool killed = was_killed();
        for (auto& thread : threads) thread.join();
        BOOST_TEST(reached);
        BOOST_TEST((killed || ends_anyway), daemon->err());
    }
    void check_problems() {
        for (const std::string& problem : shared.problems) BOOST_ERROR(problem);
        shared.problems.clear();
    }

    [[nodiscard]] std::int64_t queued() const {
        return document("/admin/v1/offline").root()["queued"].as_int64().value_or(-1);
    }
    /// Everybody can be asked again, so all is answered.
    void answer_the_rest() {
        start();
        check_all();
        for (const std::string& route : kRoutes) {
            const auto unpinned =
                control("POST", "/admin/v1/routes/unpin", R"({"model":")" + route + "\"}");
            BOOST_TEST(unpinned.status == 200);
        }
        for (const char* verb : {"enable", "connect"}) {
            const auto done = control("POST", std::string("/admin/v1/commands/") + verb, "{}");
            BOOST_TEST(done.status == 200, done.body);
            BOOST_TEST((done.body.find("refused") == std::string::npos), done.body);
        }
        eventually("all is answered", [this] { return queued() == 0; });
        for (Asker* asker : askers) {
            asker->check_all(*this);
            asker->check_answered_once(*this);
        }
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(daemon_kill, Killing)

BOOST_AUTO_TEST_CASE(killed_at_any_moment_it_loses_nothing_that_it_has_acknowledged) {
    for (int kill = 0; kill < kills; ++kill) {
        BOOST_TEST_CONTEXT("kill " << kill) {
            draw(random, 0, 5) == 0 ? die_while_starting() : live_and_die();
            check_problems();
            check_files();
        }
    }
    answer_the_rest();
    std::size_t promised = 0;
    std::size_t forgotten = 0;
    for (const Asker* asker : askers) {
        promised += asker->promised();
        forgotten += asker->forgotten();
    }
    BOOST_TEST_MESSAGE(kills << " kills, " << early << " while it started, " << late
                             << " while it ended; " << promised << " requests kept, " << forgotten
                             << " of them fetched and forgotten");
    BOOST_TEST(promised > 0u);
    daemon->send_signal(SIGTERM);
    BOOST_TEST(daemon->wait().code == 0);
}

BOOST_AUTO_TEST_SUITE_END()
