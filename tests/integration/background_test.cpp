#include "tenon/host/background.hpp"

#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <map>
#include <random>

#include "managed_fixture.hpp"

using namespace tenon;
using namespace tenon::test;
using namespace std::chrono_literals;

namespace {

using WhenFull = host::BackgroundProcessor::WhenFull;

std::unique_ptr<host::BackgroundProcessor> process(host::Host& host,
                                                   const host::BackgroundOptions& options = {}) {
    auto made = host::BackgroundProcessor::create(host, options);
    BOOST_REQUIRE_MESSAGE(made.has_value(), why(made));
    return *std::move(made);
}

host::BackgroundOptions one_at_once() {
    host::BackgroundOptions options;
    options.concurrency = 1;
    options.retry_base = 1ms;
    return options;
}

/// What came back, in order.
class Results {
public:
    host::BackgroundProcessor::OnResult keep() {
        return [this](host::BackgroundResult result) {
            const std::lock_guard lock(mutex_);
            all_.push_back(std::move(result));
        };
    }
    std::vector<host::BackgroundResult> all() const {
        const std::lock_guard lock(mutex_);
        return all_;
    }
    std::vector<std::string> ids() const {
        std::vector<std::string> out;
        for (const auto& result : all()) out.push_back(result.id);
        return out;
    }
    std::size_t with(Code code) const {
        const auto results = all();
        return static_cast<std::size_t>(
            std::count_if(results.begin(), results.end(), [&](const auto& result) {
                return code == (result.answer ? Code::ok : result.answer.error().code);
            }));
    }

private:
    mutable std::mutex mutex_;
    std::vector<host::BackgroundResult> all_;
};

void submit(host::BackgroundProcessor& processor, host::BackgroundJob job, Results& results) {
    const auto taken = processor.submit(std::move(job), results.keep());
    BOOST_REQUIRE_MESSAGE(taken.has_value(), why(taken));
}

host::BackgroundJob job(const std::string& id, const host::ChatRequest& request, int priority = 0) {
    return {id, request, priority};
}

std::string text_of(const host::BackgroundResult& result) {
    BOOST_REQUIRE_MESSAGE(result.answer.has_value(), why(result.answer));
    return std::get<host::ChatAnswer>(*result.answer).text;
}

/// A provider whose requests last until they are cancelled.
void add_silent(host::Host& host) {
    add(host, "silent", "mock", R"({"fail_every":1,"fail_with":"silent"})");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(background)

BOOST_AUTO_TEST_CASE(each_job_is_answered_once) {
    const auto host = open_host(quiet());
    add(*host, "p", "mock");
    Results results;
    const auto processor = process(*host);
    for (int i = 0; i < 100; ++i) {
        const std::string n = std::to_string(i);
        submit(*processor, job(n, ask("p", "text " + n)), results);
    }
    BOOST_TEST(processor->drain());
    const auto all = results.all();
    BOOST_TEST(all.size() == 100u);
    for (const auto& result : all) {
        BOOST_TEST(text_of(result) == "You said: text " + result.id);
        BOOST_TEST(result.tries == 1);
    }
    auto ids = results.ids();
    std::sort(ids.begin(), ids.end());
    BOOST_TEST((std::adjacent_find(ids.begin(), ids.end()) == ids.end()));
    BOOST_TEST(processor->counts().succeeded == 100u);
}

BOOST_AUTO_TEST_CASE(embeddings_and_whole_bodies_are_jobs_too) {
    const auto host = open_host(quiet());
    add(*host, "p", "mock");
    Results results;
    const auto processor = process(*host, one_at_once());
    host::EmbeddingRequest embed;
    embed.provider = "p";
    embed.inputs = {"a", "b"};
    submit(*processor, {"embed", embed}, results);
    host::ChatRequest body;
    body.provider = "p";
    body.body_json = R"({"messages":[{"role":"user","content":"whole"}]})";
    submit(*processor, job("body", body), results);
    BOOST_TEST(processor->drain());
    const auto all = results.all();
    BOOST_REQUIRE(all.size() == 2u);
    BOOST_REQUIRE(all[0].answer.has_value());
    BOOST_TEST(std::get<host::EmbeddingAnswer>(*all[0].answer).vectors.size() == 2u);
    BOOST_TEST(text_of(all[1]) == "You said: whole");
}

BOOST_AUTO_TEST_CASE(priorities_decide_then_the_order_of_arrival) {
    const auto host = open_host(quiet());
    add(*host, "p", "mock");
    Results results;
    const auto processor = process(*host, one_at_once());
    processor->pause();
    submit(*processor, job("a", ask("p", "x")), results);
    submit(*processor, job("b", ask("p", "x"), 2), results);
    submit(*processor, job("c", ask("p", "x")), results);
    submit(*processor, job("d", ask("p", "x"), 2), results);
    BOOST_TEST(processor->counts().ready == 4u);
    processor->resume();
    BOOST_TEST(processor->drain());
    BOOST_TEST(results.ids() == (std::vector<std::string>{"b", "d", "a", "c"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(without_a_pool_the_direct_path_serves) {
    const auto host = open_host(quiet());
    add(*host, "stateless", "mock", "{}", R"({"pool":{"pooling":false}})");
    add(*host, "each", "mock-session", "{}", R"({"pool":{"pooling":false}})");
    Results results;
    const auto processor = process(*host);
    for (int i = 0; i < 20; ++i) {
        const std::string n = std::to_string(i);
        submit(*processor, job("s" + n, ask("stateless", n)), results);
        submit(*processor, job("e" + n, ask("each", n)), results);
    }
    BOOST_TEST(processor->drain());
    BOOST_TEST(results.with(Code::ok) == 40u);
    BOOST_TEST(status_of(*host, "each").pool.idle == 0u);
    BOOST_TEST(statistics_of(*host, "each").connects == 20u);
}

BOOST_AUTO_TEST_CASE(what_may_pass_is_tried_again_and_what_may_not_is_not) {
    const auto host = open_host(quiet());
    const std::string once = R"({"retry":{"max_attempts":1}})";
    add(*host, "recovers", "mock", R"({"fail_every":1,"fail_times":2})", once);
    add(*host, "refuses", "mock", R"({"fail_every":1,"fail_with":"refused"})", once);
    add(*host, "never", "mock", R"({"fail_every":1})", once);
    Results results;
    const auto processor = process(*host, one_at_once());
    submit(*processor, job("recovers", ask("recovers", "x")), results);
    submit(*processor, job("refuses", ask("refuses", "x")), results);
    auto never = job("never", ask("never", "x"));
    never.max_tries = 2;
    submit(*processor, std::move(never), results);
    BOOST_TEST(processor->drain());
    std::map<std::string, host::BackgroundResult> by_id;
    for (const auto& result : results.all()) by_id.emplace(result.id, result);
    BOOST_TEST(text_of(by_id.at("recovers")) == "You said: x");
    BOOST_TEST(by_id.at("recovers").tries == 3);
    BOOST_TEST((by_id.at("refuses").answer.error().code == Code::refused));
    BOOST_TEST(by_id.at("refuses").tries == 1);
    BOOST_TEST((by_id.at("never").answer.error().code == Code::unavailable));
    BOOST_TEST(by_id.at("never").tries == 2);
}

BOOST_AUTO_TEST_CASE(jobs_wait_for_an_open_breaker_and_none_is_lost_to_it) {
    const auto host = open_host(quiet());
    add(*host, "p", "mock");
    add(*host, "other", "mock");
    BOOST_TEST(host->set_breaker("p", "", host::BreakerCommand::force_open).has_value());
    Results results;
    host::BackgroundOptions options;
    options.max_tries = 1;
    const auto processor = process(*host, options);
    for (int i = 0; i < 30; ++i) {
        submit(*processor, job(std::to_string(i), ask("p", "x")), results);
    }
    eventually("all are held", [&] { return processor->counts().held == 30; });
    BOOST_TEST(contains(processor->counts().held_because, "p"));
    // Others go on meanwhile.
    submit(*processor, job("other", ask("other", "x")), results);
    eventually("the other one", [&] { return results.with(Code::ok) == 1; });
    BOOST_TEST(host->set_breaker("p", "", host::BreakerCommand::reset).has_value());
    BOOST_TEST(processor->drain());
    BOOST_TEST(results.with(Code::ok) == 31u);
    for (const auto& result : results.all()) BOOST_TEST(result.tries == 1);
}

BOOST_AUTO_TEST_CASE(an_outage_costs_no_job_its_tries) {
    // Fails so often that the breaker opens again and again.
    const auto host = open_with(R"({"jitter":false,"retry":{"max_attempts":1},
        "breaker":{"failure_threshold":3,"recovery":"5ms"},
        "providers":{"p":{"kind":"mock","config":{"fail_every":1,"fail_times":12}}}})",
                                quiet());
    Results results;
    host::BackgroundOptions options;
    options.concurrency = 2;
    options.retry_base = 1ms;
    const auto processor = process(*host, options);
    for (int i = 0; i < 10; ++i) {
        submit(*processor, job(std::to_string(i), ask("p", "x")), results);
    }
    BOOST_TEST(processor->drain());
    BOOST_TEST(results.with(Code::ok) == 10u);
}

BOOST_AUTO_TEST_CASE(waiting_and_running_jobs_can_be_cancelled) {
    const auto host = open_host(quiet());
    add_silent(*host);
    Results results;
    const auto processor = process(*host, one_at_once());
    submit(*processor, job("running", ask("silent", "x")), results);
    eventually("it runs", [&] { return processor->counts().running == 1; });
    submit(*processor, job("waiting", ask("silent", "x")), results);
    BOOST_TEST(processor->cancel("waiting"));
    eventually("the first", [&] { return results.all().size() == 1; });
    BOOST_TEST(processor->cancel("running"));
    BOOST_TEST(processor->drain());
    BOOST_TEST(!processor->cancel("running"));
    BOOST_TEST(!processor->cancel("unknown"));
    BOOST_TEST(results.ids() == (std::vector<std::string>{"waiting", "running"}),
               boost::test_tools::per_element());
    BOOST_TEST(results.with(Code::cancelled) == 2u);
    BOOST_TEST(processor->counts().cancelled == 2u);
}

BOOST_AUTO_TEST_CASE(a_full_queue_refuses_or_lets_wait) {
    const auto host = open_host(quiet());
    add(*host, "p", "mock");
    Results results;
    auto options = one_at_once();
    options.capacity = 2;
    const auto processor = process(*host, options);
    processor->pause();
    submit(*processor, job("1", ask("p", "x")), results);
    submit(*processor, job("2", ask("p", "x")), results);
    const auto refused =
        processor->submit(job("3", ask("p", "x")), results.keep(), WhenFull::refuse);
    BOOST_REQUIRE(!refused.has_value());
    BOOST_TEST((refused.error().code == Code::overloaded));
    std::stop_source stop;
    stop.request_stop();
    const auto stopped = processor->submit(job("3", ask("p", "x")), results.keep(), WhenFull::wait,
                                           stop.get_token());
    BOOST_REQUIRE(!stopped.has_value());
    BOOST_TEST((stopped.error().code == Code::cancelled));
    std::thread waiting([&] { submit(*processor, job("3", ask("p", "x")), results); });
    processor->resume();
    waiting.join();
    BOOST_TEST(processor->drain());
    BOOST_TEST(results.with(Code::ok) == 3u);
}

BOOST_AUTO_TEST_CASE(two_unfinished_jobs_of_one_id_are_refused) {
    const auto host = open_host(quiet());
    add(*host, "p", "mock");
    Results results;
    const auto processor = process(*host);
    processor->pause();
    submit(*processor, job("same", ask("p", "x")), results);
    const auto second = processor->submit(job("same", ask("p", "y")), results.keep());
    BOOST_REQUIRE(!second.has_value());
    BOOST_TEST((second.error().code == Code::invalid));
    processor->resume();
    BOOST_TEST(processor->drain());
    submit(*processor, job("same", ask("p", "z")), results);
    BOOST_TEST(processor->drain());
    BOOST_TEST(results.all().size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_callback_may_submit_cancel_and_throw) {
    const auto host = open_host(quiet());
    add(*host, "p", "mock");
    add_silent(*host);
    Results results;
    auto options = one_at_once();
    options.concurrency = 2;
    options.capacity = 1;
    const auto processor = process(*host, options);
    submit(*processor, job("silent", ask("silent", "x")), results);
    // Of the callbacks, which run on other threads: the framework's checks may not.
    std::atomic<int> left = 50;
    std::atomic<int> too_many = 0;
    std::atomic<bool> cancelled = false;
    std::function<void(host::BackgroundResult)> next = [&](host::BackgroundResult) {
        if (--left == 0) {
            cancelled = processor->cancel("silent");
            throw std::runtime_error("dropped");
        }
        // The same id again: the job of that name is over. Waiting for room would be for ever.
        static_cast<void>(processor->submit(job("chain", ask("p", "x")), next));
        if (processor->submit(job("more", ask("p", "x")), {}, WhenFull::wait)) ++too_many;
    };
    BOOST_TEST(processor->submit(job("chain", ask("p", "x")), next).has_value());
    eventually("the whole chain", [&] { return left == 0; });
    BOOST_TEST(processor->drain());
    BOOST_TEST(cancelled);
    BOOST_TEST(too_many == 0);
    BOOST_TEST(results.with(Code::cancelled) == 1u);
}

BOOST_AUTO_TEST_CASE(the_end_cancels_what_is_left_and_tells_each_callback) {
    const auto host = open_host(quiet());
    add_silent(*host);
    Results results;
    auto processor = process(*host);
    for (int i = 0; i < 20; ++i) {
        submit(*processor, job(std::to_string(i), ask("silent", "x")), results);
    }
    eventually("some run", [&] { return processor->counts().running == 8; });
    processor.reset();
    BOOST_TEST(results.with(Code::cancelled) == 20u);
    eventually("nothing is left", [&] { return status_of(*host, "silent").in_flight == 0; });
}

BOOST_AUTO_TEST_CASE(nobody_waits_for_a_drain_that_is_stopped) {
    const auto host = open_host(quiet());
    add(*host, "p", "mock");
    Results results;
    const auto processor = process(*host);
    processor->pause();
    submit(*processor, job("1", ask("p", "x")), results);
    std::stop_source stop;
    stop.request_stop();
    BOOST_TEST(!processor->drain(stop.get_token()));
    processor->wind_down();
    BOOST_TEST(processor->drain());
}

BOOST_AUTO_TEST_CASE(winding_down_ends_what_waits_and_lets_what_runs_end) {
    const auto host = open_host(quiet());
    add(*host, "p", "mock");
    add(*host, "bad", "mock", R"({"fail_every":1})", R"({"retry":{"max_attempts":1}})");
    Results results;
    auto options = one_at_once();
    options.concurrency = 2;
    options.retry_base = 1h;
    options.retry_cap = 2h;
    const auto processor = process(*host, options);
    std::promise<void> wound;
    auto keep = results.keep();
    BOOST_TEST(processor
                   ->submit(job("first", ask("p", "x")),
                            [&](host::BackgroundResult result) {
                                processor->wind_down();
                                keep(std::move(result));
                                wound.set_value();
                            })
                   .has_value());
    submit(*processor, job("bad", ask("bad", "x")), results);
    submit(*processor, job("waits", ask("p", "x"), -1), results);
    wound.get_future().wait();
    BOOST_TEST(processor->drain());
    const auto refused = processor->submit(job("late", ask("p", "x")), results.keep());
    BOOST_REQUIRE(!refused.has_value());
    BOOST_TEST((refused.error().code == Code::cancelled));
    BOOST_TEST(results.all().size() == 3u);
    BOOST_TEST(results.with(Code::unavailable) == 0u);
}

BOOST_AUTO_TEST_CASE(options_without_sense_are_refused) {
    const auto host = open_host(quiet());
    host::BackgroundOptions options;
    options.concurrency = 0;
    BOOST_TEST(!host::BackgroundProcessor::create(*host, options).has_value());
    options = {};
    options.capacity = 0;
    BOOST_TEST(!host::BackgroundProcessor::create(*host, options).has_value());
    options = {};
    options.retry_base = -1ms;
    BOOST_TEST(!host::BackgroundProcessor::create(*host, options).has_value());
}

BOOST_AUTO_TEST_CASE(the_destructor_in_a_callback_ends_the_program) {
    const pid_t child = ::fork();
    BOOST_REQUIRE(child >= 0);
    if (child == 0) {
        // Only what needs nothing of the test framework.
        std::signal(SIGABRT, SIG_DFL);
        std::set_terminate([] { ::_exit(42); });
        host::HostOptions options = quiet();
        options.plugin_directories.emplace_back(TENON_TEST_PLUGIN_DIR);
        options.log_level = "off";
        auto host = host::Host::open(options);
        if (!host || !(*host)->add_provider({"p", "mock", "{}", {}})) ::_exit(1);
        auto processor = host::BackgroundProcessor::create(**host);
        if (!processor) ::_exit(2);
        auto& owner = *processor;
        static_cast<void>(
            owner->submit(job("1", ask("p", "x")), [&](auto) { delete owner.release(); }));
        for (;;) ::pause();
    }
    int status = 0;
    BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
    BOOST_TEST(WIFEXITED(status));
    BOOST_TEST(WEXITSTATUS(status) == 42);
}

BOOST_AUTO_TEST_CASE(in_a_storm_each_accepted_job_has_one_result) {
    const auto host = open_host(quiet());
    add(*host, "p", "mock-session", R"({"fail_rate":0.2,"seed":7})",
        R"({"retry":{"max_attempts":1},"breaker":{"recovery":"1ms"}})");
    add_silent(*host);
    host::BackgroundOptions options;
    options.capacity = 50;
    options.retry_base = 1ms;
    options.retry_cap = 2ms;
    options.max_tries = 2;
    auto processor = process(*host, options);
    std::mutex mutex;
    std::map<std::string, int> results;
    std::atomic<std::size_t> accepted = 0;
    const auto one_thread = [&](int number) {
        std::mt19937 random(static_cast<unsigned>(number));
        for (int i = 0; i < 300; ++i) {
            const std::string id = std::to_string(number) + "/" + std::to_string(i);
            const bool silent = random() % 10 == 0;
            const auto taken = processor->submit(
                job(id, ask(silent ? "silent" : "p", "x"), static_cast<int>(random() % 3)),
                [&](const host::BackgroundResult& result) {
                    const std::lock_guard lock(mutex);
                    ++results[result.id];
                },
                random() % 2 == 0 ? WhenFull::refuse : WhenFull::wait);
            if (taken) ++accepted;
            if (silent) processor->cancel(id);
            if (random() % 5 == 0) {
                processor->cancel(std::to_string(number) + "/" + std::to_string(random() % 300));
            }
            if (random() % 20 == 0) processor->pause();
            if (random() % 5 == 0) processor->resume();
            processor->resume();
        }
    };
    std::vector<std::thread> threads;
    for (int number = 0; number < 3; ++number) threads.emplace_back(one_thread, number);
    for (std::thread& thread : threads) thread.join();
    processor.reset();
    BOOST_TEST(results.size() == accepted);
    BOOST_TEST(std::all_of(results.begin(), results.end(),
                           [](const auto& result) { return result.second == 1; }));
    for (const char* name : {"p", "silent"}) {
        eventually("nothing is left", [&] { return status_of(*host, name).in_flight == 0; });
        BOOST_TEST(status_of(*host, name).permits.held == 0u);
    }
}

BOOST_AUTO_TEST_SUITE_END()
