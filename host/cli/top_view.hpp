#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "cli/full_screen.hpp"
#include "wire/json.hpp"

namespace tenon::cli {

/// What `tenon top` shows at one moment.
struct TopModel {
    std::optional<wire::JsonDocument> status;  ///< the daemon's, the latest that there was
    std::deque<std::string> events;            ///< in lines, the newest last
    std::string message;                       ///< what became of the latest command
    std::string trouble;                       ///< why there is no news; empty = there is
    std::string selected;                      ///< a provider
    bool colours = true;
};

/// The names of the providers, in the order of the screen.
[[nodiscard]] std::vector<std::string> provider_names(const TopModel& model);

/// Selects the provider so many lines further down, or stays at the end. If the selected one is not
/// there any more, the first is the one to begin with.
void move_selection(TopModel& model, int lines);

/// The screen, exactly as many lines as it has rows.
[[nodiscard]] std::vector<std::string> top_lines(const TopModel& model, FullScreen::Size size);

}  // namespace tenon::cli
