// Drives the dashboard of a real daemon in a real browser.
//
//     node dashboard_test.mjs                    runs the tests
//     node dashboard_test.mjs --screenshot FILE  makes the picture for the documentation

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { startBrowser, Visit } from "./browser.mjs";
import { lowContrast, namelessControls } from "./contrast.mjs";
import { ADMIN_KEY, CLIENT_KEY, Daemon } from "../support/daemon.mjs";
import { takeScreenshot } from "./screenshot.mjs";

const REFUSED = /status of 401/;

let browser;
let daemon;
let visits = [];

async function visit(options = {}, at = daemon) {
    const made = await Visit.of(browser, at, options);
    visits.push(made);
    await made.page.locator("#version", { hasText: /\d/ }).or(made.page.locator("dialog[open]")).first().waitFor();
    return made;
}
const admin = (options = {}) => visit({ key: ADMIN_KEY, ...options });

/** A test, after which no page may have complained. */
function test(name, body) {
    it(name, async () => {
        try {
            await body();
            assert.deepEqual(visits.flatMap((each) => each.complaints), []);
        } finally {
            await Promise.all(visits.map((each) => each.close()));
            visits = [];
        }
    });
}

/** Of a stream that is being answered: cancels it, so that no test finds another's. */
async function longStream(words = 400) {
    const control = new AbortController();
    const messages = [{ role: "user", content: "word ".repeat(words) }];
    const response = await daemon.ask("/v1/chat/completions", { model: "slow/mock-2", stream: true, messages },
        CLIENT_KEY, control.signal);
    return { id: response.headers.get("x-request-id"), response, cancel: () => control.abort() };
}

async function focusBy(page, key, selector) {
    for (let presses = 0; presses < 120; ++presses) {
        if (await page.evaluate((wanted) => document.activeElement?.matches(wanted) ?? false, selector)) return;
        await page.keyboard.press(key);
    }
    assert.fail(`${selector} is not reached with ${key}`);
}

const tests = () => describe("the dashboard", () => {
    before(async () => {
        browser = await startBrowser();
        daemon = await Daemon.start();
    });
    after(async () => {
        await browser?.close();
        await daemon?.stop();
    });

    test("shows every provider", async () => {
        const { page } = await visit();
        await page.locator("tbody.provider").nth(2).waitFor();
        const names = await page.locator(".provider-name").allTextContents();
        assert.deepEqual(names.sort(), ["quick", "session", "slow"]);
    });

    test("only looks without a key, and says why", async () => {
        const reader = await visit();
        const button = reader.button("Disable quick");
        await button.waitFor();
        assert.equal(await button.getAttribute("aria-disabled"), "true");
        assert.match(await button.getAttribute("title"), /admin key/);
        assert.ok(await reader.page.locator("#read-only-note").isVisible());
        await button.click({ force: true });
        await reader.page.locator("#key-dialog[open]").waitFor();
        await reader.page.keyboard.press("Escape");
        await reader.page.locator("#key-dialog[open]").waitFor({ state: "detached" });
        await reader.state("quick", "connected");
    });

    test("refuses a wrong key, takes the right one and can forget it", async () => {
        const someone = await visit();
        someone.expect(REFUSED);
        await someone.page.click("#access");
        await someone.page.fill("#key", "wrong");
        await someone.page.click("#key-use");
        await someone.text("#key-problem", "does not accept");
        await someone.page.fill("#key", ADMIN_KEY);
        await someone.page.click("#key-use");
        await someone.text("#access-state", "Admin");
        assert.equal(await someone.button("Disable quick").getAttribute("aria-disabled"), null);
        await someone.page.reload();
        await someone.text("#access-state", "Admin"); // in this tab
        await someone.page.click("#access");
        await someone.text("#access-state", "Read-only");
        assert.equal(await someone.button("Disable quick").getAttribute("aria-disabled"), "true");
    });

    test("takes the key from the address, where it does not stay", async () => {
        const operator = await admin();
        await operator.text("#access-state", "Admin");
        assert.equal(new URL(operator.page.url()).hash, "");
        assert.equal(await operator.page.evaluate(() => history.length), 2); // the blank page, and this
    });

    test("works in a browser that stores nothing", async () => {
        const operator = await admin({ storage: false });
        await operator.live();
        await operator.text("#access-state", "Admin");
        await operator.page.locator('#prompt-model option[value="slow/mock-2"]').waitFor({ state: "attached" });
    });

    test("shows what others do without a reload", async () => {
        const reader = await visit();
        await reader.live();
        await daemon.command("disconnect", "session");
        await reader.state("session", "disconnected");
        await reader.until(() => [...document.querySelectorAll("#events li")].some((line) =>
            line.textContent.includes("session") && line.textContent.includes("disconnected")));
        await daemon.command("connect", "session");
        await reader.state("session", "connected");
    });

    test("connects, disconnects, enables and disables by its buttons", async () => {
        const operator = await admin();
        await operator.button("Disable quick").click();
        await operator.state("quick", "disabled");
        await operator.message("quick:");
        await operator.button("Enable quick").click();
        await operator.state("quick", "connected");
        await operator.button("Disconnect session").click();
        await operator.state("session", "disconnected");
        await operator.button("Connect session").click();
        await operator.state("session", "connected");
        assert.ok((await operator.provider("session").locator(".reply-line").textContent()).length > 0);
    });

    test("unfolds a provider to its further commands and breakers", async () => {
        const operator = await admin();
        const more = operator.button("Details of quick");
        await more.click();
        assert.equal(await more.getAttribute("aria-expanded"), "true");
        for (const command of ["Reconnect quick", "Recover quick", "Check now quick"]) {
            await operator.button(command).click();
            await operator.until((label) => !document.querySelector(`[aria-label="${label}"]`).ariaBusy, command);
        }
        await operator.button("Open the breaker of quick").click();
        await operator.text('[data-provider="quick"] td.breaker', "forced open");
        await operator.button("Reset the breaker of quick").click();
        await operator.text('[data-provider="quick"] td.breaker', "closed");
    });

    test("lists streams and cancels one", async () => {
        const operator = await admin();
        const stream = await longStream();
        try {
            await operator.text("#requests", stream.id);
            await operator.button(`Cancel request ${stream.id}`).click();
            await operator.message("is cancelled");
            await operator.until((id) => !document.querySelector("#requests").textContent.includes(id), stream.id);
            const text = await stream.response.text().catch(() => "broken off");
            assert.doesNotMatch(text, /\[DONE\]/); // a stream that was cut is not a success
        } finally {
            stream.cancel();
        }
    });

    test("streams the answer to a prompt and names who gave it", async () => {
        const someone = await visit();
        await someone.page.locator('#prompt-model option[value="slow/mock-2"]').waitFor({ state: "attached" });
        await someone.page.selectOption("#prompt-model", "slow/mock-2");
        const prompt = "one two three four five six seven eight nine ten eleven twelve";
        await someone.page.fill("#prompt-text", prompt);
        await someone.page.click("#prompt-send");
        // Seen before it is whole.
        await someone.until(() => /one two/.test(document.querySelector("#answer").textContent) &&
            !document.querySelector("#prompt-stop").disabled);
        await someone.text("#answer", prompt);
        await someone.text("#answer-done", "complete");
        const facts = await someone.page.locator("#answer-facts").innerText();
        assert.match(facts, /Provider\s+slow/);
        assert.match(facts, /Attempts\s+1/);
        assert.match(facts, /Overhead\s+\d/);
    });

    test("stops a prompt", async () => {
        const someone = await visit();
        await someone.page.locator('#prompt-model option[value="slow/mock-2"]').waitFor({ state: "attached" });
        await someone.page.selectOption("#prompt-model", "slow/mock-2");
        await someone.page.fill("#prompt-text", "word ".repeat(400));
        await someone.page.press("#prompt-text", "Control+Enter");
        await someone.text("#answer", "word word");
        await someone.page.click("#prompt-stop");
        await someone.text("#answer", "Stopped");
        await someone.text("#no-requests", "No request is in flight");
        await someone.until(() => !document.querySelector("#no-requests").hidden);
    });

    test("never takes text for markup", async () => {
        const someone = await visit();
        const evil = "<img src=x onerror=\"document.title='taken'\"><b>bold</b>";
        await someone.page.locator("#prompt-model option").first().waitFor({ state: "attached" });
        await someone.page.selectOption("#prompt-model", "quick/mock-1");
        await someone.page.fill("#prompt-text", evil);
        await someone.page.click("#prompt-send");
        await someone.text("#answer", evil);
        assert.equal(await someone.page.locator("main img, #answer b").count(), 0);
        assert.doesNotMatch(await someone.page.title(), /taken/);
    });

    test("logs events, holds them while paused, and shows those of one provider", async () => {
        const operator = await admin();
        await operator.live();
        await operator.page.click("#event-pause");
        const shown = await operator.page.locator("#events li").count();
        await daemon.command("disable", "session");
        await operator.text("#event-pause", "new");
        assert.equal(await operator.page.locator("#events li").count(), shown);
        await operator.page.click("#event-pause");
        await operator.until((count) => document.querySelectorAll("#events li").length > count, shown);
        await operator.page.selectOption("#event-filter", "session");
        const names = await operator.page.locator("#events .who").allTextContents();
        assert.deepEqual([...new Set(names)], ["session"]);
        await daemon.command("enable", "session");
    });

    test("pins a route and frees it", async () => {
        const operator = await admin();
        await operator.page.getByLabel("Provider to pin fast to").selectOption("slow");
        await operator.button("Pin fast").click();
        await operator.text("#routes", "pinned to slow");
        await operator.button("Unpin fast").click();
        await operator.until(() => document.querySelector(".pinned:not(:empty)") === null);
    });

    test("shows what one request did", async () => {
        const someone = await visit();
        const response = await daemon.complete("troubled", "Hello");
        assert.equal(response.status, 200);
        const id = response.headers.get("x-request-id");
        await someone.page.getByRole("button", { name: `Trace of request ${id}` }).click();
        await someone.page.locator("#trace-dialog .fall").nth(2).waitFor(); // request, two attempts
        const text = await someone.page.locator("#trace-body").innerText();
        assert.match(text, /1\. quick/);
        assert.match(text, /\d\. session/); // after the retries
        assert.match(text, /fail over/);
        await someone.page.keyboard.press("Escape");
        await someone.page.locator("#trace-dialog[open]").waitFor({ state: "detached" });
    });

    test("is used by keyboard alone", async () => {
        const someone = await visit();
        const { page } = someone;
        await someone.live();
        await page.keyboard.press("Tab");
        assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
        await focusBy(page, "Tab", "#access");
        const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
        assert.equal(outline, "solid");
        await page.keyboard.press("Enter");
        await page.keyboard.type(ADMIN_KEY);
        await page.keyboard.press("Enter");
        await someone.text("#access-state", "Admin");
        await focusBy(page, "Tab", '[aria-label="Disable slow"]');
        await page.keyboard.press("Enter");
        await someone.state("slow", "disabled");
        await focusBy(page, "Tab", '[aria-label="Enable slow"]'); // the focus has stayed
        await page.keyboard.press("Space");
        await someone.until(() => !document.querySelector('[data-provider="slow"] td.state').textContent.includes("disabled"));
        await focusBy(page, "Tab", '[role="slider"]');
        await someone.until(() => Number(document.activeElement.getAttribute("aria-valuemax")) > 0);
        const before = await page.evaluate(() => document.activeElement.getAttribute("aria-valuetext"));
        await page.keyboard.press("Home");
        await someone.until((text) => document.activeElement.getAttribute("aria-valuetext") !== text, before);
        assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-valuenow")), "0");
    });

    test("says when the daemon is gone, and finds it again", async () => {
        const operator = await admin();
        await operator.live();
        operator.expect(/ERR_(CONNECTION_REFUSED|CONNECTION_RESET|INCOMPLETE_CHUNKED_ENCODING|EMPTY_RESPONSE|SOCKET_NOT_CONNECTED)/);
        await daemon.kill();
        await operator.page.locator("#banner", { hasText: "does not answer" }).waitFor();
        await operator.text("#link", "Stale");
        assert.equal(await operator.button("Disable quick").getAttribute("aria-disabled"), "true");
        await daemon.run();
        await operator.live();
        await operator.page.locator("#banner").waitFor({ state: "hidden" });
        assert.equal(await operator.button("Disable quick").getAttribute("aria-disabled"), null);
        await daemon.command("disconnect", "session");
        await operator.state("session", "disconnected");
        await daemon.command("connect", "session");
        await operator.state("session", "connected");
    });

    test("shows nothing but a question for the key, if the gateway has clients' keys", async () => {
        const closed = await Daemon.start({ gateway: { keys: { team: { key: CLIENT_KEY } } } });
        const someone = await Visit.of(browser, closed);
        try {
            someone.expect(REFUSED);
            await someone.page.locator("#key-dialog[open]").waitFor();
            assert.equal(await someone.page.locator("tbody.provider").count(), 0);
            await someone.page.fill("#key", ADMIN_KEY);
            await someone.page.click("#key-use");
            await someone.live();
            await someone.provider("quick").waitFor();
            await someone.page.fill("#client-key", CLIENT_KEY); // the admin's key is none for prompts
            await someone.page.press("#client-key", "Tab");
            await someone.page.locator('#prompt-model option[value="fast"]').waitFor({ state: "attached" });
            assert.deepEqual(someone.complaints, []);
        } finally {
            await someone.close();
            await closed.stop();
        }
    });

    for (const colorScheme of ["light", "dark"]) {
        test(`can be read and named in ${colorScheme} colours, on small screens too`, async () => {
            const someone = await visit({ colorScheme, viewport: { width: 360, height: 740 } });
            await someone.live();
            await someone.button("Details of quick").click();
            assert.deepEqual(await someone.page.evaluate(lowContrast), []);
            assert.deepEqual(await someone.page.evaluate(namelessControls), []);
            const tooWide = await someone.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
            assert.equal(tooWide, 0);
        });
    }

    test("keeps the theme that was chosen", async () => {
        const someone = await visit({ colorScheme: "light" });
        const ground = () => someone.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
        const light = await ground();
        await someone.page.selectOption("#theme", "dark");
        assert.notEqual(await ground(), light);
        await someone.page.reload();
        assert.notEqual(await ground(), light);
    });
});

const flag = process.argv.indexOf("--screenshot");
if (flag > 0) await takeScreenshot(process.argv[flag + 1]);
else tests();
