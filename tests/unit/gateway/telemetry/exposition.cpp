#include "exposition.hpp"

#include <cmath>
#include <cstdlib>
#include <limits>
#include <sstream>

namespace tenon::test {
namespace {

using Labels = std::map<std::string, std::string>;

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

class Line {
public:
    explicit Line(std::string text) : text_(std::move(text)) {}

    [[noreturn]] void fail(const std::string& why) const {
        throw std::runtime_error(why + ": " + text_);
    }
    [[nodiscard]] bool at_end() const { return at_ == text_.size(); }
    [[nodiscard]] char peek() const { return at_end() ? '\0' : text_[at_]; }
    char take() {
        if (at_end()) fail("the line ends too early");
        return text_[at_++];
    }
    void expect(char c) {
        if (take() == c) return;
        std::string why = "no ' ' where one must be";
        why[4] = c;
        fail(why);
    }
    /// Of a metric, or of a label, which has no colons.
    std::string name(bool colons) {
        std::string out;
        while (is_letter(peek()) || (colons && peek() == ':') ||
               (!out.empty() && is_digit(peek()))) {
            out += take();
        }
        if (out.empty()) fail("no name");
        return out;
    }
    std::string quoted() {
        expect('"');
        std::string out;
        for (char c = take(); c != '"'; c = take()) {
            if (c == '\\') {
                c = take();
                if (c == 'n')
                    c = '\n';
                else if (c != '\\' && c != '"')
                    fail("an escape that there is not");
            }
            out += c;
        }
        return out;
    }
    Labels labels() {
        Labels out;
        if (peek() != '{') return out;
        take();
        while (peek() != '}') {
            const std::string label = name(false);
            if (label.starts_with("__")) fail("a reserved label");
            expect('=');
            if (!out.emplace(label, quoted()).second) fail("a label twice");
            if (peek() != '}') expect(',');
        }
        take();
        return out;
    }
    std::string rest() {
        std::string out = text_.substr(at_);
        at_ = text_.size();
        return out;
    }
    double number() {
        const std::string word = rest();
        if (word == "+Inf") return std::numeric_limits<double>::infinity();
        if (word.empty() || word.find_first_not_of("0123456789.e+-") != std::string::npos) {
            fail("no number");
        }
        char* end = nullptr;
        const double number = std::strtod(word.c_str(), &end);
        if (*end != '\0') fail("no number");
        return number;
    }

private:
    std::string text_;
    std::size_t at_ = 0;
};

class Reader {
public:
    Exposition read(std::string_view text) {
        if (!text.ends_with('\n')) throw std::runtime_error("the last line does not end");
        std::istringstream in{std::string(text)};
        for (std::string line; std::getline(in, line);) {
            if (!line.empty()) take(Line(line));
        }
        for (const auto& [name, family] : out_.families) {
            if (family.type.empty()) throw std::runtime_error("no TYPE: " + name);
            if (family.type == "histogram") check_histogram(name, family);
        }
        return std::move(out_);
    }

private:
    void take(Line line) {
        if (line.peek() == '#') {
            comment(line);
        } else {
            sample(line);
        }
    }

    void comment(Line& line) {
        line.expect('#');
        line.expect(' ');
        const std::string what = line.name(false);
        line.expect(' ');
        const std::string name = line.name(true);
        line.expect(' ');
        if (what == "HELP" && closed_.contains(name)) line.fail("HELP twice");
        if (name != current_) {
            if (!closed_.insert(name).second) line.fail("a family in two places");
            current_ = name;
        }
        auto& family = out_.families[name];
        std::string& entry = what == "HELP" ? family.help : family.type;
        if (what != "HELP" && what != "TYPE") line.fail("neither HELP nor TYPE");
        if (!entry.empty() || !family.samples.empty()) line.fail("twice, or too late");
        entry = line.rest();
        if (entry.empty()) line.fail("it says nothing");
        if (what == "TYPE" && entry != "counter" && entry != "gauge" && entry != "histogram") {
            line.fail("a type that is not used here");
        }
    }

    void sample(Line& line) {
        Sample sample;
        sample.name = line.name(true);
        sample.labels = line.labels();
        line.expect(' ');
        sample.value = line.number();
        auto& family = out_.families[current_];
        const bool histogram = family.type == "histogram";
        const bool own = histogram ? sample.name == current_ + "_bucket" ||
                                         sample.name == current_ + "_sum" ||
                                         sample.name == current_ + "_count"
                                   : sample.name == current_;
        if (!own) line.fail("a sample outside of its family");
        if (histogram != sample.labels.contains("le") && sample.name.ends_with("_bucket")) {
            line.fail("le in the wrong place");
        }
        if (family.type == "counter" && !current_.ends_with("_total")) {
            line.fail("a counter without _total");
        }
        if (family.type != "gauge" && !(sample.value >= 0)) line.fail("below zero");
        if (!series_[sample.name].insert(sample.labels).second) line.fail("a series twice");
        family.samples.push_back(std::move(sample));
    }

    static void check_histogram(const std::string& name, const Exposition::Family& family) {
        struct Series {
            double bound = -std::numeric_limits<double>::infinity();
            double below = 0;
            double count = -1;
            bool has_sum = false;
        };
        std::map<Labels, Series> all;
        for (const auto& sample : family.samples) {
            Labels labels = sample.labels;
            labels.erase("le");
            Series& series = all[labels];
            if (sample.name == name + "_count") series.count = sample.value;
            if (sample.name == name + "_sum") series.has_sum = true;
            if (sample.name != name + "_bucket") continue;
            const std::string& le = sample.labels.at("le");
            const double bound = le == "+Inf" ? std::numeric_limits<double>::infinity()
                                              : std::strtod(le.c_str(), nullptr);
            if (bound <= series.bound) throw std::runtime_error("bounds do not rise: " + name);
            if (sample.value < series.below) throw std::runtime_error("not cumulative: " + name);
            series.bound = bound;
            series.below = sample.value;
        }
        for (const auto& [labels, series] : all) {
            const bool whole = std::isinf(series.bound) && series.has_sum;
            if (!whole || series.below != series.count) {
                throw std::runtime_error("+Inf is not the count: " + name);
            }
        }
    }

    Exposition out_;
    std::string current_;
    std::set<std::string> closed_;
    std::map<std::string, std::set<Labels>> series_;
};

}  // namespace

double Exposition::value(const std::string& name, const Labels& labels) const {
    std::vector<double> found;
    for (const auto& [family_name, family] : families) {
        for (const auto& sample : family.samples) {
            bool fits = sample.name == name;
            for (const auto& [label, text] : labels) {
                const auto has = sample.labels.find(label);
                fits = fits && has != sample.labels.end() && has->second == text;
            }
            if (fits) found.push_back(sample.value);
        }
    }
    if (found.size() != 1) {
        throw std::runtime_error(std::to_string(found.size()) + " series of " + name);
    }
    return found.front();
}

Exposition read_exposition(std::string_view text) {
    return Reader().read(text);
}

}  // namespace tenon::test
