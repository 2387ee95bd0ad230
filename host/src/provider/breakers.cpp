#include "provider/breakers.hpp"

#include <algorithm>
#include <chrono>

#include "base/duration.hpp"
#include "core/stable_hash.hpp"

namespace tenon::provider {
namespace {

using std::chrono::ceil;
using std::chrono::milliseconds;

/// Did the server itself answer that it could not? Then it is alive, and others of its models may
/// work.
bool blames_model(const core::AttemptEnd& end) noexcept {
    return end.stop == core::Stop::none && end.error != nullptr && end.error->http_status >= 500 &&
           end.error->scope != Scope::provider;
}

/// Rounded up, to whole seconds from one on.
std::string in_words(base::Duration wait) {
    const auto ms = ceil<milliseconds>(wait);
    const bool is_short = ms < std::chrono::seconds(1);
    return base::format_duration(is_short ? ms : ceil<std::chrono::seconds>(ms));
}

std::string counted(std::uint64_t number, std::string_view what) {
    return std::to_string(number) + ' ' + std::string(what) + (number == 1 ? "" : "s");
}

/// Why it is open, e.g. " after 5 failures within 1m".
std::string cause(const core::BreakerSnapshot& breaker, std::uint64_t failures,
                  milliseconds window) {
    if (breaker.reopens > 0) {
        return " again after " + counted(std::uint64_t(breaker.reopens), "failed probe");
    }
    if (failures == 0) return {};
    return " after " + counted(failures, "failure") + " within " + base::format_duration(window);
}

}  // namespace

Breakers::Breakers(std::string provider, const core::BreakerSettings& settings,
                   base::TimePoint origin, std::uint64_t seed, Listener listener)
    : name_(std::move(provider)),
      settings_(settings),
      origin_(origin),
      seed_(seed),
      listener_(std::move(listener)),
      provider_("", settings, origin, seed) {}

Breakers::~Breakers() = default;

// --- Passes --------------------------------------------------------------------------------------

Breakers::Pass& Breakers::Pass::operator=(Pass&& other) noexcept {
    if (this != &other) {
        drop();
        breakers_ = std::exchange(other.breakers_, nullptr);
        model_ = other.model_;
        provider_permit_ = std::move(other.provider_permit_);
        line_ = std::move(other.line_);
        model_permit_ = std::move(other.model_permit_);
    }
    return *this;
}

/// What is ignored changes no state, so there is no event; nor does the time matter.
void Breakers::Pass::drop() noexcept {
    if (breakers_ == nullptr) return;
    Breakers& breakers = *std::exchange(breakers_, nullptr);
    const base::TimePoint now = breakers.origin_;
    (void)breakers.provider_.breaker.record(std::move(provider_permit_), core::Outcome::ignored,
                                            now);
    if (!line_) return;
    (void)line_->breaker.record(std::move(model_permit_), core::Outcome::ignored, now);
    line_.reset();
}

core::Verdict Breakers::Pass::report(core::AttemptEnd end, base::TimePoint now) {
    end.probe = is_probe();
    const core::Verdict verdict = core::judge(end);
    if (breakers_ == nullptr) return verdict;
    std::exchange(breakers_, nullptr)->report(*this, verdict.outcome, blames_model(end), now);
    line_.reset();
    return verdict;
}

void Breakers::report(Pass& pass, core::Outcome outcome, bool blames_model, base::TimePoint now) {
    const bool failure = outcome == core::Outcome::failure;
    bool is_models = failure && blames_model && !pass.model_.empty();
    if (!pass.line_ && !pass.model_.empty() && (is_models || outcome == core::Outcome::success)) {
        pass.line_ = is_models ? find_or_make(pass.model_, now) : find(pass.model_);
        if (pass.line_) pass.model_permit_ = core::Breaker::permit_from_before();
    }
    is_models = is_models && pass.line_;

    const auto of_provider = is_models ? core::Outcome::success : outcome;  // it has answered
    const auto of_model = failure && !is_models ? core::Outcome::ignored : outcome;
    deliver(provider_,
            provider_.breaker.record(std::move(pass.provider_permit_), of_provider, now));
    if (!pass.line_) return;
    deliver(*pass.line_, pass.line_->breaker.record(std::move(pass.model_permit_), of_model, now));
}

// --- Admission -----------------------------------------------------------------------------------

Result<Breakers::Pass> Breakers::admit(std::string_view model, base::TimePoint now) {
    core::Admission admission = provider_.breaker.admit(now);
    deliver(provider_, admission.event);
    if (!admission) return rejection(provider_, admission.retry_after, now);
    Pass pass(*this, model, std::move(admission.permit));

    pass.line_ = find(model);
    if (pass.line_) {
        admission = pass.line_->breaker.admit(now);
        deliver(*pass.line_, admission.event);
        if (!admission) return rejection(*pass.line_, admission.retry_after, now);
        pass.model_permit_ = std::move(admission.permit);
    }
    return pass;
}

base::TimePoint Breakers::ready_at(std::string_view model, base::TimePoint now) const noexcept {
    base::Duration wait = provider_.breaker.retry_after(now);
    if (const auto models = models_.read()) {
        const auto* line = find(*models, model);
        if (line != nullptr) wait = std::max(wait, (*line)->breaker.retry_after(now));
    }
    return wait == core::kNotByItself ? base::kNoDeadline : now + wait;
}

Error Breakers::rejection(const Line& line, base::Duration retry_after, base::TimePoint now) const {
    const core::BreakerSnapshot breaker = line.breaker.snapshot(now);
    const bool by_hand = retry_after == core::kNotByItself;
    std::string text = "provider " + name_ + ": ";
    text += line.model.empty() ? "its circuit breaker"
                               : "the circuit breaker of the model \"" + line.model + '"';
    if (by_hand) {
        text += " was opened by hand and stays open until it is reset or forced closed";
    } else if (breaker.state == core::BreakerState::open) {
        text += " is open" + cause(breaker, line.failures.load(), settings_.window) +
                "; it tries again in " + in_words(retry_after);
    } else {
        text +=
            " is half-open and waits for the end of a probe, " + in_words(retry_after) + " at most";
    }

    Error error(Code::unavailable, std::move(text));
    error.scope = line.model.empty() ? Scope::provider : Scope::request;
    error.retryable = true;
    error.not_sent = true;
    if (!by_hand) error.retry_after_ms = ceil<milliseconds>(retry_after).count();
    return error;
}

// --- Models --------------------------------------------------------------------------------------

const std::shared_ptr<Breakers::Line>* Breakers::find(const Lines& lines,
                                                      std::string_view model) noexcept {
    const auto place = std::lower_bound(lines.begin(), lines.end(), model,
                                        [](const std::shared_ptr<Line>& line,
                                           std::string_view name) { return line->model < name; });
    return place != lines.end() && (*place)->model == model ? &*place : nullptr;
}

std::shared_ptr<Breakers::Line> Breakers::find(std::string_view model) const noexcept {
    const auto models = models_.read();
    const auto* line = models ? find(*models, model) : nullptr;
    return line != nullptr ? *line : nullptr;
}

/// As if it had just been made, as far as anybody can tell who does not look at its totals.
bool Breakers::is_idle(const core::BreakerSnapshot& breaker) noexcept {
    using State = core::BreakerState;
    return (breaker.state == State::closed || breaker.state == State::disabled) &&
           breaker.counts.total() == 0;
}

/// Whoever found the line a moment ago may be about to use it: what has happened to it by now is
/// told, or it stays; what happens later is not, or it would follow the events of its successor.
bool Breakers::retire(Line& line, base::TimePoint now) {
    const std::lock_guard lock(events_mutex_);
    const core::BreakerSnapshot breaker = line.breaker.snapshot(now);
    const bool all_is_told = !listener_ || line.next_sequence == breaker.generation + 1;
    line.retired = all_is_told && is_idle(breaker);
    return line.retired;
}

std::shared_ptr<Breakers::Line> Breakers::find_or_make(std::string_view model,
                                                       base::TimePoint now) {
    const std::lock_guard lock(models_mutex_);
    if (auto line = find(model)) return line;
    models_.sweep();  // or what was replaced seems to be in use
    auto lines = std::make_unique<Lines>();
    if (const auto models = models_.read()) {
        const bool is_full = models->size() >= kMostModels;
        for (const auto& line : *models) {
            const bool in_use = line.use_count() > 1;
            if (!is_full || in_use || !retire(*line, now)) lines->push_back(line);
        }
    }
    if (lines->size() >= kMostModels) return nullptr;
    auto made = std::make_shared<Line>(model, settings_, origin_, seed_ ^ core::stable_hash(model));
    const auto place =
        std::upper_bound(lines->begin(), lines->end(), model,
                         [](std::string_view name, const std::shared_ptr<Line>& line) {
                             return name < line->model;
                         });
    lines->insert(place, made);
    models_.replace(std::move(lines));
    return made;
}

Breakers::Lines Breakers::all_models() const {
    const auto models = models_.read();
    return models ? *models : Lines();
}

// --- By hand, by timer ---------------------------------------------------------------------------

Result<std::shared_ptr<Breakers::Line>> Breakers::by_hand(std::string_view model,
                                                          base::TimePoint now) {
    if (auto line = find_or_make(model, now)) return line;
    return Error(Code::unavailable,
                 "provider " + name_ + ": " + std::to_string(kMostModels) +
                     " models have a circuit breaker that is in use, so the model \"" +
                     std::string(model) + "\" cannot get one; reset those that are not needed");
}

Result<void> Breakers::force_open(std::string_view model, base::TimePoint now) {
    if (model.empty()) {
        deliver(provider_, provider_.breaker.force_open(now));
        return {};
    }
    const auto line = by_hand(model, now);
    if (!line) return line.error();
    deliver(**line, (*line)->breaker.force_open(now));
    return {};
}

Result<void> Breakers::force_closed(std::string_view model, base::TimePoint now) {
    if (model.empty()) {
        deliver(provider_, provider_.breaker.force_closed(now));
        return {};
    }
    const auto line = by_hand(model, now);
    if (!line) return line.error();
    deliver(**line, (*line)->breaker.force_closed(now));
    return {};
}

void Breakers::reset(std::string_view model, base::TimePoint now) {
    if (!model.empty()) {
        if (const auto line = find(model)) deliver(*line, line->breaker.reset(now));
        return;
    }
    deliver(provider_, provider_.breaker.reset(now));
    for (const auto& line : all_models()) deliver(*line, line->breaker.reset(now));
}

void Breakers::tick(base::TimePoint now) {
    deliver(provider_, provider_.breaker.tick(now));
    for (const auto& line : all_models()) deliver(*line, line->breaker.tick(now));
    const std::lock_guard lock(models_mutex_);
    models_.sweep();
}

Breakers::Snapshot Breakers::snapshot(base::TimePoint now) const {
    Snapshot snapshot{provider_.breaker.snapshot(now), {}};
    for (const auto& line : all_models()) {
        core::BreakerSnapshot breaker = line->breaker.snapshot(now);
        if (is_idle(breaker)) continue;
        snapshot.models.push_back({line->model, breaker});
    }
    return snapshot;
}

// --- Events --------------------------------------------------------------------------------------

void Breakers::deliver(Line& line, const std::optional<core::BreakerEvent>& event) {
    if (!event) return;
    if (event->cause == core::BreakerCause::too_many_failures) {
        line.failures.store(event->counts.failures);
    }
    if (!listener_) return;

    std::unique_lock lock(events_mutex_);
    if (line.retired) return;
    line.early.emplace(event->sequence, *event);
    while (!line.early.empty() && line.early.begin()->first == line.next_sequence) {
        deliveries_.push_back({line.model, line.early.begin()->second});
        line.early.erase(line.early.begin());
        ++line.next_sequence;
    }
    if (delivering_) return;
    delivering_ = true;
    while (!deliveries_.empty()) {
        const Delivery delivery = std::move(deliveries_.front());
        deliveries_.pop_front();
        lock.unlock();
        try {
            listener_(delivery.model, delivery.event);
        } catch (...) {  // its loss alone
        }
        lock.lock();
    }
    delivering_ = false;
}

}  // namespace tenon::provider
