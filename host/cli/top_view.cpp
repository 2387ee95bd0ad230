#include "cli/top_view.hpp"

#include <algorithm>

#include "cli/cell_text.hpp"
#include "cli/json_text.hpp"
#include "cli/status_table.hpp"

namespace tenon::cli {
namespace {

using wire::JsonView;

constexpr const char* kHelp =
    "↑↓ j k select   c connect   d disconnect   e enable   x disable   r recover   q quit";
constexpr std::size_t kFrame = 5;  // lines around table and events

std::vector<JsonView> providers_of(const TopModel& model) {
    std::vector<JsonView> out;
    if (!model.status) return out;
    for (const JsonView one : model.status->root()["providers"].elements()) out.push_back(one);
    return out;
}

std::size_t index_of(const std::vector<std::string>& names, const std::string& name) {
    const auto at = std::find(names.begin(), names.end(), name);
    return at == names.end() ? 0 : static_cast<std::size_t>(at - names.begin());
}

std::string title(const TopModel& model) {
    if (!model.status) return "tenon top";
    const JsonView status = model.status->root();
    std::string out = "tenon " + text_of(status["version"]) + ", process " +
                      text_of(status["pid"]) + ", up " +
                      duration_text(count_of(status["uptime_ms"]) * 1'000);
    for (const JsonView address : status["listen"].elements()) out += "  " + text_of(address);
    if (!status["ready"].as_bool().value_or(true)) out += "  (not ready)";
    return printable(out);
}

std::string summary(const TopModel& model) {
    if (!model.status) return {};
    const JsonView requests = model.status->root()["requests"];
    const JsonView offline = model.status->root()["offline"];
    std::string out = std::to_string(count_of(requests["in_flight"])) + " requests in flight, " +
                      std::to_string(count_of(requests["waiting"])) + " of them waiting; " +
                      std::to_string(count_of(requests["total"])) + " in all";
    if (const auto queued = count_of(offline["queued"]); queued > 0) {
        out += "; " + std::to_string(queued) + " kept until a provider can be asked";
    }
    return out;
}

/// The table with the selected line marked, so many lines of it that the selected one is seen.
std::vector<std::string> table(const TopModel& model, std::size_t columns, std::size_t most) {
    const auto providers = providers_of(model);
    TableStyle style;
    style.width = columns;
    style.colours = model.colours;
    auto lines = table_lines(status_rows(providers), style);
    if (providers.empty() || most < 2) {
        lines.resize(std::min(lines.size(), most));
        return lines;
    }
    const std::size_t selected = index_of(provider_names(model), model.selected);
    style.colours = false;
    const std::string plain = table_lines(status_rows(providers), style)[selected + 1];
    // Without colours, something else has to mark it.
    lines[selected + 1] = coloured(fit(plain, columns), Colour::chosen);
    const std::size_t shown = most - 1;
    const std::size_t first = selected < shown ? 0 : selected + 1 - shown;
    lines.erase(lines.begin() + 1, lines.begin() + 1 + static_cast<std::ptrdiff_t>(first));
    lines.resize(std::min(lines.size(), most));
    return lines;
}

}  // namespace

std::vector<std::string> provider_names(const TopModel& model) {
    std::vector<std::string> names;
    for (const JsonView provider : providers_of(model)) names.push_back(text_of(provider["name"]));
    return names;
}

void move_selection(TopModel& model, int lines) {
    const auto names = provider_names(model);
    if (names.empty()) {
        model.selected.clear();
        return;
    }
    const auto at = static_cast<std::ptrdiff_t>(index_of(names, model.selected)) + lines;
    const auto last = static_cast<std::ptrdiff_t>(names.size()) - 1;
    model.selected = names[static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(at, 0, last))];
}

std::vector<std::string> top_lines(const TopModel& model, FullScreen::Size size) {
    const auto shown = [&](const std::string& text, Colour colour) {
        return model.colours ? coloured(text, colour) : text;
    };
    std::vector<std::string> lines = {shown(shorten(title(model), size.columns), Colour::strong),
                                      summary(model), ""};
    // At most two thirds for the table, unless there is nothing else to show.
    const std::size_t room = size.rows > kFrame ? size.rows - kFrame : 0;
    const std::size_t most = model.events.empty() ? room : std::max(room * 2 / 3, room / 2 + 1);
    const auto rows = table(model, size.columns, most);
    lines.insert(lines.end(), rows.begin(), rows.end());
    const std::size_t left = room - std::min(room, rows.size());
    if (left > 1 && !model.events.empty()) {
        lines.emplace_back();
        const std::size_t count = std::min(model.events.size(), left - 1);
        lines.insert(lines.end(), model.events.end() - static_cast<std::ptrdiff_t>(count),
                     model.events.end());
    }
    if (size.rows >= 2) lines.resize(size.rows - 2);
    lines.push_back(model.trouble.empty() ? printable(model.message)
                                          : shown(printable(model.trouble), Colour::bad));
    lines.push_back(shown(kHelp, Colour::faint));
    lines.erase(lines.begin(),
                lines.end() - static_cast<std::ptrdiff_t>(std::min(lines.size(), size.rows)));
    for (std::string& line : lines) line = clip(line, size.columns);
    return lines;
}

}  // namespace tenon::cli
