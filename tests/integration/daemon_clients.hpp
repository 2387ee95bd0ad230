#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <system_error>
#include <vector>

#include "daemon_fixture.hpp"
#include "daemon_ledger.hpp"

namespace tenon::test {

inline const std::vector<std::string> kProviders = {"fake", "one", "two"};
inline const std::vector<std::string> kRoutes = {"chat", "cheap"};
inline const std::vector<std::string> kModels = {"fake/fake-small", "one/m", "two/m", "chat",
                                                 "cheap"};

using Random = std::mt19937;
inline int draw(Random& random, int from, int to) {
    return std::uniform_int_distribution(from, to)(random);
}
template <class List>
const auto& one_of(Random& random, const List& list) {
    return list[static_cast<std::size_t>(draw(random, 0, static_cast<int>(list.size()) - 1))];
}
/// So long that the daemon gets on, or not.
inline void spin(Random& random, int most) {
    volatile int turns = draw(random, 0, most);
    while (turns > 0) turns = turns - 1;
}

/// A request that the daemon has promised to send later.
struct Promise {
    std::string place;
    std::string text;
    bool from_fake = false;   ///< its provider counts
    std::string answer = {};  ///< as first seen
    int sends = 0;            ///< when it was first seen
    enum class State { kept, deleting, deleted } state = State::kept;
};

/// What the model server was asked, by the words of the prompt.
class Asked {
public:
    std::string answer(std::string_view text) {
        const std::lock_guard lock(mutex_);
        ++times_[std::string(text)];
        return "You said: " + std::string(text);
    }
    int times(const std::string& text) {
        const std::lock_guard lock(mutex_);
        return times_[text];
    }

private:
    std::mutex mutex_;
    std::map<std::string, int> times_;
};

/// What all clients share.
struct Shared {
    Ledger ledger;
    Asked asked;
    Tally begun;         ///< requests to the daemon
    Tally acknowledged;  ///< answers of the daemon that promise something
    std::mutex mutex;
    std::vector<std::string> problems;  ///< the test framework is for one thread

    void problem(const std::string& what) {
        const std::lock_guard lock(mutex);
        problems.push_back(what);
    }
};

/// One who talks to the daemon, until that is gone.
class Client {
public:
    Client(Shared& shared, unsigned seed) : shared_(shared), random_(seed) {}
    virtual ~Client() = default;

    void live(const ServeFixture& daemon) {
        try {
            control_ = std::make_unique<RawClient>(daemon.socket());
            public_ = std::make_unique<RawClient>(daemon.port);
            gone_ = false;
            while (!gone_) act();
        } catch (const std::system_error&) {
            // Killed before it was connected.
        }
        control_.reset();
        public_.reset();
    }

protected:
    virtual void act() = 0;

    /// Nothing if the daemon is gone before the whole answer is there.
    std::optional<RawResponse> ask(RawClient& client, const std::string& method,
                                   const std::string& path, const std::string& body,
                                   const Headers& headers) {
        shared_.begun.add();
        auto answer = client.exchange(method, path, body, headers);
        gone_ = answer.status == 0 || !answer.complete;
        if (gone_) return std::nullopt;
        return answer;
    }
    /// An operator's request, one way or the other.
    std::optional<RawResponse> command(const std::string& path, const std::string& body) {
        if (draw(random_, 0, 1) == 0) return ask(*control_, "POST", path, body, {});
        return ask(*public_, "POST", path, body, {{"authorization", "Bearer key-of-the-operator"}});
    }

    Shared& shared_;
    Random random_;
    std::unique_ptr<RawClient> control_;
    std::unique_ptr<RawClient> public_;
    bool gone_ = false;
};

class Operator final : public Client {
public:
    using Client::Client;

private:
    void act() override { draw(random_, 0, 3) == 0 ? pin() : steer(); }

    void steer() {
        static const std::vector<std::string> kVerbs = {"enable",  "disable",    "disable",
                                                        "connect", "disconnect", "enable"};
        const std::string verb = one_of(random_, kVerbs);
        const std::string name = one_of(random_, kProviders);
        const bool able = verb.ends_with("able");
        const std::string place = (able ? "enabled " : "wanted ") + name;
        const std::string patience = draw(random_, 0, 3) == 0 ? "1000" : "0";
        const auto write =
            shared_.ledger.begin(place, able ? (verb == "enable" ? "true" : "false") : verb + "ed");
        const auto answer =
            command("/admin/v1/commands/" + verb,
                    R"({"providers":[")" + name + R"("],"patience_ms":)" + patience + "}");
        if (!answer) return;
        const bool refused = answer->body.find(R"("kind":"refused")") != std::string::npos;
        if (answer->status != 200) shared_.problem(verb + ": " + answer->body);
        shared_.ledger.end(place, write, refused);
        if (!refused) shared_.acknowledged.add();
    }

    void pin() {
        const std::string model = one_of(random_, kRoutes);
        const std::string to = draw(random_, 0, 2) == 0 ? "" : one_of(random_, kProviders);
        const bool force = !to.empty() && draw(random_, 0, 1) == 0;
        const std::string place = "route " + model;
        const auto write = shared_.ledger.begin(place, to + (force ? " by force" : ""));
        std::string body = R"({"model":")" + model + '"';
        if (!to.empty()) {
            body += R"(,"provider":")" + to + R"(","force":)" + (force ? "true" : "false");
        }
        const auto answer =
            command(to.empty() ? "/admin/v1/routes/unpin" : "/admin/v1/routes/pin", body + "}");
        if (!answer) return;
        if (answer->status != 200) shared_.problem("pin: " + answer->body);
        shared_.ledger.end(place, write, false);
        shared_.acknowledged.add();
    }
};

/// Sends requests that may wait; fetches the answers and throws them away.
class Asker final : public Client {
public:
    Asker(Shared& shared, unsigned seed, std::string name)
        : Client(shared, seed), name_(std::move(name)) {}

    /// None of what was promised is lost, or comes in two forms.
    void check_all(const ServeFixture& daemon) {
        RawClient client(daemon.port);
        for (Promise& promise : promises_) {
            const auto answer = client.exchange("GET", promise.place);
            BOOST_TEST_REQUIRE(answer.complete);
            const std::string problem = look(promise, answer);
            BOOST_TEST(problem == "");
        }
        // What is known to be gone need not be looked at for ever.
        std::erase_if(promises_, [](const Promise& promise) {
            return promise.state == Promise::State::deleted;
        });
        for (Promise& promise : promises_) promise.state = Promise::State::kept;
    }
    void check_answered_once(const ServeFixture& daemon) {
        check_all(daemon);
        for (const Promise& promise : promises_) {
            BOOST_TEST(promise.answer != "", promise.text << " has no answer");
            if (promise.from_fake) BOOST_TEST(shared_.asked.times(promise.text) == promise.sends);
        }
        for (const std::string& text : answered_at_once_) {
            BOOST_TEST(shared_.asked.times(text) == 1, text << " was answered at once");
        }
    }

    [[nodiscard]] std::size_t promised() const noexcept { return promised_; }
    [[nodiscard]] std::size_t forgotten() const noexcept { return forgotten_; }

private:
    void act() override {
        const int what = draw(random_, 0, 5);
        if (promises_.empty() || what < 3) {
            send();
        } else {
            fetch(one_of_mine());
        }
    }
    Promise& one_of_mine() {
        const int last = static_cast<int>(promises_.size()) - 1;
        return promises_[static_cast<std::size_t>(draw(random_, 0, last))];
    }

    void send() {
        const std::string model = one_of(random_, kModels);
        const std::string text = name_ + "-" + std::to_string(++sent_);
        const auto answer = ask(*public_, "POST", "/v1/chat/completions", chat(model, text),
                                {{"x-tenon-offline", "queue"}});
        if (!answer) return;
        if (answer->status == 202) {
            promises_.push_back(
                {answer->header("location").value_or(""), text, model == "fake/fake-small"});
            ++promised_;
            shared_.acknowledged.add();
        } else if (answer->status != 200) {
            shared_.problem("a request: " + std::to_string(answer->status) + answer->body);
        } else if (model == "fake/fake-small") {
            answered_at_once_.push_back(text);
        }
    }

    void fetch(Promise& promise) {
        if (promise.state == Promise::State::deleted || promise.answer.empty()) {
            const auto answer = ask(*public_, "GET", promise.place, "", {});
            if (!answer) return;
            if (const auto problem = look(promise, *answer); !problem.empty()) {
                shared_.problem(problem);
            }
            return;
        }
        promise.state = Promise::State::deleting;
        const auto answer = ask(*public_, "DELETE", promise.place, "", {});
        if (!answer) return;
        if (answer->status != 204) shared_.problem("DELETE: " + answer->body);
        promise.state = Promise::State::deleted;
        ++forgotten_;
        shared_.acknowledged.add();
    }

    /// \return what is wrong
    std::string look(Promise& promise, const RawResponse& answer) {
        const bool deleted = promise.state == Promise::State::deleted;
        const std::string told =
            promise.text + ": " + std::to_string(answer.status) + " " + answer.body;
        if (answer.status == 404 && promise.state != Promise::State::kept) {
            promise.state = Promise::State::deleted;
            return "";
        }
        if (deleted) return "forgotten, but still there: " + told;
        if (answer.status == 202) {
            return promise.answer.empty() ? "" : "was answered, and waits again: " + told;
        }
        if (answer.status != 200) return "lost: " + told;
        if (answer.body.find("You said: " + promise.text + "\"") == std::string::npos) {
            return "another's answer: " + told;
        }
        if (promise.answer.empty()) {
            promise.answer = answer.body;
            promise.sends = shared_.asked.times(promise.text);
        }
        return promise.answer == answer.body ? "" : "answered twice: " + told;
    }

    const std::string name_;
    std::vector<Promise> promises_;
    std::vector<std::string> answered_at_once_;
    int sent_ = 0;
    std::size_t promised_ = 0;
    std::size_t forgotten_ = 0;
};

}  // namespace tenon::test
