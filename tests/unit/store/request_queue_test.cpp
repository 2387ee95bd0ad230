#include "store/request_queue.hpp"

#include <sys/stat.h>

#include <string>
#include <vector>

#include "fixture.hpp"

namespace tenon::store {
namespace {

/// Version 1 as its first release wrote it; never to be changed.
constexpr const char* kVersion1 = R"sql(
    CREATE TABLE requests (
        seq         INTEGER PRIMARY KEY AUTOINCREMENT,
        id          TEXT    NOT NULL UNIQUE,
        dialect     TEXT    NOT NULL,
        model       TEXT    NOT NULL,
        client      TEXT    NOT NULL,
        idempotency TEXT    NOT NULL,
        queued      INTEGER NOT NULL,
        sends       INTEGER NOT NULL DEFAULT 0,
        taken_until INTEGER,
        finished    INTEGER,
        status      INTEGER
    ) STRICT;
    CREATE TABLE bodies (
        seq  INTEGER PRIMARY KEY,
        body TEXT NOT NULL
    ) STRICT;
    CREATE VIEW entries AS
        SELECT id, model, client, queued, sends, taken_until, finished, status, seq
        FROM requests;
    CREATE TRIGGER forget AFTER DELETE ON requests BEGIN
        DELETE FROM bodies WHERE seq = old.seq;
    END;
    PRAGMA application_id = 1416523601;
    PRAGMA user_version = 1;
    PRAGMA journal_mode = WAL;
    INSERT INTO requests (seq, id, dialect, model, client, idempotency, queued)
    VALUES (1, 'old', 'openai', 'm', 'key', 'old', 0);
    INSERT INTO bodies VALUES (1, 'groß');
)sql";

struct QueueFixture : Fixture {
    QueueLimits limits{.max_requests = 4, .max_bytes = 1'000, .max_age = 1'000};
    std::unique_ptr<RequestQueue> queue;

    QueueFixture() {
        file = directory / "queue.db";
        reopen();
    }

    void reopen() {
        queue.reset();
        auto opened = RequestQueue::open(file, limits);
        BOOST_REQUIRE_MESSAGE(opened, message_of(opened));
        queue = std::move(opened).value();
    }

    static QueuedRequest request(const std::string& id, const std::string& model = "m") {
        return {.id = id, .dialect = "openai", .model = model, .client = "key", .body = "b" + id};
    }
    void put(const std::string& id, UnixMs now = 0, const std::string& model = "m") const {
        const auto done = queue->enqueue(request(id, model), now);
        BOOST_REQUIRE_MESSAGE(done, message_of(done));
    }
    /// The id of what is taken; "-" = nothing.
    [[nodiscard]] std::string take(UnixMs now, UnixMs lease = 100,
                                   const QueueLane* lane = nullptr) const {
        const auto taken = queue->take(now, lease, lane);
        BOOST_REQUIRE_MESSAGE(taken, message_of(taken));
        return *taken ? (*taken)->id : "-";
    }
    [[nodiscard]] bool finish(const std::string& id, UnixMs now = 0) const {
        const auto done = queue->finish(id, 200, "answer", now);
        BOOST_REQUIRE_MESSAGE(done, message_of(done));
        return *done;
    }
    [[nodiscard]] QueueCounts counts() const { return queue->counts().value(); }
};

BOOST_FIXTURE_TEST_SUITE(request_queue, QueueFixture)

BOOST_AUTO_TEST_CASE(requests_come_out_in_order_whole_and_after_a_restart) {
    put("b", 5);
    put("a", 3);
    reopen();
    const auto first = queue->take(10, 100).value();
    BOOST_REQUIRE(first.has_value());
    BOOST_TEST(first->id == "b");
    BOOST_TEST(first->dialect == "openai");
    BOOST_TEST(first->model == "m");
    BOOST_TEST(first->client == "key");
    BOOST_TEST(first->body == "bb");
    BOOST_TEST(first->idempotency_key == "b");
    BOOST_TEST(first->queued == 5);
    BOOST_TEST(first->sends == 1);
    BOOST_TEST(take(10) == "a");
    BOOST_TEST(take(10) == "-");
}

BOOST_AUTO_TEST_CASE(bodies_are_bytes) {
    QueuedRequest with = request("x");
    with.body = std::string("a\0b\xff\n", 5);
    with.idempotency_key = "k";
    BOOST_TEST(queue->enqueue(with, 0).has_value());
    const auto taken = queue->take(0, 1).value();
    BOOST_REQUIRE(taken.has_value());
    BOOST_TEST(taken->body == with.body);
    BOOST_TEST(taken->idempotency_key == "k");
}

BOOST_AUTO_TEST_CASE(what_is_taken_is_nobody_elses_until_its_time_is_over) {
    put("a");
    BOOST_TEST(take(0, 100) == "a");
    BOOST_TEST(take(99) == "-");
    const auto again = queue->take(100, 100).value();
    BOOST_REQUIRE(again.has_value());
    BOOST_TEST(again->sends == 2);
    BOOST_TEST(again->idempotency_key == "a");
}

BOOST_AUTO_TEST_CASE(what_a_process_had_taken_when_it_ended_waits_again) {
    put("a");
    BOOST_TEST(take(0, 1'000'000) == "a");
    BOOST_TEST(counts().taken == 1u);
    reopen();
    BOOST_TEST(counts().waiting == 1u);
    BOOST_TEST(take(1) == "a");
}

BOOST_AUTO_TEST_CASE(what_is_given_back_keeps_its_place_and_counts_as_not_sent) {
    put("a");
    put("b");
    BOOST_TEST(take(0) == "a");
    BOOST_TEST(queue->give_back("a").value());
    BOOST_TEST(!queue->give_back("a").value());
    const auto again = queue->take(0, 100).value();
    BOOST_REQUIRE(again.has_value());
    BOOST_TEST(again->id == "a");
    BOOST_TEST(again->sends == 1);
}

BOOST_AUTO_TEST_CASE(one_model_can_be_served_while_another_waits) {
    put("a", 0, "down");
    put("b", 0, "up");
    put("c", 0, "down");
    const QueueLane down{"down", "key"};
    const QueueLane up{"up", "key"};
    BOOST_TEST((queue->lanes(0).value() == std::vector<QueueLane>{down, up}));
    BOOST_TEST(take(0, 100, &up) == "b");
    BOOST_TEST(take(0, 100, &up) == "-");
    BOOST_TEST((queue->lanes(0).value() == std::vector<QueueLane>{down}));
    BOOST_TEST(take(0) == "a");
}

BOOST_AUTO_TEST_CASE(one_client_can_be_served_while_another_waits) {
    put("a");
    QueuedRequest others = request("b");
    others.client = "other";
    BOOST_TEST(queue->enqueue(others, 0).has_value());
    const QueueLane other{"m", "other"};
    BOOST_TEST((queue->lanes(0).value() == std::vector<QueueLane>{{"m", "key"}, other}));
    BOOST_TEST(take(0, 100, &other) == "b");
    BOOST_TEST(take(0, 100, &other) == "-");
    BOOST_TEST(take(0) == "a");
}

BOOST_AUTO_TEST_CASE(a_result_stays_until_it_is_removed) {
    put("a");
    BOOST_TEST(take(0) == "a");
    BOOST_TEST(finish("a", 7));
    BOOST_TEST(!finish("a", 8));  // the first one counts
    reopen();
    for (int i = 0; i < 2; ++i) {
        const auto found = queue->find("a").value();
        BOOST_REQUIRE(found.has_value());
        BOOST_TEST((found->entry.state == QueueState::finished));
        BOOST_REQUIRE(found->result.has_value());
        BOOST_TEST(found->result->status == 200);
        BOOST_TEST(found->result->body == "answer");
        BOOST_TEST(found->result->finished == 7);
    }
    BOOST_TEST(take(1'000) == "-");
    BOOST_TEST(queue->remove("a").value());
    BOOST_TEST(!queue->remove("a").value());
    BOOST_TEST(!queue->find("a").value().has_value());
    BOOST_TEST(counts().all() == 0u);
}

BOOST_AUTO_TEST_CASE(nobody_wants_the_result_of_what_was_removed) {
    put("a");
    BOOST_TEST(take(0) == "a");
    BOOST_TEST(queue->remove("a").value());
    BOOST_TEST(!finish("a"));
}

BOOST_AUTO_TEST_CASE(more_than_allowed_are_refused_and_none_is_pushed_out) {
    for (const char* id : {"a", "b", "c", "d"}) put(id);
    const auto refused = queue->enqueue(request("e"), 0);
    BOOST_REQUIRE(!refused.has_value());
    BOOST_TEST((refused.error().code == Code::overloaded));
    BOOST_TEST(take(0) == "a");
    BOOST_TEST(finish("a"));
    BOOST_TEST(!queue->enqueue(request("e"), 0).has_value());  // its result takes the place
    BOOST_TEST(queue->remove("a").value());
    put("e");
    BOOST_TEST(counts().waiting == 4u);
}

BOOST_AUTO_TEST_CASE(more_bytes_than_allowed_are_refused_and_answers_count) {
    QueuedRequest large = request("a");
    large.body = std::string(1'000, 'x');
    BOOST_TEST_REQUIRE(queue->enqueue(large, 0).has_value());
    BOOST_TEST(counts().bytes == 1'000u);
    const auto refused = queue->enqueue(request("b"), 0);
    BOOST_TEST_REQUIRE(!refused.has_value());
    BOOST_TEST((refused.error().code == Code::overloaded));
    BOOST_TEST(take(0) == "a");
    BOOST_TEST(queue->finish("a", 200, std::string(999, 'y'), 0).value());
    BOOST_TEST(counts().bytes == 999u);
    BOOST_TEST(!queue->enqueue(request("b"), 0).has_value());
    BOOST_TEST(queue->remove("a").value());
    BOOST_TEST(counts().bytes == 0u);
    put("b");
}

BOOST_AUTO_TEST_CASE(a_request_that_will_never_fit_is_told_so) {
    QueuedRequest large = request("a");
    large.body = std::string(1'001, 'x');
    const auto refused = queue->enqueue(large, 0);
    BOOST_TEST_REQUIRE(!refused.has_value());
    BOOST_TEST((refused.error().code == Code::too_large));
}

BOOST_AUTO_TEST_CASE(an_answer_larger_than_everything_is_kept_and_leaves_no_room) {
    put("a");
    BOOST_TEST(take(0) == "a");
    BOOST_TEST(queue->finish("a", 200, std::string(5'000, 'y'), 0).value());
    BOOST_TEST(queue->find("a").value()->result->body.size() == 5'000u);
    BOOST_TEST(!queue->enqueue(request("b"), 0).has_value());
}

BOOST_AUTO_TEST_CASE(a_queue_of_the_version_before_knows_how_large_it_is) {
    queue.reset();
    file = directory / "old.db";
    run_sql(kVersion1);
    reopen();
    BOOST_TEST(counts().waiting == 1u);
    BOOST_TEST(counts().bytes == 5u);  // of UTF-8, not characters
    BOOST_TEST(take(0) == "old");
}

BOOST_AUTO_TEST_CASE(an_id_that_is_there_is_refused) {
    put("a");
    const auto refused = queue->enqueue(request("a"), 0);
    BOOST_REQUIRE(!refused.has_value());
    BOOST_TEST((refused.error().code == Code::invalid));
    BOOST_TEST(counts().all() == 1u);
}

BOOST_AUTO_TEST_CASE(what_is_too_old_is_dropped_unless_somebody_has_it) {
    put("waits", 0);
    put("taken", 0);
    put("result", 0);
    put("young", 500);
    BOOST_TEST(take(0, 5'000) == "waits");
    BOOST_TEST(take(0, 5'000) == "taken");
    BOOST_TEST(take(0, 5'000) == "result");
    BOOST_TEST(queue->give_back("waits").value());
    BOOST_TEST(finish("result", 200));
    BOOST_TEST(queue->drop_expired(999).value().empty());
    const auto dropped = queue->drop_expired(1'000).value();
    BOOST_REQUIRE(dropped.size() == 1u);
    BOOST_TEST(dropped.front().id == "waits");
    BOOST_TEST(queue->find("result").value().has_value());
    BOOST_TEST(queue->drop_expired(1'200).value().empty());  // a result, not a request
    BOOST_TEST(!queue->find("result").value().has_value());
    BOOST_TEST(queue->find("taken").value().has_value());
    BOOST_TEST(queue->find("young").value().has_value());
}

BOOST_AUTO_TEST_CASE(all_are_listed_oldest_first) {
    put("b", 1, "x");
    put("a", 2, "y");
    BOOST_TEST(take(3) == "b");
    const auto all = queue->list().value();
    BOOST_REQUIRE(all.size() == 2u);
    BOOST_TEST(all[0].id == "b");
    BOOST_TEST(all[0].model == "x");
    BOOST_TEST(all[0].client == "key");
    BOOST_TEST(all[0].queued == 1);
    BOOST_TEST(all[0].sends == 1);
    BOOST_TEST(to_string(all[0].state) == "taken");
    BOOST_TEST(to_string(all[1].state) == "waiting");
    BOOST_TEST(queue->list(1).value().size() == 1u);
}

BOOST_AUTO_TEST_CASE(two_processes_at_one_queue_are_refused) {
    const auto second = RequestQueue::open(file, limits);
    BOOST_REQUIRE(!second.has_value());
    BOOST_TEST((second.error().code == Code::unavailable));
    BOOST_TEST(says(second.error(), std::to_string(::getpid())));
}

BOOST_AUTO_TEST_CASE(a_queue_is_not_taken_for_a_state_nor_a_state_for_a_queue) {
    queue.reset();
    const auto state = StateStore::open(file, Mode::owner);
    BOOST_REQUIRE(!state.has_value());
    BOOST_TEST(says(state.error(), "another program"));
    file = directory / "state.db";
    static_cast<void>(open());
    const auto other = RequestQueue::open(file, limits);
    BOOST_REQUIRE(!other.has_value());
    BOOST_TEST(says(other.error(), "another program"));
}

BOOST_AUTO_TEST_CASE(prompts_are_for_their_user_alone) {
    struct stat status {};
    BOOST_REQUIRE(::stat(file.c_str(), &status) == 0);
    BOOST_TEST((status.st_mode & 0777) == 0600);
}

BOOST_AUTO_TEST_CASE(a_queue_that_was_moved_takes_nothing_in) {
    std::filesystem::rename(file, directory / "elsewhere.db");
    const auto refused = queue->enqueue(request("a"), 0);
    BOOST_REQUIRE(!refused.has_value());
    BOOST_TEST(says(refused.error(), "moved or deleted"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::store
