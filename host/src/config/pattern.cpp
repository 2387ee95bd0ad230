#include "config/pattern.hpp"

// Not <regex>, which recurses for each character and so overflows the stack on a long text.
#include <boost/regex.hpp>
#include <stdexcept>

namespace tenon::config {

struct Pattern::Compiled {
    boost::regex expression;
};

Result<Pattern> Pattern::parse(std::string_view expression) {
    boost::regex compiled;
    compiled.assign(expression.data(), expression.data() + expression.size(),
                    boost::regex::ECMAScript | boost::regex::no_except);
    if (compiled.status() != 0) return Error{Code::invalid, "not a regular expression"};
    Pattern pattern;
    pattern.compiled_ = std::make_shared<const Compiled>(Compiled{compiled});
    return pattern;
}

bool Pattern::occurs_in(std::string_view text) const {
    try {
        return boost::regex_search(text.data(), text.data() + text.size(), compiled_->expression);
    } catch (const std::runtime_error&) {
        return false;  // Boost gives up when the work grows out of proportion
    }
}

}  // namespace tenon::config
