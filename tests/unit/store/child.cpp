// Another process at the same state: tenon-store-child <command> <file> [argument]. It says on
// stdout, line by line, what has succeeded, and on a failure the error's message.
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string>

#include "counting.hpp"
#include "store/request_queue.hpp"

namespace tenon::store {
namespace {

void say(const std::string& line) {
    std::cout << line << std::endl;  // at once, because of what may come next
}

int fail(const Error& error) {
    say(error.message);
    return 1;
}

void limit_file_size(rlim_t bytes) {
    struct rlimit limit {};
    ::getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = bytes;
    ::setrlimit(RLIMIT_FSIZE, &limit);
}

/// Owns it until it is killed.
int own(StateStore&) {
    while (true) ::pause();
}

/// Counts on from a number until it is killed.
int count(StateStore& store, std::int64_t n) {
    for (;; ++n) {
        if (const auto done = write_number(store, n); !done) return fail(done.error());
        say(std::to_string(n));
    }
}

/// A hundred pins of its own.
int pin(StateStore& store, const std::string& name) {
    for (int i = 0; i < 100; ++i) {
        const auto done = store.pin({name + std::to_string(i), "mock", std::nullopt, false});
        if (!done) return fail(done.error());
    }
    return 0;
}

/// Counts until the files cannot grow any more, then once more when they can.
int fill(StateStore& store) {
    std::signal(SIGXFSZ, SIG_IGN);
    limit_file_size(65'536);
    std::int64_t n = 1;
    while (true) {
        const auto done = write_number(store, n);
        if (!done) {
            say(done.error().message);
            break;
        }
        ++n;
    }
    say(std::to_string(n - 1));
    limit_file_size(RLIM_INFINITY);
    if (const auto done = write_number(store, n); !done) return fail(done.error());
    say(std::to_string(n));
    return 0;
}

/// Puts requests in, takes and finishes each second one, until it is killed. Says "+n" and "=n".
int queue(const std::string& file, std::int64_t n) {
    const auto opened = RequestQueue::open(file, {1'000'000, 1'000'000});
    if (!opened) return fail(opened.error());
    RequestQueue& requests = **opened;
    say("open");
    for (;; ++n) {
        const std::string id = std::to_string(n);
        const QueuedRequest request{.id = id, .dialect = "d", .model = "m", .body = "body " + id};
        if (const auto done = requests.enqueue(request, n); !done) return fail(done.error());
        say("+" + id);
        if (n % 2 == 0) continue;
        const auto taken = requests.take(n, 1'000);
        if (!taken) return fail(taken.error());
        if (!*taken) continue;
        const auto done = requests.finish((*taken)->id, 200, "result " + (*taken)->id, n);
        if (!done) return fail(done.error());
        say("=" + (*taken)->id);
    }
}

int run(const std::string& command, const std::string& file, const std::string& argument) {
    if (command == "queue") return queue(file, std::stoll(argument));
    const Mode mode = command == "pin" ? Mode::guest : Mode::owner;
    const auto store = StateStore::open(file, mode);
    if (!store) return fail(store.error());
    say("open");
    if (command == "own") return own(**store);
    if (command == "count") return count(**store, std::stoll(argument));
    if (command == "pin") return pin(**store, argument);
    if (command == "fill") return fill(**store);
    return 2;
}

}  // namespace
}  // namespace tenon::store

int main(int argc, char** argv) {
    if (argc < 3) return 2;
    return tenon::store::run(argv[1], argv[2], argc > 3 ? argv[3] : "");
}
