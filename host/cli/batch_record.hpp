#pragma once

#include <string>

#include "cli/batch_input.hpp"
#include "tenon/host/background.hpp"

namespace tenon::cli {

/// What of a line is needed to write its result.
struct BatchLabel {
    std::uint64_t number = 0;
    std::string id;
    BatchForm form = BatchForm::prompt;
};

/// The result of a line as one line, in the form that the line was written in.
[[nodiscard]] std::string batch_record(const BatchLabel& label,
                                       const host::BackgroundResult& result);

}  // namespace tenon::cli
