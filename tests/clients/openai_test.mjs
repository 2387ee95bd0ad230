// The client `openai`: chat, Responses, completions, embeddings, models.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import {
    CALL, CITY, CLIENT_KEY, ECHO, Rig, SAID, SCARCE_KEY, THOUGHT, TOOLS, TOOL_ECHO, TOOL_RESULT,
    USER, collect, failure, installed, words,
} from "./harness.mjs";

const OpenAI = installed("openai");
const { zodResponseFormat } = installed("openai/helpers/zod");
const zod = installed("zod");

let rig;
let client;
before(async () => {
    rig = await Rig.start();
    client = new OpenAI({ baseURL: `${rig.url}/v1`, apiKey: "unused", maxRetries: 0 });
});
after(() => rig.stop());

describe("models", () => {
    it("lists routes and what the providers have", async () => {
        const ids = (await collect(client.models.list())).map((model) => model.id);
        for (const id of ["small", "up/fake-large", "local/fake-small"]) assert.ok(ids.includes(id), `${id} in ${ids}`);
    });

    it("finds one whose name has a slash", async () => {
        const model = await client.models.retrieve("up/fake-small");
        assert.equal(model.id, "up/fake-small");
        assert.equal(model.object, "model");
    });

    it("says that another one is not there", async () => {
        const error = await failure(client.models.retrieve("nonesuch"));
        assert.ok(error instanceof OpenAI.NotFoundError, String(error));
    });
});

describe("chat", () => {
    it("answers, with the system prompt among what was read", async () => {
        const { data, response } = await client.chat.completions
            .create({ model: "small", messages: [{ role: "system", content: "Be brief and kind." }, USER] })
            .withResponse();
        assert.equal(data.choices[0].message.content, ECHO);
        assert.equal(data.choices[0].finish_reason, "stop");
        assert.equal(data.usage.prompt_tokens, words("Be brief and kind.", SAID));
        assert.deepEqual(data.x_fake, { kept: true });
        assert.equal(response.headers.get("x-tenon-provider"), "up");
        assert.ok(data._request_id);
    });

    it("streams the same text in several pieces, and the usage at the end", async () => {
        const chunks = await collect(await client.chat.completions.create({
            model: "small", messages: [USER], stream: true, stream_options: { include_usage: true },
        }));
        const pieces = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").filter(Boolean);
        assert.ok(pieces.length > 3);
        assert.equal(pieces.join(""), ECHO);
        assert.equal(chunks.at(-1).usage.completion_tokens, words(ECHO));
    });

    it("streams no usage that was not asked for", async () => {
        const chunks = await collect(await client.chat.completions.create({ model: "small", messages: [USER], stream: true }));
        assert.ok(chunks.every((chunk) => !chunk.usage && chunk.choices.length === 1));
    });

    it("speaks through a provider of another dialect", async () => {
        const runner = client.chat.completions.stream({ model: "local/fake-small", messages: [USER] });
        assert.equal(await runner.finalContent(), ECHO);
    });

    for (const model of ["up/fake-reason", "local/fake-reason"]) {
        it(`tells the reasoning of ${model}`, async () => {
            const messages = [USER];
            const whole = await client.chat.completions.create({ model, messages, reasoning_effort: "low" });
            assert.equal(whole.choices[0].message.reasoning_content, THOUGHT);
            const chunks = await collect(await client.chat.completions.create({ model, messages, reasoning_effort: "low", stream: true }));
            assert.equal(chunks.map((chunk) => chunk.choices[0]?.delta.reasoning_content ?? "").join(""), THOUGHT);
        });
    }

    it("passes structured output on", async () => {
        const format = zodResponseFormat(zod.object({ city: zod.string() }), "city");
        const completion = await client.chat.completions.create({ model: "small", messages: [USER], response_format: format });
        assert.equal(completion.choices[0].message.content, ECHO);
    });
});

describe("tools", () => {
    for (const model of ["small", "local/fake-small"]) {
        it(`are called by ${model} and answered`, async () => {
            const messages = [{ role: "user", content: CALL }];
            const asked = await client.chat.completions.create({ model, messages, tools: TOOLS, tool_choice: "auto" });
            const { finish_reason, message } = asked.choices[0];
            assert.equal(finish_reason, "tool_calls");
            assert.equal(message.tool_calls[0].function.name, "weather");
            assert.deepEqual(JSON.parse(message.tool_calls[0].function.arguments), { city: "Zürich" });
            messages.push(message, { role: "tool", tool_call_id: message.tool_calls[0].id, content: TOOL_RESULT });
            const answered = await client.chat.completions.create({ model, messages, tools: TOOLS });
            assert.equal(answered.choices[0].message.content, TOOL_ECHO);
        });

        it(`are called by ${model} in a stream, run by the client and answered`, async () => {
            const cities = [];
            const runner = client.chat.completions.runTools({
                model,
                stream: true,
                messages: [{ role: "user", content: `${CALL}\n${CALL.replace("Zürich", "Bern")}` }],
                tools: [{
                    type: "function",
                    function: {
                        name: "weather",
                        parameters: CITY,
                        parse: JSON.parse,
                        function: ({ city }) => {
                            cities.push(city);
                            return TOOL_RESULT;
                        },
                    },
                }],
            });
            assert.equal(await runner.finalContent(), TOOL_ECHO);
            assert.deepEqual(cities, ["Zürich", "Bern"]);
        });
    }
});

describe("Responses", () => {
    it("are created", async () => {
        const response = await client.responses.create({ model: "small", instructions: "Be brief.", input: SAID });
        assert.equal(response.output_text, ECHO);
        assert.equal(response.status, "completed");
        assert.equal(response.usage.input_tokens, words("Be brief.", SAID));
    });

    it("are streamed", async () => {
        const stream = client.responses.stream({ model: "small", input: [{ role: "user", content: SAID }] });
        const events = await collect(stream);
        const pieces = events.filter((event) => event.type === "response.output_text.delta").map((event) => event.delta);
        assert.ok(pieces.length > 3);
        assert.equal(pieces.join(""), ECHO);
        assert.equal((await stream.finalResponse()).output_text, ECHO);
        assert.equal(events.at(-1).type, "response.completed");
        assert.deepEqual(events.map((event) => event.sequence_number), events.map((_, i) => i));
    });

    it("tell the reasoning", async () => {
        const response = await client.responses.create({ model: "up/fake-reason", input: SAID, reasoning: { effort: "low" } });
        const reasoning = response.output.find((item) => item.type === "reasoning");
        assert.equal(reasoning.content[0].text, THOUGHT);
        const next = await client.responses.create({
            model: "up/fake-reason",
            input: [{ role: "user", content: "first" }, ...response.output, { role: "user", content: SAID }],
        });
        assert.equal(next.output_text, ECHO);
    });

    it("call tools and take the results", async () => {
        const tools = [{ type: "function", name: "weather", parameters: CITY, strict: true }];
        const input = [{ role: "user", content: CALL }];
        const asked = await client.responses.create({ model: "small", input, tools });
        const streamed = await client.responses.stream({ model: "small", input, tools }).finalResponse();
        for (const { output } of [asked, streamed]) {
            assert.equal(output[0].type, "function_call");
            assert.equal(output[0].name, "weather");
            assert.deepEqual(JSON.parse(output[0].arguments), { city: "Zürich" });
        }
        const result = { type: "function_call_output", call_id: asked.output[0].call_id, output: TOOL_RESULT };
        const answered = await client.responses.create({ model: "small", tools, input: [...input, ...asked.output, result] });
        assert.equal(answered.output_text, TOOL_ECHO);
    });

    it("refuse what would need a memory", async () => {
        const error = await failure(client.responses.create({ model: "small", input: SAID, previous_response_id: "resp_1" }));
        assert.ok(error instanceof OpenAI.BadRequestError, String(error));
        assert.equal(error.param, "previous_response_id");
    });

    it("that break in the middle end as failed, and raise an error", async () => {
        const stream = await client.responses.create({ model: "faulty/fault-stall", input: SAID, stream: true });
        const events = [];
        const error = await failure((async () => {
            for await (const event of rig.broken(stream, ({ type }) => type === "response.output_text.delta")) events.push(event);
        })());
        assert.ok(error instanceof OpenAI.APIError, String(error));
        assert.equal(events.at(-1).type, "response.failed");
        assert.equal(events.at(-1).response.status, "failed");
    });
});

describe("completions of text", () => {
    it("are created and streamed", async () => {
        const whole = await client.completions.create({ model: "small", prompt: SAID });
        assert.equal(whole.choices[0].text, ECHO);
        const chunks = await collect(await client.completions.create({ model: "small", prompt: SAID, stream: true }));
        assert.equal(chunks.map((chunk) => chunk.choices[0]?.text ?? "").join(""), ECHO);
    });
});

describe("embeddings", () => {
    for (const model of ["up/fake-embed", "local/fake-embed"]) {
        it(`of ${model} are the same as numbers and as base64`, async () => {
            const input = [SAID, "another"];
            const numbers = await client.embeddings.create({ model, input, encoding_format: "float" });
            const decoded = await client.embeddings.create({ model, input }); // the client asks for base64
            const raw = await client.embeddings.create({ model, input, encoding_format: "base64" });
            assert.equal(numbers.data.length, 2);
            assert.notDeepEqual(numbers.data[0].embedding, numbers.data[1].embedding);
            assert.equal(typeof raw.data[0].embedding, "string");
            for (const [i, { embedding }] of numbers.data.entries()) {
                assert.ok(embedding.length > 1);
                assert.deepEqual(Array.from(decoded.data[i].embedding), embedding.map(Math.fround));
                assert.equal(decoded.data[i].index, i);
            }
        });
    }
});

describe("a client that leaves", () => {
    it("in the middle of a stream ends the request", async () => {
        const stream = await client.chat.completions.create({ model: "faulty/fault-stall", messages: [USER], stream: true });
        for await (const chunk of stream) {
            if (!chunk.choices[0].delta.content) continue;
            await rig.inFlight(1);
            break; // aborts
        }
        await rig.inFlight(0);
    });

    it("by its signal ends the request too", async () => {
        const leave = new AbortController();
        const asked = failure(client.chat.completions.create({ model: "faulty/fault-silent", messages: [USER] }, { signal: leave.signal }));
        await rig.inFlight(1);
        leave.abort();
        assert.ok((await asked) instanceof OpenAI.APIUserAbortError);
        await rig.inFlight(0);
    });

    it("in the middle of a response ends it", async () => {
        const stream = await client.responses.create({ model: "faulty/fault-stall", input: SAID, stream: true });
        for await (const event of stream) {
            if (event.type === "response.output_text.delta") break;
        }
        await rig.inFlight(0);
    });
});

describe("errors", () => {
    const ask = (model, more = {}) => failure(client.chat.completions.create({ model, messages: [USER], ...more }));

    for (const [model, type, status, code] of [
        ["up/nonesuch", OpenAI.NotFoundError, 404, "model_not_found"],
        ["faulty/fault-context", OpenAI.BadRequestError, 400, "context_length_exceeded"],
        ["faulty/fault-filter", OpenAI.BadRequestError, 400, "content_filter"],
        ["faulty/fault-503", OpenAI.InternalServerError, 503, "server_is_overloaded"],
        ["faulty/fault-401", OpenAI.InternalServerError, 502, "invalid_api_key"],
        ["faulty/fault-html", OpenAI.InternalServerError, 502, "bad_gateway"],
    ]) {
        it(`of ${model} are ${type.name} ${code}`, async () => {
            for (const stream of [false, true]) {
                const error = await ask(model, { stream });
                assert.ok(error instanceof type, String(error));
                assert.equal(error.status, status);
                assert.equal(error.code, code);
                assert.ok(error.requestID);
            }
        });
    }

    it("of a throttled provider say how long to wait", async () => {
        const error = await ask("throttled/fault-429");
        assert.ok(error instanceof OpenAI.RateLimitError, String(error));
        assert.equal(error.headers.get("retry-after"), "7");
        assert.equal(error.code, "rate_limit_exceeded");
    });

    it("of an answer that is not JSON are raised, however much of it is there", async () => {
        const model = "faulty/fault-garbage-json";
        assert.equal((await ask(model)).status, 502);
        const error = await failure((async () => collect(await client.chat.completions.create({ model, messages: [USER], stream: true })))());
        assert.ok(error instanceof OpenAI.APIError, String(error));
        assert.equal(error.code, "bad_gateway");
    });

    it("of the client's own name the member", async () => {
        const error = await ask("small", { messages: "hello" });
        assert.ok(error instanceof OpenAI.BadRequestError, String(error));
        assert.equal(error.param, "messages");
    });

    it("in the middle of a stream are raised, not taken for its end", async () => {
        const stream = await client.chat.completions.create({ model: "faulty/fault-stall", messages: [USER], stream: true });
        let text = "";
        const error = await failure((async () => {
            for await (const chunk of rig.broken(stream, () => true)) text += chunk.choices[0].delta.content;
        })());
        assert.ok(error instanceof OpenAI.APIError, String(error));
        assert.ok(text !== "" && ECHO.startsWith(text));
    });

    for (const model of ["faulty/fault-truncated", "faulty/fault-stream-error", "faulty/fault-reset-midway"]) {
        it(`of the stream of ${model} are raised`, async () => {
            const error = await failure(client.chat.completions.create({ model, messages: [USER], stream: true }).then(collect));
            assert.ok(error instanceof OpenAI.APIError, String(error));
        });
    }

    it("that may pass are repeated by the client", async () => {
        const patient = client.withOptions({ maxRetries: 2 });
        const completion = await patient.chat.completions.create({ model: "faulty/flaky-1-openai", messages: [USER] });
        assert.equal(completion.choices[0].message.content, ECHO);
    });
});

describe("keys of the gateway", () => {
    let guarded;
    before(async () => (guarded = await Rig.start({ keys: true })));
    after(() => guarded.stop());
    const as = (apiKey) => new OpenAI({ baseURL: `${guarded.url}/v1`, apiKey, maxRetries: 0 });
    const ask = (apiKey) => as(apiKey).chat.completions.create({ model: "small", messages: [USER] });

    it("are wanted", async () => {
        assert.ok((await failure(ask("wrong"))) instanceof OpenAI.AuthenticationError);
        assert.ok((await failure(collect(as("wrong").models.list()))) instanceof OpenAI.AuthenticationError);
        assert.equal((await ask(CLIENT_KEY)).choices[0].message.content, ECHO);
        assert.ok((await collect(as(CLIENT_KEY).models.list())).length > 0);
    });

    it("may be used up", async () => {
        await ask(SCARCE_KEY);
        const error = await failure(ask(SCARCE_KEY));
        assert.ok(error instanceof OpenAI.RateLimitError, String(error));
        assert.ok(Number(error.headers.get("retry-after")) > 0);
    });
});
