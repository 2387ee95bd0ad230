// Starts `tenon serve`, by default with mock providers, and speaks to it like another client.

import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

export const ADMIN_KEY = "the-admin-key-of-the-tests";
export const CLIENT_KEY = "a-key-for-a-client-of-the-tests";

const PROVIDERS = {
    quick: { kind: "mock", config: { models: ["mock-1"] } },
    slow: { kind: "mock-mux", config: { models: ["mock-2"], tokens_per_second: 20, latency_ms: 20 } },
    session: { kind: "mock-session", config: { models: ["mock-3"], latency_ms: 5 } },
};
const ROUTES = [
    { model: "fast", tiers: [[{ provider: "quick", model: "mock-1" }], [{ provider: "slow", model: "mock-2" }]] },
    { model: "troubled", tiers: [[{ provider: "quick", model: "fault-unavailable" }], [{ provider: "session", model: "mock-3" }]] },
];

/** The address that a program prints once it listens. */
export function addressOf(child, name) {
    return new Promise((resolve, reject) => {
        let text = "";
        child.stdout.setEncoding("utf8").on("data", (more) => {
            text += more;
            const found = /^listening on (http:\S+)$/m.exec(text);
            if (found) resolve(found[1]);
        });
        child.once("error", reject);
        child.once("exit", (code) => reject(new Error(`${name} ended with ${code}: ${text}`)));
    });
}

export class Daemon {
    #directory;
    #process = null;
    url = "";

    /** @param gateway more settings of the gateway */
    static async start({ gateway = {}, providers = PROVIDERS, routes = ROUTES } = {}) {
        const daemon = new Daemon();
        daemon.#directory = await mkdtemp(path.join(tmpdir(), "tenon-test-"));
        daemon.settings = { gateway, providers, routes };
        await daemon.run("127.0.0.1:0");
        return daemon;
    }

    /** Once more, if it has ended: at the same address, if none is given. */
    async run(listen = new URL(this.url).host) {
        const { gateway, providers, routes } = this.settings;
        const config = {
            daemon: {
                state_file: path.join(this.#directory, "state.db"),
                control_socket: path.join(this.#directory, "control.sock"),
            },
            gateway: { listen: [listen], admin_key: ADMIN_KEY, ...gateway },
            routes,
            providers,
        };
        await writeFile(path.join(this.#directory, "tenon.json"), JSON.stringify(config, null, 2));
        this.#process = spawn(process.env.TENON_PROGRAM, ["--config", "tenon.json", "serve"], {
            cwd: this.#directory,
            stdio: ["ignore", "pipe", "inherit"],
        });
        this.url = await addressOf(this.#process, "tenon serve");
    }

    async kill() {
        const ended = new Promise((resolve) => this.#process.once("exit", resolve));
        this.#process.kill("SIGKILL");
        await ended;
    }

    async stop() {
        if (this.#process.exitCode === null && this.#process.signalCode === null) await this.kill();
        await rm(this.#directory, { recursive: true, force: true });
    }

    /** A command of somebody else. */
    async command(command, ...providers) {
        const response = await this.ask(`/admin/v1/commands/${command}`, { providers }, ADMIN_KEY);
        if (!response.ok) throw new Error(await response.text());
    }

    ask(target, body, key = CLIENT_KEY, signal = undefined) {
        return fetch(this.url + target, {
            method: "POST",
            headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
            body: JSON.stringify(body),
            signal,
        });
    }

    complete(model, content, { stream = false } = {}) {
        return this.ask("/v1/chat/completions", { model, stream, messages: [{ role: "user", content }] });
    }
}
