#include "support/fake_json.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

namespace tenon::test::json {

Text quote(std::string_view text) {
    rapidjson::StringBuffer buffer;
    rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
    writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
    return {buffer.GetString(), buffer.GetSize()};
}

Text number(double value) {
    rapidjson::StringBuffer buffer;
    rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
    writer.Double(value);
    return {buffer.GetString(), buffer.GetSize()};
}

Text object(std::initializer_list<std::pair<std::string_view, Text>> members) {
    Text text = "{";
    for (const auto& [name, value] : members) {
        text += (text.size() > 1 ? "," : "") + quote(name) + ":" + value;
    }
    return text + "}";
}

Text array(const std::vector<Text>& elements) {
    Text text = "[";
    for (const Text& element : elements) {
        text += (text.size() > 1 ? "," : "") + element;
    }
    return text + "]";
}

}  // namespace tenon::test::json
