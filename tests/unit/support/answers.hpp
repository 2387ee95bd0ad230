#pragma once

#include <rapidjson/document.h>
#include <rapidjson/pointer.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <string>
#include <string_view>
#include <vector>

// Readers of what the fake model server answers.
namespace tenon::test {

/// The member at `pointer`: a string's characters, other values as JSON; "(none)" if there is none,
/// "(not JSON)" if the text is no JSON.
inline std::string at(const std::string& json, const char* pointer) {
    rapidjson::Document document;
    if (document.Parse(json.data(), json.size()).HasParseError()) {
        return "(not JSON)";
    }
    const rapidjson::Value* const value = rapidjson::Pointer(pointer).Get(document);
    if (value == nullptr) {
        return "(none)";
    }
    if (value->IsString()) {
        return {value->GetString(), value->GetStringLength()};
    }
    rapidjson::StringBuffer buffer;
    rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
    value->Accept(writer);
    return {buffer.GetString(), buffer.GetSize()};
}

/// The parts of `text` that end with `separator`, without it. An unfinished last part counts.
inline std::vector<std::string> split_at(std::string_view text, std::string_view separator) {
    std::vector<std::string> parts;
    while (!text.empty()) {
        const std::string_view part = text.substr(0, text.find(separator));
        parts.emplace_back(part);
        text.remove_prefix(std::min(part.size() + separator.size(), text.size()));
    }
    return parts;
}

/// The data of each server-sent event.
inline std::vector<std::string> events_in(const std::string& body) {
    std::vector<std::string> events;
    for (const std::string& event : split_at(body, "\n\n")) {
        events.push_back(event.starts_with("data: ") ? event.substr(6) : "(not data) " + event);
    }
    return events;
}

/// The members at `pointer` of all texts, one after the other; those without it are left out.
inline std::string join_at(const std::vector<std::string>& texts, const char* pointer) {
    std::string joined;
    for (const std::string& text : texts) {
        const std::string value = at(text, pointer);
        joined += value.starts_with("(no") ? "" : value;
    }
    return joined;
}

/// A chat request with one user message; `more` are further members with a leading comma.
inline std::string ask(std::string_view model, std::string_view text, std::string_view more = "") {
    std::string request = R"({"model":")";
    request.append(model).append(R"(","messages":[{"role":"user","content":")").append(text);
    return request.append(R"("}])").append(more).append("}");
}

}  // namespace tenon::test
