// Vercel's `ai` with `@ai-sdk/openai-compatible`.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import {
    CALL, CLIENT_KEY, ECHO, Rig, SAID, SCARCE_KEY, THOUGHT, TOOL_ECHO, TOOL_RESULT,
    collect, failure, installed, words,
} from "./harness.mjs";

const { APICallError, embed, embedMany, generateText, stepCountIs, streamText, tool } = installed("ai");
const { createOpenAICompatible } = installed("@ai-sdk/openai-compatible");
const zod = installed("zod");

const connect = (at, apiKey = "unused") =>
    createOpenAICompatible({ name: "tenon", baseURL: `${at.url}/v1`, apiKey, includeUsage: true });
const quietly = { maxRetries: 0, onError: () => {} };

let rig;
let tenon;
before(async () => {
    rig = await Rig.start();
    tenon = connect(rig);
});
after(() => rig.stop());

describe("text", () => {
    it("is generated, with the system prompt among what was read", async () => {
        const { text, usage, finishReason, response } = await generateText({ model: tenon("small"), system: "Be brief and kind.", prompt: SAID });
        assert.equal(text, ECHO);
        assert.equal(finishReason, "stop");
        assert.equal(usage.inputTokens, words("Be brief and kind.", SAID));
        assert.equal(usage.outputTokens, words(ECHO));
        assert.equal(response.headers["x-tenon-provider"], "up");
    });

    for (const model of ["small", "local/fake-small"]) {
        it(`of ${model} is streamed in several pieces, with the usage at the end`, async () => {
            const result = streamText({ model: tenon(model), prompt: SAID, ...quietly });
            const pieces = await collect(result.textStream);
            assert.ok(pieces.length > 3);
            assert.equal(pieces.join(""), ECHO);
            assert.equal((await result.usage).outputTokens, words(ECHO));
            assert.equal(await result.finishReason, "stop");
        });
    }

    for (const model of ["up/fake-reason", "local/fake-reason"]) {
        it(`of ${model} comes after its reasoning`, async () => {
            const options = { model: tenon(model), prompt: SAID, providerOptions: { tenon: { reasoningEffort: "low" } } };
            const whole = await generateText(options);
            assert.equal(whole.reasoningText, THOUGHT);
            assert.equal(whole.text, ECHO);
            const streamed = streamText({ ...options, ...quietly });
            const parts = await collect(streamed.fullStream);
            assert.equal(parts.filter((part) => part.type === "reasoning-delta").map((part) => part.text).join(""), THOUGHT);
            assert.ok(parts.findIndex((part) => part.type === "reasoning-end") < parts.findIndex((part) => part.type === "text-start"));
            assert.equal(await streamed.text, ECHO);
        });
    }

    it("of the old completions is generated and streamed", async () => {
        const model = tenon.completionModel("small");
        const { text } = await generateText({ model, prompt: "one" });
        assert.match(text, /^You said: .*one/s);
        assert.equal((await collect(streamText({ model, prompt: "one", ...quietly }).textStream)).join(""), text);
    });
});

describe("tools", () => {
    for (const model of ["small", "local/fake-small"]) {
        for (const how of ["at once", "in a stream"]) {
            it(`are called by ${model} ${how}, run and answered`, async () => {
                const cities = [];
                const weather = tool({
                    description: "of a city",
                    inputSchema: zod.object({ city: zod.string() }),
                    execute: ({ city }) => {
                        cities.push(city);
                        return TOOL_RESULT;
                    },
                });
                const ask = { model: tenon(model), tools: { weather }, stopWhen: stepCountIs(3), prompt: `${CALL}\n${CALL.replace("Zürich", "Bern")}` };
                const result = how === "at once" ? await generateText(ask) : streamText({ ...ask, ...quietly });
                assert.match(await result.text, new RegExp(`^${TOOL_ECHO}|^The tool said: "?${TOOL_RESULT}`));
                assert.deepEqual(cities.sort(), ["Bern", "Zürich"]);
                assert.deepEqual((await result.steps).map((step) => step.finishReason), ["tool-calls", "stop"]);
            });
        }
    }
});

describe("embeddings", () => {
    for (const name of ["up/fake-embed", "local/fake-embed"]) {
        it(`of ${name} have one vector for each text`, async () => {
            const model = tenon.embeddingModel(name);
            const { embeddings, usage } = await embedMany({ model, values: [SAID, "another"] });
            const single = await embed({ model, value: SAID });
            assert.equal(embeddings.length, 2);
            assert.ok(embeddings[0].length > 1);
            assert.notDeepEqual(embeddings[0], embeddings[1]);
            assert.deepEqual(single.embedding, embeddings[0]);
            assert.equal(usage.tokens, words(SAID, "another"));
        });
    }
});

describe("a client that leaves", () => {
    it("in the middle of a stream ends the request", async () => {
        const leave = new AbortController();
        const { fullStream } = streamText({ model: tenon("faulty/fault-stall"), prompt: SAID, abortSignal: leave.signal, ...quietly });
        const types = [];
        for await (const { type } of fullStream) {
            if (type === "text-delta" && !leave.signal.aborted) {
                await rig.inFlight(1);
                leave.abort();
            }
            types.push(type);
        }
        assert.equal(types.at(-1), "abort");
        await rig.inFlight(0);
    });

    it("before any answer ends the request too", async () => {
        const leave = new AbortController();
        const asked = failure(generateText({ model: tenon("faulty/fault-silent"), prompt: SAID, abortSignal: leave.signal }));
        await rig.inFlight(1);
        leave.abort();
        assert.equal((await asked).name, "AbortError");
        await rig.inFlight(0);
    });
});

describe("errors", () => {
    const ask = (model, at = tenon) => failure(generateText({ model: at(model), prompt: SAID, maxRetries: 0 }));
    const streamed = async (model) => {
        const parts = await collect(streamText({ model: tenon(model), prompt: SAID, ...quietly }).fullStream);
        return parts.find((part) => part.type === "error")?.error;
    };

    for (const [model, status, sentence, retryable] of [
        ["up/nonesuch", 404, /does not exist/, false],
        ["faulty/fault-context", 400, /context length/, false],
        ["faulty/fault-503", 503, /overloaded/, true],
        ["throttled/fault-429", 429, /Rate limit/, true],
    ]) {
        it(`of ${model} have status ${status} and the gateway's sentence`, async () => {
            for (const error of [await ask(model), await streamed(model)]) {
                assert.ok(APICallError.isInstance(error), String(error));
                assert.equal(error.statusCode, status);
                assert.match(error.message, sentence);
                assert.equal(error.isRetryable, retryable);
                if (status === 429) assert.ok(Number(error.responseHeaders["retry-after"]) > 0);
            }
        });
    }

    it("in the middle of a stream are told, not taken for its end", async () => {
        const { fullStream } = streamText({ model: tenon("faulty/fault-stall"), prompt: SAID, ...quietly });
        const parts = await collect(rig.broken(fullStream, ({ type }) => type === "text-delta"));
        assert.match(JSON.stringify(parts.find((part) => part.type === "error")?.error), /cancel/);
        assert.notEqual(parts.findLast((part) => part.type === "finish")?.finishReason, "stop");
    });

    it("that may pass are repeated by the client", async () => {
        const { text } = await generateText({ model: tenon("faulty/flaky-1-vercel"), prompt: SAID, maxRetries: 1 });
        assert.equal(text, ECHO);
    });
});

describe("keys of the gateway", () => {
    let guarded;
    before(async () => (guarded = await Rig.start({ keys: true })));
    after(() => guarded.stop());
    const ask = (key) => generateText({ model: connect(guarded, key)("small"), prompt: SAID, maxRetries: 0 });

    it("are wanted", async () => {
        assert.equal((await failure(ask("wrong"))).statusCode, 401);
        assert.equal((await ask(CLIENT_KEY)).text, ECHO);
    });

    it("may be used up", async () => {
        await ask(SCARCE_KEY);
        const error = await failure(ask(SCARCE_KEY));
        assert.equal(error.statusCode, 429);
        assert.ok(Number(error.responseHeaders["retry-after"]) > 0);
    });
});
