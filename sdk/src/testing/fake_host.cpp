#include "tenon/testing/fake_host.hpp"

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>

#include "testing/fake_state.hpp"

namespace tenon::testing {
namespace {

std::string listed(const std::vector<std::string>& violations, std::size_t from = 0) {
    std::string out = "the plugin or its test broke the contract:";
    for (std::size_t i = from; i < violations.size(); ++i) out += "\n  - " + violations[i];
    return out;
}

}  // namespace

FakeHost::FakeHost() : state_(std::make_unique<FakeState>()) {}

FakeHost::~FakeHost() {
    if (state_->violations_shown >= state_->violations.size()) return;
    std::fprintf(stderr, "%s\n", listed(state_->violations, state_->violations_shown).c_str());
    // A test that is failing already goes on to report why.
    if (std::uncaught_exceptions() == 0) std::abort();
}

const tenon_host* FakeHost::table() const noexcept {
    return &state_->table;
}

FakeHttp FakeHost::http() noexcept {
    return FakeHttp(*state_);
}

void FakeHost::hide_service(std::string_view id) {
    const auto lock = state_->lock();
    state_->hidden_services.emplace(id);
}

bool FakeHost::step() {
    return state_->step();
}

void FakeHost::run() {
    state_->run();
}

void FakeHost::run_until_idle() {
    state_->run_until_idle();
}

void FakeHost::advance(std::chrono::nanoseconds time) {
    state_->advance_to((now() + time).count());
}

std::chrono::nanoseconds FakeHost::now() const {
    const auto lock = state_->lock();
    return std::chrono::nanoseconds(state_->now_ns);
}

void FakeHost::set_patience(std::chrono::milliseconds patience) {
    const auto lock = state_->lock();
    state_->patience = patience;
}

std::vector<LogLine> FakeHost::logs() const {
    const auto lock = state_->lock();
    return state_->logs;
}

void FakeHost::set_log_level(LogLevel level) {
    const auto lock = state_->lock();
    state_->log_level = level;
}

std::vector<LostConnection> FakeHost::lost_connections() const {
    const auto lock = state_->lock();
    return state_->lost;
}

std::vector<std::string> FakeHost::violations() const {
    const auto lock = state_->lock();
    state_->violations_shown = state_->violations.size();
    return state_->violations;
}

void FakeHost::check() const {
    const auto all = violations();
    if (!all.empty()) throw std::logic_error(listed(all));
}

// ---- FakeCall ----------------------------------------------------------------------------------

bool FakeCall::finished() const {
    const auto lock = state_->lock();
    return state_->find(lock, handle_)->finished;
}

Outcome FakeCall::outcome() const {
    const auto lock = state_->lock();
    return state_->find(lock, handle_)->outcome;
}

void FakeCall::cancel() {
    state_->cancel(handle_);
}

}  // namespace tenon::testing
