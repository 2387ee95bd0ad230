#include "testing/fake_exchange.hpp"

#include <algorithm>
#include <cctype>

#include "tenon/plugin/host.hpp"
#include "testing/fake_state.hpp"
#include "testing/lent_text.hpp"

namespace tenon::testing {
namespace {

bool same_name(std::string_view a, std::string_view b) noexcept {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [&](char x, char y) { return lower(x) == lower(y); });
}

/// Headers as a callback lends them.
struct LentHeaders {
    std::vector<LentText> texts;
    std::vector<tenon_header> headers;

    explicit LentHeaders(const std::vector<HttpField>& fields) {
        texts.reserve(fields.size() * 2);
        for (const HttpField& field : fields) {
            texts.emplace_back(field.name);
            texts.emplace_back(field.value);
        }
        for (std::size_t i = 0; i < texts.size(); i += 2) {
            headers.push_back({texts[i].abi(), texts[i + 1].abi()});
        }
    }
};

std::vector<std::string> cut(HttpReply& reply) {
    if (!reply.chunks.empty() || reply.body.empty()) return std::move(reply.chunks);
    const std::size_t size = reply.chunk_size == 0 ? reply.body.size() : reply.chunk_size;
    std::vector<std::string> chunks;
    for (std::size_t at = 0; at < reply.body.size(); at += size) {
        chunks.push_back(reply.body.substr(at, size));
    }
    return chunks;
}

}  // namespace

std::optional<std::string_view> SentRequest::header(std::string_view name) const noexcept {
    for (const HttpField& field : headers) {
        if (same_name(field.name, name)) return field.value;
    }
    return std::nullopt;
}

std::optional<HttpReply> HttpScript::take(std::string_view method, std::string_view url) {
    const auto fits = [&](const Entry& entry) {
        return entry.method.empty() || (entry.method == method && entry.url == url);
    };
    const auto found = std::find_if(entries.begin(), entries.end(), fits);
    if (found == entries.end()) return std::nullopt;
    HttpReply reply = std::move(found->reply);
    entries.erase(found);
    return reply;
}

std::string HttpScript::expected() const {
    if (entries.empty()) return "no request is expected any more";
    std::string out = "expected:";
    for (const Entry& entry : entries) out += " " + entry.method + " " + entry.url + ",";
    out.pop_back();
    return out;
}

FakeExchange::FakeExchange(tenon_call call, const tenon_http_sink& sink, HttpReply reply,
                           std::size_t sent_index, const tenon_str& stable_body)
    : FakeOperation(call),
      sink_(sink),
      reply_(std::move(reply)),
      sent_index_(sent_index),
      stable_body_(stable_body) {
    reply_.chunks = cut(reply_);
}

bool FakeExchange::held() const noexcept {
    switch (reply_.hold) {
        case HttpHold::none: return false;
        case HttpHold::head: return !head_passed_;
        case HttpHold::body: return head_passed_ && next_chunk_ == 0;
        case HttpHold::end: return head_passed_ && next_chunk_ == reply_.chunks.size();
    }
    return false;
}

bool FakeExchange::body_is(std::string_view sent) const noexcept {
    return stable_body_.len == 0 || from_abi(stable_body_) == sent;
}

void FakeExchange::on_due() {
    stop(Error(Code::deadline, "the exchange did not end in its time limit"));
}

std::function<void()> FakeExchange::next() {
    if (stopped_) return done(stopped_);
    if (!head_passed_) {
        if (reply_.status == 0) {
            return done(reply_.error ? *reply_.error
                                     : Error(Code::unavailable, "the exchange failed"));
        }
        head_passed_ = true;
        return [sink = sink_, status = reply_.status, fields = reply_.headers] {
            if (sink.on_headers == nullptr) return;
            const LentHeaders lent(fields);
            sink.on_headers(sink.user, status, lent.headers.data(), lent.headers.size());
        };
    }
    if (next_chunk_ < reply_.chunks.size()) {
        return [sink = sink_, bytes = std::move(reply_.chunks[next_chunk_++])] {
            if (sink.on_data == nullptr) return;
            const LentText lent(bytes);
            const tenon_str chunk = lent.abi();
            sink.on_data(sink.user, &chunk);
        };
    }
    return done(reply_.error);
}

std::function<void()> FakeExchange::done(std::optional<Error> error) {
    over = true;
    return [sink = sink_, error = std::move(error)] {
        if (!error) return sink.on_done(sink.user, nullptr);
        const LentText message(error->message);
        tenon_error out = error->to_abi();
        out.message = message.abi();
        sink.on_done(sink.user, &out);
    };
}

// ---- FakeHttp ----------------------------------------------------------------------------------

FakeHttp& FakeHttp::respond(HttpReply reply) {
    const auto lock = state_->lock();
    state_->script.entries.push_back({{}, {}, std::move(reply)});
    return *this;
}

FakeHttp& FakeHttp::expect(std::string_view method, std::string_view url, HttpReply reply) {
    const auto lock = state_->lock();
    state_->script.entries.push_back({std::string(method), std::string(url), std::move(reply)});
    return *this;
}

std::vector<SentRequest> FakeHttp::sent() const {
    const auto lock = state_->lock();
    return state_->script.sent;
}

SentRequest FakeHttp::last() const {
    const auto lock = state_->lock();
    return state_->script.sent.empty() ? SentRequest{} : state_->script.sent.back();
}

std::size_t FakeHttp::unused() const {
    const auto lock = state_->lock();
    return state_->script.entries.size();
}

std::size_t FakeHttp::held() const {
    return state_->held_exchanges();
}

void FakeHttp::release() {
    const auto lock = state_->lock();
    for (const auto& [op, operation] : state_->operations) {
        auto* exchange = dynamic_cast<FakeExchange*>(operation.get());
        if (exchange == nullptr || !exchange->held()) continue;
        exchange->release();
        state_->schedule(lock, operation);
    }
}

}  // namespace tenon::testing
