// The client `ollama`: chat, generate, embeddings, the list of models.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import {
    CALL, CITY, CLIENT_KEY, ECHO, Rig, SAID, SCARCE_KEY, THOUGHT, TOOLS, TOOL_ECHO, TOOL_RESULT,
    USER, collect, failure, installed, words,
} from "./harness.mjs";

const { Ollama } = installed("ollama");

let rig;
let client;
before(async () => {
    rig = await Rig.start();
    client = new Ollama({ host: rig.url });
});
after(() => rig.stop());

describe("the server", () => {
    it("lists its models", async () => {
        const { models } = await client.list();
        const names = models.map((model) => model.name);
        for (const name of ["small", "up/fake-large", "local/fake-small"]) assert.ok(names.includes(name), `${name} in ${names}`);
        assert.ok(models.every((model) => model.details && !Number.isNaN(Date.parse(model.modified_at))));
    });

    it("shows what is known of a model", async () => {
        const shown = await client.show({ model: "small" });
        assert.equal(shown.details.family, "up");
        assert.equal(shown.model_info["general.basename"], "small");
    });

    it("tells the models of connected providers as running", async () => {
        await client.chat({ model: "local/fake-small", messages: [USER] });
        const { models } = await client.ps();
        assert.ok(models.every((model) => model.name && !Number.isNaN(Date.parse(model.expires_at))));
    });

    it("tells its version", async () => {
        assert.match((await client.version()).version, /^\d+\.\d+/);
    });
});

for (const model of ["small", "local/fake-small"]) {
    describe(`chat with ${model}`, () => {
        it("is answered, with the system prompt among what was read", async () => {
            const answer = await client.chat({ model, messages: [{ role: "system", content: "Be brief and kind." }, USER] });
            assert.equal(answer.message.content, ECHO);
            assert.equal(answer.message.role, "assistant");
            assert.equal(answer.done, true);
            assert.equal(answer.done_reason, "stop");
            assert.equal(answer.prompt_eval_count, words("Be brief and kind.", SAID));
            assert.equal(answer.eval_count, words(ECHO));
            assert.equal(answer.model, model);
        });

        it("is streamed in several pieces", async () => {
            const parts = await collect(await client.chat({ model, messages: [USER], stream: true }));
            assert.ok(parts.length > 3);
            assert.equal(parts.map((part) => part.message.content).join(""), ECHO);
            assert.deepEqual(parts.map((part) => part.done), parts.map((_, i) => i === parts.length - 1));
            assert.equal(parts.at(-1).eval_count, words(ECHO));
        });

        it("calls tools and takes the results, at once and in a stream", async () => {
            const messages = [{ role: "user", content: `${CALL}\n${CALL.replace("Zürich", "Bern")}` }];
            const whole = await client.chat({ model, messages, tools: TOOLS });
            const parts = await collect(await client.chat({ model, messages, tools: TOOLS, stream: true }));
            const streamed = parts.flatMap((part) => part.message.tool_calls ?? []);
            for (const calls of [whole.message.tool_calls, streamed]) {
                assert.deepEqual(calls.map((call) => call.function.name), ["weather", "weather"]);
                assert.deepEqual(calls.map((call) => call.function.arguments), [{ city: "Zürich" }, { city: "Bern" }]);
            }
            const results = streamed.map(() => ({ role: "tool", tool_name: "weather", content: TOOL_RESULT }));
            const answered = await client.chat({ model, messages: [...messages, whole.message, ...results], tools: TOOLS });
            assert.equal(answered.message.content, TOOL_ECHO);
        });
    });
}

describe("chat", () => {
    for (const model of ["up/fake-reason", "local/fake-reason"]) {
        it(`tells what ${model} thinks`, async () => {
            const whole = await client.chat({ model, messages: [USER], think: true });
            assert.equal(whole.message.thinking, THOUGHT);
            assert.equal(whole.message.content, ECHO);
            const parts = await collect(await client.chat({ model, messages: [USER], think: "low", stream: true }));
            assert.equal(parts.map((part) => part.message.thinking ?? "").join(""), THOUGHT);
            assert.equal(parts.map((part) => part.message.content).join(""), ECHO);
        });
    }

    it("keeps to the limit of tokens", async () => {
        const answer = await client.chat({ model: "small", messages: [USER], options: { num_predict: 3 } });
        assert.equal(answer.done_reason, "length");
    });

    it("passes a schema on", async () => {
        const answer = await client.chat({ model: "small", messages: [USER], format: CITY, keep_alive: "5m" });
        assert.equal(answer.message.content, ECHO);
    });
});

describe("generate", () => {
    it("answers at once and in a stream", async () => {
        const ask = { model: "small", prompt: SAID, system: "Be brief." };
        const whole = await client.generate(ask);
        assert.equal(whole.response, ECHO);
        assert.equal(whole.prompt_eval_count, words("Be brief.", SAID));
        const parts = await collect(await client.generate({ ...ask, stream: true }));
        assert.equal(parts.map((part) => part.response).join(""), ECHO);
    });
});

describe("embeddings", () => {
    for (const model of ["up/fake-embed", "local/fake-embed"]) {
        it(`of ${model} have one vector for each text`, async () => {
            const { embeddings } = await client.embed({ model, input: [SAID, "another"] });
            const single = await client.embed({ model, input: SAID });
            const old = await client.embeddings({ model, prompt: SAID });
            assert.equal(embeddings.length, 2);
            assert.ok(embeddings[0].length > 1);
            assert.notDeepEqual(embeddings[0], embeddings[1]);
            assert.deepEqual(single.embeddings, [embeddings[0]]);
            assert.deepEqual(old.embedding, embeddings[0]);
        });
    }
});

describe("a client that leaves", () => {
    it("in the middle of a stream ends the request", async () => {
        const stream = await client.chat({ model: "faulty/fault-stall", messages: [USER], stream: true });
        let left = false;
        const error = await failure((async () => {
            for await (const part of stream) {
                if (left || !part.message.content) continue;
                await rig.inFlight(1);
                stream.abort();
                left = true; // what had come before is told all the same
            }
        })());
        assert.equal(error.name, "AbortError", String(error));
        await rig.inFlight(0);
    });
});

describe("errors", () => {
    const ask = (model, more = {}) => failure(client.chat({ model, messages: [USER], ...more }));

    for (const [model, status, words] of [
        ["up/nonesuch", 404, /does not exist/],
        ["faulty/fault-context", 400, /context length/],
        ["faulty/fault-503", 503, /overloaded/],
        ["faulty/fault-html", 502, /./],
        ["throttled/fault-429", 429, /Rate limit/],
    ]) {
        it(`of ${model} have status ${status} and a sentence`, async () => {
            for (const stream of [false, true]) {
                const error = await ask(model, { stream });
                assert.equal(error.name, "ResponseError", String(error));
                assert.equal(error.status_code, status);
                assert.match(error.message, words);
            }
        });
    }

    it("of an answer that is not JSON are raised, however much of it is there", async () => {
        const model = "faulty/fault-garbage-json";
        assert.equal((await ask(model)).status_code, 502);
        const error = await failure((async () => collect(await client.chat({ model, messages: [USER], stream: true })))());
        assert.match(error.message, /provider faulty/);
    });

    it("of the client's own name the member", async () => {
        const error = await ask("small", { messages: [{ role: "user", content: 7 }] });
        assert.equal(error.status_code, 400);
        assert.match(error.message, /messages\.0\.content/);
    });

    it("in the middle of a stream are raised, not taken for its end", async () => {
        const stream = await client.chat({ model: "faulty/fault-stall", messages: [USER], stream: true });
        let text = "";
        const error = await failure((async () => {
            for await (const part of rig.broken(stream, ({ message }) => message.content !== "")) text += part.message.content;
        })());
        assert.match(error.message, /cancel/);
        assert.ok(text !== "" && ECHO.startsWith(text));
    });

    it("of what a gateway does not do are a sentence", async () => {
        const model = "small";
        for (const ask of [
            () => client.pull({ model }),
            () => client.push({ model }),
            () => client.create({ model: "other", from: model }),
            () => client.copy({ source: model, destination: "other" }),
            () => client.delete({ model }),
        ]) {
            const error = await failure(ask());
            assert.equal(error.status_code, 501);
            assert.match(error.message, /does not manage models/);
        }
    });

    it("of a model that is not there are a sentence", async () => {
        const error = await failure(client.show({ model: "nonesuch" }));
        assert.equal(error.status_code, 404);
        assert.match(error.message, /there is no model/);
    });
});

describe("keys of the gateway", () => {
    let guarded;
    before(async () => (guarded = await Rig.start({ keys: true })));
    after(() => guarded.stop());
    const as = (key) => new Ollama({ host: guarded.url, headers: { Authorization: `Bearer ${key}` } });
    const ask = (key) => as(key).chat({ model: "small", messages: [USER] });

    it("are wanted", async () => {
        for (const refused of [() => ask("wrong"), () => as("wrong").list()]) {
            const error = await failure(refused());
            assert.equal(error.status_code, 401);
            assert.match(error.message, /API key/);
        }
        assert.equal((await ask(CLIENT_KEY)).message.content, ECHO);
    });

    it("may be used up", async () => {
        await ask(SCARCE_KEY);
        assert.equal((await failure(ask(SCARCE_KEY))).status_code, 429);
    });
});
