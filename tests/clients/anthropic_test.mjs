// The client `@anthropic-ai/sdk`: messages and models.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import {
    CALL, CITY, CLIENT_KEY, ECHO, Rig, SAID, SCARCE_KEY, THOUGHT, TOOL_ECHO, TOOL_RESULT, USER,
    collect, failure, installed, words,
} from "./harness.mjs";

const Anthropic = installed("@anthropic-ai/sdk");

const TOOLS = [{ name: "weather", description: "of a city", input_schema: CITY }];
const LIMIT = { max_tokens: 1000 };
const SMALL = { model: "small", ...LIMIT };

let rig;
let client;
before(async () => {
    rig = await Rig.start();
    client = new Anthropic({ baseURL: rig.url, apiKey: "unused", maxRetries: 0 });
});
after(() => rig.stop());

describe("models", () => {
    it("are listed", async () => {
        const models = await collect(client.models.list());
        const ids = models.map((model) => model.id);
        for (const id of ["small", "up/fake-large", "local/fake-small"]) assert.ok(ids.includes(id), `${id} in ${ids}`);
        assert.ok(models.every((model) => model.type === "model" && model.display_name));
    });

    it("are found by name", async () => {
        const model = await client.models.retrieve("up/fake-small");
        assert.equal(model.id, "up/fake-small");
        assert.equal(model.type, "model");
        assert.equal(model.display_name, "up/fake-small");
    });

    it("that are not there are not found", async () => {
        const error = await failure(client.models.retrieve("nonesuch"));
        assert.ok(error instanceof Anthropic.NotFoundError, String(error));
        assert.equal(error.error.error.type, "not_found_error");
    });
});

describe("messages", () => {
    it("are answered, with the system prompt among what was read", async () => {
        const { data, response } = await client.messages.create({ ...SMALL, system: "Be brief and kind.", messages: [USER] }).withResponse();
        assert.deepEqual(data.content.map(({ type, text }) => ({ type, text })), [{ type: "text", text: ECHO }]);
        assert.equal(data.role, "assistant");
        assert.equal(data.stop_reason, "end_turn");
        assert.equal(data.usage.input_tokens, words("Be brief and kind.", SAID));
        assert.equal(data.usage.output_tokens, words(ECHO));
        assert.equal(response.headers.get("x-tenon-provider"), "up");
    });

    it("may have their system prompt and their text in blocks", async () => {
        const message = await client.messages.create({
            ...SMALL,
            system: [{ type: "text", text: "Be brief.", cache_control: { type: "ephemeral" } }],
            messages: [{ role: "user", content: [{ type: "text", text: SAID, cache_control: { type: "ephemeral" } }] }],
        });
        assert.equal(message.content[0].text, ECHO);
        assert.equal(message.usage.input_tokens, words("Be brief.", SAID));
    });

    for (const model of ["small", "local/fake-small"]) {
        it(`of ${model} are streamed in several pieces`, async () => {
            const stream = client.messages.stream({ model, ...LIMIT, messages: [USER] });
            const pieces = [];
            stream.on("text", (text) => pieces.push(text));
            const message = await stream.finalMessage();
            assert.ok(pieces.length > 3);
            assert.equal(pieces.join(""), ECHO);
            assert.equal(message.content[0].text, ECHO);
            assert.equal(message.stop_reason, "end_turn");
            assert.equal(message.usage.output_tokens, words(ECHO));
        });
    }

    it("stream events in the order of the API", async () => {
        const events = await collect(await client.messages.create({ ...SMALL, messages: [USER], stream: true }));
        const types = events.map((event) => event.type).filter((type, i, all) => type !== all[i - 1]);
        assert.deepEqual(types, [
            "message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta", "message_stop",
        ]);
    });

    it("end at the limit of tokens", async () => {
        const message = await client.messages.create({ model: "small", max_tokens: 3, messages: [USER] });
        assert.equal(message.stop_reason, "max_tokens");
    });

    it("may go on after what the assistant has thought and said", async () => {
        const model = "up/fake-reason";
        const thinking = { type: "enabled", budget_tokens: 1024 };
        const whole = await client.messages.create({ model, max_tokens: 2000, thinking, messages: [USER] });
        const streamed = await client.messages.stream({ model, max_tokens: 2000, thinking, messages: [USER] }).finalMessage();
        for (const { content } of [whole, streamed]) {
            assert.deepEqual(content.map((block) => block.type), ["thinking", "text"]);
            assert.equal(content[0].thinking, THOUGHT);
            assert.equal(content[1].text, ECHO);
        }
        const messages = [USER, { role: "assistant", content: streamed.content }, { role: "user", content: "And now?" }];
        const next = await client.messages.create({ model, max_tokens: 2000, thinking, messages });
        assert.equal(next.content.at(-1).text, "You said: And now?");
    });
});

describe("tools", () => {
    for (const model of ["small", "local/fake-small"]) {
        it(`are called by ${model} and answered`, async () => {
            const messages = [{ role: "user", content: `${CALL}\n${CALL.replace("Zürich", "Bern")}` }];
            const ask = { model, ...LIMIT, tools: TOOLS, tool_choice: { type: "auto" }, messages };
            const whole = await client.messages.create(ask);
            const streamed = await client.messages.stream(ask).finalMessage();
            for (const { content, stop_reason } of [whole, streamed]) {
                assert.equal(stop_reason, "tool_use");
                assert.deepEqual(content.map(({ type, name, input }) => ({ type, name, input })), [
                    { type: "tool_use", name: "weather", input: { city: "Zürich" } },
                    { type: "tool_use", name: "weather", input: { city: "Bern" } },
                ]);
                assert.notEqual(content[0].id, content[1].id);
            }
            const results = whole.content.map(({ id }) => ({ type: "tool_result", tool_use_id: id, content: TOOL_RESULT }));
            const answered = await client.messages.create({
                ...ask, messages: [...messages, { role: "assistant", content: whole.content }, { role: "user", content: results }],
            });
            assert.equal(answered.content[0].text, TOOL_ECHO);
        });
    }

    it("are run by the client", async () => {
        const cities = [];
        const run = ({ city }) => {
            cities.push(city);
            return TOOL_RESULT;
        };
        const tools = [{ ...TOOLS[0], run, parse: (input) => input }];
        const message = await client.beta.messages.toolRunner({ ...SMALL, tools, messages: [{ role: "user", content: CALL }] });
        assert.equal(message.content[0].text, TOOL_ECHO);
        assert.deepEqual(cities, ["Zürich"]);
    });
});

describe("a client that leaves", () => {
    it("in the middle of a stream ends the request", async () => {
        const stream = client.messages.stream({ model: "faulty/fault-stall", ...LIMIT, messages: [USER] });
        for await (const event of stream) {
            if (event.type !== "content_block_delta") continue;
            await rig.inFlight(1);
            break; // aborts
        }
        await rig.inFlight(0);
    });

    it("by its signal ends the request too", async () => {
        const leave = new AbortController();
        const asked = failure(client.messages.create({ model: "faulty/fault-silent", ...LIMIT, messages: [USER] }, { signal: leave.signal }));
        await rig.inFlight(1);
        leave.abort();
        assert.ok((await asked) instanceof Anthropic.APIUserAbortError);
        await rig.inFlight(0);
    });
});

describe("errors", () => {
    const ask = (model, more = {}) => failure(client.messages.create({ model, ...LIMIT, messages: [USER], ...more }));

    for (const [model, type, status, name] of [
        ["up/nonesuch", Anthropic.NotFoundError, 404, "not_found_error"],
        ["faulty/fault-context", Anthropic.BadRequestError, 400, "invalid_request_error"],
        ["faulty/fault-503", Anthropic.InternalServerError, 529, "overloaded_error"],
        ["faulty/fault-html", Anthropic.InternalServerError, 502, "api_error"],
    ]) {
        it(`of ${model} are ${type.name} ${name}`, async () => {
            for (const stream of [false, true]) {
                const error = await ask(model, { stream });
                assert.ok(error instanceof type, String(error));
                assert.equal(error.status, status);
                assert.equal(error.error.error.type, name);
                assert.ok(error.requestID);
            }
        });
    }

    it("of a throttled provider say how long to wait", async () => {
        const error = await ask("throttled/fault-429");
        assert.ok(error instanceof Anthropic.RateLimitError, String(error));
        assert.equal(error.headers.get("retry-after"), "7");
    });

    it("of an answer that is not JSON are raised, however much of it is there", async () => {
        const model = "faulty/fault-garbage-json";
        assert.equal((await ask(model)).status, 502);
        const error = await failure((async () => collect(await client.messages.create({ model, ...LIMIT, messages: [USER], stream: true })))());
        assert.ok(error instanceof Anthropic.APIError, String(error));
        assert.equal(error.error.error.type, "api_error");
    });

    it("of the client's own name the member", async () => {
        const error = await ask("small", { messages: [{ role: "user", content: [{ type: "nonesuch" }] }] });
        assert.ok(error instanceof Anthropic.BadRequestError, String(error));
        assert.match(error.message, /messages\.0\.content\.0/);
    });

    it("in the middle of a stream are raised, not taken for its end", async () => {
        const stream = await client.messages.create({ model: "faulty/fault-stall", ...LIMIT, messages: [USER], stream: true });
        const seen = [];
        const error = await failure((async () => {
            for await (const event of rig.broken(stream, ({ type }) => type === "content_block_delta")) seen.push(event.type);
        })());
        assert.ok(error instanceof Anthropic.APIError, String(error));
        assert.ok(seen.includes("content_block_delta") && !seen.includes("message_stop"));
    });

    it("of tokens that cannot be counted say so", async () => {
        const error = await failure(client.messages.countTokens({ model: "small", messages: [USER] }));
        assert.ok(error instanceof Anthropic.NotFoundError, String(error));
        assert.equal(error.error.type, "error");
        assert.equal(error.error.error.type, "not_found_error");
        assert.match(error.message, /does not count/);
    });

    it("that may pass are repeated by the client", async () => {
        const patient = client.withOptions({ maxRetries: 2 });
        const message = await patient.messages.create({ model: "faulty/flaky-1-anthropic", ...LIMIT, messages: [USER] });
        assert.equal(message.content[0].text, ECHO);
    });
});

describe("keys of the gateway", () => {
    let guarded;
    before(async () => (guarded = await Rig.start({ keys: true })));
    after(() => guarded.stop());
    const as = (apiKey) => new Anthropic({ baseURL: guarded.url, apiKey, maxRetries: 0 });
    const ask = (apiKey) => as(apiKey).messages.create({ ...SMALL, messages: [USER] });

    it("are wanted", async () => {
        for (const refused of [() => ask("wrong"), () => collect(as("wrong").models.list())]) {
            const error = await failure(refused());
            assert.ok(error instanceof Anthropic.AuthenticationError, String(error));
            assert.equal(error.error.error.type, "authentication_error");
        }
        assert.equal((await ask(CLIENT_KEY)).content[0].text, ECHO);
    });

    it("may come as a token", async () => {
        const other = new Anthropic({ baseURL: guarded.url, apiKey: null, authToken: CLIENT_KEY, maxRetries: 0 });
        assert.equal((await other.messages.create({ ...SMALL, messages: [USER] })).content[0].text, ECHO);
    });

    it("may be used up", async () => {
        await ask(SCARCE_KEY);
        const error = await failure(ask(SCARCE_KEY));
        assert.ok(error instanceof Anthropic.RateLimitError, String(error));
        assert.ok(Number(error.headers.get("retry-after")) > 0);
    });
});
