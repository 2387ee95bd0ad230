// A gateway between clients that people use and a model server that fails on demand.

import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { ADMIN_KEY, CLIENT_KEY, Daemon, addressOf } from "../support/daemon.mjs";

export { CLIENT_KEY };

/** The packages are installed where the tests run, not where they stand. */
export const installed = createRequire(path.join(process.cwd(), "package.json"));

export const SAID = 'Grüße, 世界 😀 "quoted" \\ and\nmore';
export const ECHO = "You said: " + SAID;
export const THOUGHT = "The user wants an echo.";
export const CALL = 'call weather {"city":"Zürich"}';
export const TOOL_RESULT = "18 °C in Zürich";
export const TOOL_ECHO = "The tool said: " + TOOL_RESULT;
export const CITY = {
    type: "object",
    properties: { city: { type: "string" } },
    required: ["city"],
    additionalProperties: false,
};

export const USER = { role: "user", content: SAID };
/** As OpenAI and Ollama write it. */
export const TOOLS = [{ type: "function", function: { name: "weather", description: "of a city", parameters: CITY } }];

/** What a key that may send one request a minute looks like. */
export const SCARCE_KEY = "a-key-for-one-request-a-minute";

const PATIENCE_MS = 20_000;

/** As the model server counts tokens. */
export const words = (...texts) => texts.join(" ").split(/\s+/).filter(Boolean).length;

export class Rig {
    #upstream;
    #daemon;

    /** @param keys whether the gateway wants keys, CLIENT_KEY and SCARCE_KEY */
    static async start({ keys = false } = {}) {
        const rig = new Rig();
        const upstream = await rig.#startUpstream();
        const openai = (more = {}) => ({ kind: "openai", config: { base_url: `${upstream}/v1` }, ...more });
        const fails = openai({ retry: { max_attempts: 1 }, breaker: { enabled: false } });
        rig.#daemon = await Daemon.start({
            gateway: keys ? { keys: { tests: { key: CLIENT_KEY }, scarce: { key: SCARCE_KEY, requests_per_minute: 1 } } } : {},
            providers: {
                up: openai(),
                local: { kind: "ollama", config: { base_url: upstream } },
                faulty: fails,
                throttled: fails, // alone, since it cools down
            },
            routes: [{ model: "small", tiers: [[{ provider: "up", model: "fake-small" }]] }],
        });
        return rig;
    }

    get url() {
        return this.#daemon.url;
    }

    #startUpstream() {
        this.#upstream = spawn(process.env.TENON_FAKE_LLM, ["--port", "0"], { stdio: ["ignore", "pipe", "inherit"] });
        return addressOf(this.#upstream, "tenon-fake-llm");
    }

    async stop() {
        await this.#daemon.stop();
        this.#upstream.kill("SIGKILL");
    }

    async #admin(target, method = "GET") {
        const response = await fetch(`${this.url}/admin/v1/${target}`, { method, headers: { authorization: `Bearer ${ADMIN_KEY}` } });
        if (!response.ok) throw new Error(await response.text());
        return response.json();
    }

    /** A stream that the gateway breaks once its client has had a piece that `isText`. */
    async *broken(stream, isText) {
        let whole = true;
        for await (const piece of stream) {
            if (whole && isText(piece)) {
                whole = false;
                await this.inFlight(1);
                const { requests } = await this.#admin("requests");
                for (const { id } of requests) await this.#admin(`requests/${id}/cancel`, "POST");
            }
            yield piece;
        }
    }

    /** Until so many requests are in flight, seen from both sides of the gateway. */
    async inFlight(wanted) {
        const until = Date.now() + PATIENCE_MS;
        for (;;) {
            const { requests, providers } = await this.#admin("status");
            const held = providers.reduce((sum, each) => sum + each.permits.held, 0);
            if (requests.in_flight === wanted && held === wanted) return;
            if (Date.now() > until) throw new Error(`${requests.in_flight} in flight, ${held} permits held, not ${wanted}`);
            await pause(10);
        }
    }
}

/** The error with which `promise` fails. */
export async function failure(promise) {
    let value;
    try {
        value = await promise;
    } catch (error) {
        return error;
    }
    throw new Error(`should have failed, but gave ${JSON.stringify(value)}`);
}

export async function collect(stream) {
    const all = [];
    for await (const each of stream) all.push(each);
    return all;
}
