#include "texts.hpp"

namespace tenon::bench {
namespace {

constexpr const char* kWords[] = {"A",    " tenon", " is",      " the", " part", " of",
                                  " a",   " joint", " \\u2013", " it",  " fits", " into",
                                  " the", " other", " piece",   ".\\n"};

const char* word(std::size_t index) {
    return kWords[index % std::size(kWords)];
}

std::string openai_chunk(std::size_t index) {
    return std::string(
               R"({"id":"chatcmpl-Bf3QmX2rT9vKc81LwYzN0pEa","object":"chat.completion.chunk",)"
               R"("created":1750000000,"model":"gpt-4o-mini-2024-07-18","service_tier":"default",)"
               R"("system_fingerprint":"fp_62a23a81ef","choices":[{"index":0,"delta":{"content":")") +
           word(index) + R"("},"logprobs":null,"finish_reason":null}],"usage":null})";
}

std::string make_large_request() {
    std::string text = R"({"model":"gpt-4o-mini","messages":[)";
    for (int turn = 0; turn < 40; ++turn) {
        if (turn > 0) text += ',';
        text +=
            turn % 2 == 0 ? R"({"role":"user","content":")" : R"({"role":"assistant","content":")";
        for (std::size_t i = 0; i < 30; ++i) {
            text +=
                R"(Wie h\u00e4lt ein Zapfen? A \"mortise\" holds it – without glue,\nsays the joiner. )";
        }
        text += R"("})";
    }
    return text + R"(],"temperature":0.2,"stream":false})";
}

}  // namespace

const std::string& small_request() {
    static const std::string text =
        R"({"model":"gpt-4o-mini","messages":[{"role":"system","content":"You are a joiner who )"
        R"(explains woodworking to beginners. Answer in one short sentence, without jargon, and )"
        R"(say \"I do not know\" when you do not."},{"role":"user","content":"What is a tenon, )"
        R"(what is a mortise, and why does nobody need glue for the joint they make? I have a )"
        R"(piece of oak, a chisel and a free afternoon."}],"temperature":0.2,"max_tokens":256,)"
        R"("stream":false})";
    return text;
}

const std::string& large_request() {
    static const std::string text = make_large_request();
    return text;
}

const std::vector<std::string>& openai_chunks() {
    static const std::vector<std::string> chunks = [] {
        std::vector<std::string> made;
        for (std::size_t i = 0; i < kEvents; ++i) made.push_back(openai_chunk(i));
        return made;
    }();
    return chunks;
}

const std::string& openai_stream() {
    static const std::string stream = [] {
        std::string made;
        for (std::size_t i = 0; i + 1 < kEvents; ++i) made += "data: " + openai_chunk(i) + "\n\n";
        return made + "data: [DONE]\n\n";
    }();
    return stream;
}

const std::string& ollama_stream() {
    static const std::string stream = [] {
        std::string made;
        for (std::size_t i = 0; i < kEvents; ++i) {
            made += std::string(R"({"model":"llama3.2","created_at":"2025-06-15T12:00:00.123456Z",)"
                                R"("message":{"role":"assistant","content":")") +
                    word(i) + "\"},\"done\":" + (i + 1 < kEvents ? "false" : "true") + "}\n";
        }
        return made;
    }();
    return stream;
}

}  // namespace tenon::bench
