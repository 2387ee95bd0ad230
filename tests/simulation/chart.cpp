#include "chart.hpp"

#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>

#include "timeline.hpp"

namespace tenon::simulation {
namespace {

constexpr int kLeft = 64;
constexpr int kPlotWidth = 800;
constexpr int kWidth = kLeft + kPlotWidth + 96;

constexpr int kRateTop = 64;
constexpr int kRateHeight = 200;
constexpr int kShareTop = 320;
constexpr int kShareHeight = 120;
constexpr int kBandsTop = 496;
constexpr int kBandHeight = 22;
constexpr int kBandStep = 30;
constexpr int kHeight = kBandsTop + 3 * kBandStep + 48;

constexpr std::int64_t kShareStep = 5;  // seconds

// Colours that people with any colour vision tell apart (Okabe, Ito), for light and dark pages.
constexpr std::string_view kStyle = R"(<style>
text { font: 13px system-ui, sans-serif; fill: #24292f; }
.small { font-size: 12px; fill: #57606a; }
.head { font-size: 14px; font-weight: 600; }
.page { fill: #ffffff; }
.grid { stroke: #d8dee4; stroke-width: 1; }
.outage { fill: #8c959f; fill-opacity: 0.16; }
polyline { fill: none; stroke-width: 1.6; stroke-linejoin: round; }
.primary { stroke: #0072b2; } .flaky { stroke: #d55e00; } .steady { stroke: #009e73; }
.attempts { stroke: #8c959f; } .requests { stroke: #24292f; stroke-width: 2.4; }
.closed { fill: #009e73; fill-opacity: 0.3; }
.open { fill: #d55e00; }
.half_open { fill: #f0c000; }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3; }
.small { fill: #9198a1; }
.page { fill: #0d1117; }
.grid { stroke: #30363d; }
.primary { stroke: #56b4e9; } .flaky { stroke: #ff8c42; } .steady { stroke: #2bc49a; }
.requests { stroke: #e6edf3; }
.closed { fill: #2bc49a; }
.open { fill: #ff8c42; }
}
</style>
)";

class Chart {
public:
    Chart(const Scenario& scenario, const Records& records, std::ostream& out)
        : scenario_(scenario),
          records_(records),
          out_(out),
          seconds_(static_cast<std::int64_t>(scenario.length.count())) {}

    void draw() {
        out_ << "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" << kWidth << "\" height=\""
             << kHeight << "\" viewBox=\"0 0 " << kWidth << ' ' << kHeight << "\" role=\"img\">\n"
             << "<title>An outage of the primary provider</title>\n"
             << kStyle << "<rect class=\"page\" width=\"100%\" height=\"100%\"/>\n";
        outage();
        rates();
        shares();
        bands();
        minutes();
        out_ << "</svg>\n";
    }

private:
    [[nodiscard]] double x(double seconds) const {
        return kLeft + kPlotWidth * seconds / static_cast<double>(seconds_);
    }

    void text(double at_x, double at_y, std::string_view words, std::string_view more = {}) {
        out_ << "<text x=\"" << at_x << "\" y=\"" << at_y << "\" " << more << '>' << words
             << "</text>\n";
    }

    void line(double y, std::string_view label) {
        out_ << "<path class=\"grid\" d=\"M" << kLeft << ' ' << y << 'h' << kPlotWidth << "\"/>\n";
        text(kLeft - 8, y + 4, label, "class=\"small\" text-anchor=\"end\"");
    }

    void legend(double at_x, double at_y, std::string_view name, std::string_view label) {
        out_ << "<polyline class=\"" << name << "\" points=\"" << at_x << ',' << at_y - 4 << ' '
             << at_x + 22 << ',' << at_y - 4 << "\"/>\n";
        text(at_x + 28, at_y, label);
    }

    void outage() {
        const double from = x(static_cast<double>(scenario_.outage_begins.count()));
        const double to = x(static_cast<double>(scenario_.outage_ends.count()));
        out_ << "<rect class=\"outage\" x=\"" << from << "\" y=\"" << kRateTop - 8 << "\" width=\""
             << to - from << "\" height=\"" << kBandsTop + 3 * kBandStep - kRateTop + 8 << "\"/>\n";
        text((from + to) / 2, kRateTop - 14, "primary lost",
             "class=\"small\" text-anchor=\"middle\"");
    }

    void rates() {
        text(kLeft, 26, "Tries in each second (logarithmic)", "class=\"head\"");
        const double most = 3;  // of log10(1 + rate)
        const auto y = [&](double rate) {
            return kRateTop + kRateHeight * (1 - std::min(std::log10(1 + rate), most) / most);
        };
        for (const int rate : {0, 10, 100, 1000}) line(y(rate), std::to_string(rate));
        for (std::size_t i = 0; i < kProviders; ++i) {
            legend(kLeft + static_cast<double>(i) * 100, 46, kProviderNames[i], kProviderNames[i]);
            out_ << "<polyline class=\"" << kProviderNames[i] << "\" points=\"";
            for (std::int64_t second = 0; second < seconds_; ++second) {
                const auto rate = static_cast<double>(records_.providers[i].attempts.at(second));
                out_ << x(static_cast<double>(second) + 0.5) << ',' << y(rate) << ' ';
            }
            out_ << "\"/>\n";
        }
    }

    void share(std::string_view name, const Rate& good, const Rate& bad) {
        out_ << "<polyline class=\"" << name << "\" points=\"";
        for (std::int64_t from = 0; from < seconds_; from += kShareStep) {
            std::uint64_t ok = 0;
            std::uint64_t all = 0;
            for (std::int64_t second = from; second < from + kShareStep; ++second) {
                ok += good.at(second);
                all += good.at(second) + bad.at(second);
            }
            if (all == 0) continue;
            const double part = static_cast<double>(ok) / static_cast<double>(all);
            out_ << x(static_cast<double>(from) + kShareStep / 2.0) << ','
                 << kShareTop + kShareHeight * (1 - part) << ' ';
        }
        out_ << "\"/>\n";
    }

    void shares() {
        text(kLeft, kShareTop - 20, "Share that succeeded", "class=\"head\"");
        legend(kLeft + 180, kShareTop - 20, "requests", "requests");
        legend(kLeft + 290, kShareTop - 20, "attempts", "tries");
        line(kShareTop, "100 %");
        line(kShareTop + kShareHeight / 2.0, "50 %");
        line(kShareTop + kShareHeight, "0 %");
        share("attempts", records_.attempts_succeeded, records_.attempts_failed);
        share("requests", records_.requests_succeeded, records_.requests_failed);
    }

    void band(int y, base::TimePoint from, base::TimePoint to, core::BreakerState state) {
        const auto seconds = [&](base::TimePoint time) {
            return std::chrono::duration<double>(time - Timeline::start()).count();
        };
        const double begins = x(seconds(from));
        const double ends = x(std::min(seconds(to), static_cast<double>(seconds_)));
        if (ends <= begins) return;
        out_ << "<rect class=\"" << to_string(state) << "\" x=\"" << begins << "\" y=\"" << y
             << "\" width=\"" << ends - begins << "\" height=\"" << kBandHeight << "\"/>\n";
    }

    void bands() {
        text(kLeft, kBandsTop - 14, "Breakers", "class=\"head\"");
        constexpr std::string_view kStates[] = {"closed", "open", "half_open"};
        constexpr std::string_view kLabels[] = {"closed", "open", "half-open"};
        for (std::size_t i = 0; i < 3; ++i) {
            const double at_x = kLeft + 100 + static_cast<double>(i) * 90;
            out_ << "<rect class=\"" << kStates[i] << "\" x=\"" << at_x << "\" y=\""
                 << kBandsTop - 25 << "\" width=\"14\" height=\"12\"/>\n";
            text(at_x + 20, kBandsTop - 14, kLabels[i]);
        }
        for (std::size_t i = 0; i < kProviders; ++i) {
            const int y = kBandsTop + static_cast<int>(i) * kBandStep;
            base::TimePoint from = Timeline::start();
            auto state = core::BreakerState::closed;
            for (const BreakerChange& change : records_.providers[i].breaker) {
                band(y, from, change.time, state);
                from = change.time;
                state = change.event.to;
            }
            band(y, from, Timeline::start() + scenario_.length, state);
            text(kLeft + kPlotWidth + 8, y + 16, kProviderNames[i]);
        }
    }

    void minutes() {
        const int y = kBandsTop + 3 * kBandStep + 12;
        for (std::int64_t second = 0; second <= seconds_; second += 60) {
            text(x(static_cast<double>(second)), y, std::to_string(second / 60),
                 "class=\"small\" text-anchor=\"middle\"");
        }
        text(kLeft + kPlotWidth / 2.0, y + 20, "minutes", "class=\"small\" text-anchor=\"middle\"");
    }

    const Scenario& scenario_;
    const Records& records_;
    std::ostream& out_;
    std::int64_t seconds_;
};

}  // namespace

void draw(const Scenario& scenario, const Records& records, std::ostream& out) {
    out.setf(std::ios::fixed);
    out.precision(1);
    Chart(scenario, records, out).draw();
}

}  // namespace tenon::simulation
