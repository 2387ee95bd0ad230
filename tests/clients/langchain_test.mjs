// LangChain's `@langchain/openai`: ChatOpenAI, by chat completions and by Responses, and embeddings.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import {
    CALL, CITY, CLIENT_KEY, ECHO, Rig, SAID, SCARCE_KEY, THOUGHT, TOOL_ECHO, TOOL_RESULT,
    collect, failure, installed, words,
} from "./harness.mjs";

const { ChatOpenAI, OpenAI, OpenAIEmbeddings } = installed("@langchain/openai");
const { ContextOverflowError } = installed("@langchain/core/errors");
const { HumanMessage, SystemMessage, ToolMessage } = installed("@langchain/core/messages");
const { tool } = installed("@langchain/core/tools");

const connect = (at, more = {}) => ({ apiKey: "unused", maxRetries: 0, configuration: { baseURL: `${at.url}/v1` }, ...more });

let rig;
before(async () => (rig = await Rig.start()));
after(() => rig.stop());
const chat = (model, more = {}) => new ChatOpenAI(connect(rig, { model, ...more }));

for (const [dialect, more] of [["chat completions", {}], ["Responses", { useResponsesApi: true }]]) {
    describe(`a chat by ${dialect}`, () => {
        it("is answered, with the system prompt among what was read", async () => {
            const answer = await chat("small", more).invoke([new SystemMessage("Be brief and kind."), new HumanMessage(SAID)]);
            assert.equal(answer.text, ECHO);
            assert.equal(answer.usage_metadata.input_tokens, words("Be brief and kind.", SAID));
            assert.equal(answer.usage_metadata.output_tokens, words(ECHO));
        });

        for (const model of ["small", "local/fake-small"]) {
            it(`with ${model} is streamed in several pieces`, async () => {
                const chunks = await collect(await chat(model, more).stream(SAID));
                assert.ok(chunks.filter((chunk) => chunk.text).length > 3);
                const whole = chunks.reduce((sum, chunk) => sum.concat(chunk));
                assert.equal(whole.text, ECHO);
                assert.equal(whole.usage_metadata.output_tokens, words(ECHO));
            });

            it(`with ${model} calls tools and takes the results`, async () => {
                const weather = tool(({ city }) => `${TOOL_RESULT} (${city})`, { name: "weather", description: "of a city", schema: CITY });
                const bound = chat(model, more).bindTools([weather]);
                const messages = [new HumanMessage(`${CALL}\n${CALL.replace("Zürich", "Bern")}`)];
                const whole = await bound.invoke(messages);
                const streamed = (await collect(await bound.stream(messages))).reduce((sum, chunk) => sum.concat(chunk));
                for (const { tool_calls: calls } of [whole, streamed]) {
                    assert.deepEqual(calls.map((call) => [call.name, call.args]), [["weather", { city: "Zürich" }], ["weather", { city: "Bern" }]]);
                }
                const results = await Promise.all(whole.tool_calls.map((call) => weather.invoke(call)));
                assert.ok(results[0] instanceof ToolMessage);
                const answered = await bound.invoke([...messages, whole, ...results]);
                assert.equal(answered.text, `${TOOL_ECHO} (Bern)`);
            });
        }

        it("that is left in the middle of a stream is ended", async () => {
            const leave = new AbortController();
            const error = await failure((async () => {
                for await (const chunk of await chat("faulty/fault-stall", more).stream(SAID, { signal: leave.signal })) {
                    if (leave.signal.aborted || !chunk.text) continue;
                    await rig.inFlight(1);
                    leave.abort();
                }
            })());
            assert.match(String(error), /abort/i);
            await rig.inFlight(0);
        });

        it("that breaks in the middle is told, not taken for its end", async () => {
            const stream = await chat("faulty/fault-stall", more).stream(SAID);
            const error = await failure(collect(rig.broken(stream, (chunk) => chunk.text !== "")));
            assert.match(String(error), /cancel/);
        });

        for (const [model, status, sentence] of [
            ["up/nonesuch", 404, /does not exist/],
            ["faulty/fault-503", 503, /overloaded/],
            ["throttled/fault-429", 429, /Rate limit/],
        ]) {
            it(`with ${model} fails with status ${status}, streamed or not`, async () => {
                for (const asked of [() => chat(model, more).invoke(SAID), async () => collect(await chat(model, more).stream(SAID))]) {
                    const error = await failure(asked());
                    assert.equal(error.status, status, String(error));
                    assert.match(error.message, sentence);
                    if (status === 429) assert.ok(Number(error.headers.get("retry-after")) > 0);
                }
            });
        }

        it("with too long a prompt fails with LangChain's own error for that", async () => {
            const error = await failure(chat("faulty/fault-context", more).invoke(SAID));
            assert.ok(ContextOverflowError.isInstance(error), String(error));
            assert.equal(error.cause.status, 400);
        });
    });
}

describe("reasoning", () => {
    for (const model of ["up/fake-reason", "local/fake-reason"]) {
        it(`of ${model} is told, streamed or not`, async () => {
            const whole = await chat(model).invoke(SAID);
            const chunks = await collect(await chat(model).stream(SAID));
            for (const answer of [whole, chunks.reduce((sum, chunk) => sum.concat(chunk))]) {
                assert.equal(answer.additional_kwargs.reasoning_content, THOUGHT);
                assert.equal(answer.text, ECHO);
            }
        });
    }
});

describe("completions of text", () => {
    it("are created and streamed", async () => {
        const model = new OpenAI(connect(rig, { model: "small" }));
        assert.equal(await model.invoke(SAID), ECHO);
        assert.equal((await collect(await model.stream(SAID))).join(""), ECHO);
    });
});

describe("structured output", () => {
    it("comes as a call of a tool", async () => {
        const model = chat("small").withStructuredOutput(CITY, { name: "weather", method: "functionCalling" });
        assert.deepEqual(await model.invoke(CALL), { city: "Zürich" });
    });
});

describe("embeddings", () => {
    for (const model of ["up/fake-embed", "local/fake-embed"]) {
        it(`of ${model} are the same as numbers and as base64`, async () => {
            const numbers = new OpenAIEmbeddings(connect(rig, { model, encodingFormat: "float" }));
            const base64 = new OpenAIEmbeddings(connect(rig, { model, encodingFormat: "base64" }));
            const vectors = await numbers.embedDocuments([SAID, "another"]);
            assert.equal(vectors.length, 2);
            assert.ok(vectors[0].length > 1);
            assert.notDeepEqual(vectors[0], vectors[1]);
            assert.deepEqual(await numbers.embedQuery(SAID), vectors[0]);
            const raw = Buffer.from(await base64.embedQuery(SAID), "base64");
            assert.deepEqual(vectors[0].map((_, i) => raw.readFloatLE(4 * i)), vectors[0].map(Math.fround));
        });
    }
});

describe("errors that may pass", () => {
    it("are repeated by the client", async () => {
        assert.equal((await chat("faulty/flaky-1-langchain", { maxRetries: 1 }).invoke(SAID)).text, ECHO);
    });
});

describe("keys of the gateway", () => {
    let guarded;
    before(async () => (guarded = await Rig.start({ keys: true })));
    after(() => guarded.stop());
    const ask = (apiKey) => new ChatOpenAI(connect(guarded, { model: "small", apiKey })).invoke(SAID);

    it("are wanted", async () => {
        assert.equal((await failure(ask("wrong"))).status, 401);
        assert.equal((await ask(CLIENT_KEY)).text, ECHO);
    });

    it("may be used up", async () => {
        await ask(SCARCE_KEY);
        const error = await failure(ask(SCARCE_KEY));
        assert.equal(error.status, 429);
        assert.ok(Number(error.headers.get("retry-after")) > 0);
    });
});
