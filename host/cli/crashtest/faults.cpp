#include "cli/crashtest/faults.hpp"

#include <utility>

namespace tenon::cli::crashtest {

const std::vector<Fault>& faults() {
    static const std::vector<Fault> all = [] {
        std::vector<Fault> out;
        for (const auto& part : {refusals(), silences(), streams(), storms()}) {
            out.insert(out.end(), part.begin(), part.end());
        }
        return out;
    }();
    return all;
}

Result<Verdict> judge_fault(const Fault& fault, const host::HostOptions& base) {
    auto bench = Bench::open(base, fault.settings);
    if (!bench) return std::move(bench).error();
    Verdict verdict;
    fault.play(**bench, verdict);
    expect_balance(verdict, (*bench)->settled_books(), (*bench)->dealings());
    return verdict;
}

}  // namespace tenon::cli::crashtest
