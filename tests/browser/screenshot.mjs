// The picture for the documentation: some providers under some load.

import { setTimeout } from "node:timers/promises";

import { startBrowser, Visit } from "./browser.mjs";
import { ADMIN_KEY, Daemon } from "../support/daemon.mjs";

const LOAD_MS = 100_000;
const CLIENTS = 7;

const PROVIDERS = {
    "cloud-a": { kind: "mock", config: { models: ["large-1"], latency_ms: 220, jitter_ms: 260, tokens_per_second: 45 } },
    "cloud-b": { kind: "mock", config: { models: ["large-2"], latency_ms: 320, jitter_ms: 500, tokens_per_second: 30, fail_rate: 0.25, seed: 11 } },
    "rack": { kind: "mock-session", config: { models: ["small-1"], latency_ms: 60, jitter_ms: 40, tokens_per_second: 60 } },
    "spare": { kind: "mock-session", config: { models: ["small-1"] } },
};
const ROUTES = [
    { model: "chat", tiers: [[{ provider: "cloud-a", model: "large-1", weight: 3 }, { provider: "cloud-b", model: "large-2" }],
        [{ provider: "rack", model: "small-1" }]] },
    { model: "quick", tiers: [[{ provider: "rack", model: "small-1" }], [{ provider: "cloud-a", model: "large-1" }]] },
];
const MODELS = ["chat", "chat", "cloud-b/large-2", "quick"];

async function client(daemon, number, end) {
    for (let round = number; Date.now() < end; ++round) {
        const words = 12 + ((round * 37) % 60);
        try {
            const model = MODELS[round % MODELS.length];
            await (await daemon.complete(model, "word ".repeat(words), { stream: true })).text();
        } catch {
            // some shall fail
        }
    }
}

/** @param file a PNG */
export async function takeScreenshot(file) {
    const daemon = await Daemon.start({ providers: PROVIDERS, routes: ROUTES });
    const browser = await startBrowser();
    try {
        await daemon.command("disable", "spare");
        const end = Date.now() + LOAD_MS;
        const clients = Array.from({ length: CLIENTS }, (_, number) => client(daemon, number, end));
        const visit = await Visit.of(browser, daemon, {
            key: ADMIN_KEY, viewport: { width: 1400, height: 900 }, colorScheme: "light",
        });
        await visit.live();
        await visit.page.check('input[name="range"][value="5"]', { force: true });
        await setTimeout(LOAD_MS - 12_000);
        await visit.page.selectOption("#prompt-model", "cloud-a/large-1");
        await visit.page.fill("#prompt-text", "A tenon is the part of a joint that fits into the other piece.");
        await visit.page.click("#prompt-send");
        await visit.text("#answer-done", "complete");
        await visit.page.evaluate(() => {
            document.activeElement.blur();
            scrollTo(0, 0);
        });
        await visit.page.screenshot({ path: file, fullPage: true });
        await Promise.all(clients);
    } finally {
        await browser.close();
        await daemon.stop();
    }
}
