#include "cli/interrupt.hpp"

#include <unistd.h>
#include <csignal>
#include <mutex>
#include <thread>

#include "cli/commands.hpp"

namespace tenon::cli {
namespace {

struct State {
    std::mutex mutex;
    std::stop_source* current = nullptr;
    std::function<void()> idle_action;
};

State& state() {
    static State& s = *new State;  // used by a thread that lives as long as the process
    return s;
}

sigset_t interrupt_signal() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    return set;
}

}  // namespace

void Interrupts::block() {
    const sigset_t set = interrupt_signal();
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

Interrupts& Interrupts::instance() {
    static Interrupts& interrupts = *new Interrupts;
    return interrupts;
}

Interrupts::Interrupts() {
    std::thread([this] { receive(); }).detach();
}

void Interrupts::receive() {
    const sigset_t set = interrupt_signal();
    for (;;) {
        int signal = 0;
        if (sigwait(&set, &signal) != 0) continue;
        std::function<void()> action;
        {
            const std::lock_guard lock(state().mutex);
            if (state().current != nullptr) {
                if (state().current->stop_requested()) _exit(kInterrupted);
                state().current->request_stop();
                continue;
            }
            action = state().idle_action;
        }
        if (!action) _exit(kInterrupted);
        action();
    }
}

void Interrupts::set_idle_action(std::function<void()> action) {
    const std::lock_guard lock(state().mutex);
    state().idle_action = std::move(action);
}

Interrupts::Scope::Scope() {
    instance();
    const std::lock_guard lock(state().mutex);
    state().current = &source_;
}

Interrupts::Scope::~Scope() {
    const std::lock_guard lock(state().mutex);
    state().current = nullptr;
}

}  // namespace tenon::cli
