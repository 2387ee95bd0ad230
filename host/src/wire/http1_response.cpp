#include "wire/http1_response.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <utility>

namespace tenon::wire {
namespace {

constexpr std::array<std::string_view, 7> kOurs = {
    "connection", "content-length",    "date",   "keep-alive",
    "trailer",    "transfer-encoding", "upgrade"};

constexpr std::array<std::pair<int, std::string_view>, 46> kReasons = {{
    {100, "Continue"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {203, "Non-Authoritative Information"},
    {204, "No Content"},
    {205, "Reset Content"},
    {206, "Partial Content"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {424, "Failed Dependency"},
    {425, "Too Early"},
    {426, "Upgrade Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {499, "Client Closed Request"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
}};

bool is_ours(std::string_view name) noexcept {
    return std::any_of(kOurs.begin(), kOurs.end(),
                       [name](std::string_view ours) { return equals_lower(name, ours); });
}

/// What is wrong with a header that is no good.
Error fault_of(const HeaderView& header) {
    if (!is_token(header.name)) {
        return Error(Code::invalid, "an answer's header has a name that is no token");
    }
    if (!is_header_value(header.value)) {
        return Error(Code::invalid, "the value of the answer's header " + std::string(header.name) +
                                        " contains a line break or NUL");
    }
    return Error(Code::invalid, "the header " + std::string(header.name) +
                                    " of an answer is set by the server only");
}

bool is_good(const HeaderView& header) noexcept {
    return is_token(header.name) && is_header_value(header.value) && !is_ours(header.name);
}

template <class Number>
void append_number(std::string& out, Number number, int base = 10) {
    std::array<char, 24> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, base);
    out.append(digits.data(), end.ptr);
}

void append_framing(std::string& out, int status, const ResponseFraming& framing) {
    if (status_has_body(status)) {
        if (framing.body == ResponseFraming::Body::length) {
            out += "Content-Length: ";
            append_number(out, framing.length);
            out += "\r\n";
        } else if (framing.body == ResponseFraming::Body::chunked) {
            out += "Transfer-Encoding: chunked\r\n";
        }
    }
    if (framing.close) {
        out += "Connection: close\r\n";
    } else if (framing.http10) {
        out += "Connection: keep-alive\r\n";
    }
    out += "\r\n";
}

}  // namespace

bool status_has_body(int status) noexcept {
    return status >= 200 && status != 204 && status != 304;
}

std::string_view reason_phrase(int status) noexcept {
    const auto at =
        std::lower_bound(kReasons.begin(), kReasons.end(), status,
                         [](const auto& reason, int wanted) { return reason.first < wanted; });
    return at != kReasons.end() && at->first == status ? at->second : "Unknown";
}

Result<void> append_response_head(std::string& out, int status, std::span<const HeaderView> headers,
                                  const ResponseFraming& framing, std::string_view date) {
    if (status < 200 || status > 599) {
        return Error(Code::invalid,
                     std::to_string(status) + " is not the status of an answer (200 to 599)");
    }
    for (const HeaderView& header : headers) {
        if (!is_good(header)) return fault_of(header);
    }
    out += "HTTP/1.1 ";
    append_number(out, status);
    out.append(" ").append(reason_phrase(status)).append("\r\nDate: ").append(date).append("\r\n");
    for (const auto& [name, value] : headers) {
        out.append(name).append(": ").append(value).append("\r\n");
    }
    append_framing(out, status, framing);
    return {};
}

void append_chunk_head(std::string& out, std::size_t bytes) {
    append_number(out, bytes, 16);
    out += "\r\n";
}

std::string http_date(std::int64_t unix_seconds) {
    namespace chrono = std::chrono;
    constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed",
                                                       "Thu", "Fri", "Sat"};
    constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const chrono::sys_seconds time{chrono::seconds(unix_seconds)};
    const auto day = chrono::floor<chrono::days>(time);
    const chrono::year_month_day date{day};
    const chrono::hh_mm_ss clock{time - day};
    std::string out(kDays[chrono::weekday(day).c_encoding()]);
    const auto two_digits = [&out](auto number) {
        if (number < 10) out += '0';
        append_number(out, number);
    };
    out += ", ";
    two_digits(static_cast<unsigned>(date.day()));
    out.append(" ").append(kMonths[static_cast<unsigned>(date.month()) - 1]).append(" ");
    append_number(out, static_cast<int>(date.year()));
    out += ' ';
    two_digits(clock.hours().count());
    out += ':';
    two_digits(clock.minutes().count());
    out += ':';
    two_digits(clock.seconds().count());
    return out += " GMT";
}

}  // namespace tenon::wire
