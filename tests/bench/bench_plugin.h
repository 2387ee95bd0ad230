/* What the benchmarks know about their plugin. */
#ifndef TENON_BENCH_PLUGIN_H
#define TENON_BENCH_PLUGIN_H

#define BENCH_DELTAS 64 /* emitted by each call of "bench.text" and "bench.raw" */

#define BENCH_TEXT " provider"

/* One chunk of an OpenAI stream, 243 bytes. */
#define BENCH_CHUNK                                                                       \
    "{\"id\":\"chatcmpl-Bf3QmX2rT9vKc81LwYzN0pEa\",\"object\":\"chat.completion.chunk\"," \
    "\"created\":1750000000,\"model\":\"gpt-4o-mini-2024-07-18\",\"system_fingerprint\":" \
    "\"fp_62a23a81ef\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" BENCH_TEXT    \
    "\"},\"finish_reason\":null}]}"

/* A whole answer of the chat-completions dialect. */
#define BENCH_ANSWER                                                                       \
    "{\"id\":\"chatcmpl-Bf3QmX2rT9vKc81LwYzN0pEa\",\"object\":\"chat.completion\","        \
    "\"created\":1750000000,\"model\":\"gpt-4o-mini-2024-07-18\",\"choices\":[{\"index\":" \
    "0,\"message\":{\"role\":\"assistant\",\"content\":\"A tenon is the part of a joint "  \
    "that fits into the mortise.\",\"refusal\":null},\"logprobs\":null,"                   \
    "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":24,\"completion_tokens\":"  \
    "15,\"total_tokens\":39},\"system_fingerprint\":\"fp_62a23a81ef\"}"

#endif
