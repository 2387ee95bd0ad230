#include "provider.hpp"

#include <algorithm>
#include <stdexcept>

#include "requests.hpp"
#include "tenon/json_text.hpp"
#include "vectors.hpp"

namespace tenon::mock {
namespace {

template <class T>
Result<std::unique_ptr<T>> make(const ProviderContext& context) {
    const auto config = JsonDocument::parse(context.host, context.config);
    if (!config) return config.error();
    auto settings = read_settings(*config);
    if (!settings) return std::move(settings).error();
    return std::make_unique<T>(context, std::move(settings).value());
}

void give_up(Call& call) {
    call.fail(Error(Code::cancelled, "the mock stopped because nobody wants its answer any more"));
}

/// Ends a request that fails before its answer begins; returns false if it does not. Throws when
/// that is the fault.
bool fails_at_once(Call& call, const Fault& fault, Code waited) {
    if (waited != Code::ok) {
        give_up(call);
        return true;
    }
    switch (fault.kind) {
        case Fault::Kind::none:
        case Fault::Kind::midstream:
        case Fault::Kind::stall: return false;
        case Fault::Kind::error: call.fail(fault_error(fault)); return true;
        case Fault::Kind::silent: give_up(call); return true;
        case Fault::Kind::drop: {
            const Call dropped = std::move(call);
            return true;
        }
        case Fault::Kind::exception: throw std::runtime_error("the mock throws, as asked");
    }
    return false;
}

/// The same for health checks and connects.
bool fails_at_once(Call& call, Behaviour::Kind kind, Code waited) {
    if (waited != Code::ok) {
        give_up(call);
    } else if (kind == Behaviour::Kind::fail) {
        call.fail(fault_error({.kind = Fault::Kind::error, .code = Code::unavailable}));
    } else if (kind == Behaviour::Kind::auth) {
        call.fail(fault_error({.kind = Fault::Kind::error, .code = Code::auth}));
    }
    return call.finished();
}

std::string rerank_json(const std::vector<Ranked>& ranked) {
    std::string out = "{\"results\":[";
    for (const Ranked& one : ranked) {
        if (out.back() == '}') out += ',';
        out += "{\"index\":";
        append_number(out, one.index);
        out += ",\"relevance_score\":";
        append_number(out, one.score);
        out += '}';
    }
    return out += "]}";
}

std::string models_json(const std::vector<std::string>& models) {
    std::string out = "{\"object\":\"list\",\"data\":[";
    for (const std::string& model : models) {
        if (out.back() == '}') out += ',';
        out += "{\"id\":";
        append_json_string(out, model);
        out += ",\"object\":\"model\",\"created\":0,\"owned_by\":\"mock\"}";
    }
    return out += "]}";
}

}  // namespace

Result<std::unique_ptr<Mock>> Mock::create(const ProviderContext& context) {
    return make<Mock>(context);
}

Result<std::unique_ptr<MockSession>> MockSession::create(const ProviderContext& context) {
    return make<MockSession>(context);
}

Result<std::unique_ptr<MockBlocking>> MockBlocking::create(const ProviderContext& context) {
    return make<MockBlocking>(context);
}

Mock::Ticket Mock::take_ticket(std::string_view model, bool has_deltas) noexcept {
    const std::uint64_t number = requests_.fetch_add(1, std::memory_order_relaxed) + 1;
    Ticket ticket;
    ticket.fault = fault_of_model(model);
    if (ticket.fault.kind == Fault::Kind::none) {
        ticket.fault = planned_fault(settings_.faults, number);
    }
    if (!has_deltas) ticket.fault = without_deltas(ticket.fault);
    ticket.delay =
        ticket.fault.kind == Fault::Kind::silent
            ? kForever
            : delay_of(settings_.latency, settings_.jitter, settings_.faults.seed, number);
    return ticket;
}

Task Mock::complete(Call call, Request request) {
    const Ticket ticket = take_ticket(request.model(), true);
    const Code waited = co_await pause(call, ticket.delay);
    if (fails_at_once(call, ticket.fault, waited)) co_return;

    const auto document = JsonDocument::of_request(call);
    if (!document) co_return call.fail(document.error());
    const auto prompt = read_prompt(*document);
    if (!prompt) co_return call.fail(prompt.error());
    const Reply reply = reply_to(*prompt, settings_.style);
    const std::chrono::nanoseconds gap = settings_.token_gap();

    const bool breaks = ticket.fault.kind != Fault::Kind::none;
    if (!request.stream() && !breaks) {
        const auto tokens = static_cast<std::int64_t>(reply.output_tokens);
        if (co_await pause(call, gap * tokens) != Code::ok) co_return give_up(call);
        const std::string body = body_json(reply, request.model());
        co_return call.finish({.body = body,
                               .input_tokens = reply.input_tokens,
                               .output_tokens = reply.output_tokens});
    }

    // The numbers of the result cannot tell how many tokens went into reasoning.
    const std::string usage = reply.reasoning.empty() ? std::string() : usage_json(reply);
    const std::vector<Delta> deltas = deltas_of(reply, usage);
    const std::size_t end = breaks ? (deltas.size() + 1) / 2 : deltas.size();
    for (std::size_t i = 0; i < end; ++i) {
        Code code = Code::ok;
        if (i != 0) code = co_await pause(call, gap);
        if (code == Code::ok) code = co_await call.deliver(deltas[i]);
        if (code != Code::ok) co_return give_up(call);
    }
    if (ticket.fault.kind == Fault::Kind::midstream) co_return call.fail(fault_error(ticket.fault));
    if (ticket.fault.kind == Fault::Kind::stall) {
        co_await pause(call, kForever);
        co_return give_up(call);
    }
    call.finish({.finish_reason = reply.finish_reason,
                 .input_tokens = reply.input_tokens,
                 .output_tokens = reply.output_tokens});
}

Task Mock::embed(Call call, Request request) {
    const Ticket ticket = take_ticket(request.model(), false);
    const Code waited = co_await pause(call, ticket.delay);
    if (fails_at_once(call, ticket.fault, waited)) co_return;

    const auto document = JsonDocument::of_request(call);
    if (!document) co_return call.fail(document.error());
    const auto wanted = read_embed(*document, settings_.dimensions);
    if (!wanted) co_return call.fail(wanted.error());
    std::vector<float> vectors;
    vectors.reserve(wanted->inputs.size() * wanted->dimensions);
    std::uint64_t tokens = 0;
    for (const std::string& input : wanted->inputs) {
        append_embedding(vectors, input, wanted->dimensions);
        tokens += count_tokens(input);
    }
    call.finish_vectors(vectors.data(), static_cast<std::uint32_t>(wanted->inputs.size()),
                        wanted->dimensions, tokens);
}

Task Mock::rerank(Call call, Request request) {
    const Ticket ticket = take_ticket(request.model(), false);
    const Code waited = co_await pause(call, ticket.delay);
    if (fails_at_once(call, ticket.fault, waited)) co_return;

    const auto document = JsonDocument::of_request(call);
    if (!document) co_return call.fail(document.error());
    const auto wanted = read_rerank(*document);
    if (!wanted) co_return call.fail(wanted.error());
    std::vector<double> scores;
    std::uint64_t tokens = count_tokens(wanted->query);
    for (const std::string& text : wanted->documents) {
        scores.push_back(relevance(wanted->query, text));
        tokens += count_tokens(text);
    }
    const std::string body = rerank_json(ranking(std::move(scores), wanted->top_n));
    call.finish({.body = body, .input_tokens = tokens});
}

Task Mock::list_models(Call call) {
    const std::string body = models_json(settings_.models);
    call.finish({.body = body});
    co_return;
}

Task Mock::health_check(Call call) {
    const auto kind = settings_.health.of(++health_checks_);
    const bool slow = kind == Behaviour::Kind::slow;
    const Code waited = co_await pause(call, slow ? settings_.slow : std::chrono::milliseconds(0));
    if (fails_at_once(call, kind, waited)) co_return;
    call.finish({.body = "{\"version\":\"" TENON_VERSION_STRING "\"}"});
}

Task MockSession::connect(Call call) {
    const auto kind = settings().connect.of(++connects_);
    const bool slow = kind == Behaviour::Kind::slow;
    const Code waited = co_await pause(call, slow ? settings().slow : std::chrono::milliseconds(0));
    if (fails_at_once(call, kind, waited)) co_return;
    call.finish_connected(std::make_unique<Connection>());
}

}  // namespace tenon::mock
