// Headless Chromium, pages that must not complain, and words for what tests wait for.

import { createRequire } from "node:module";
import path from "node:path";

// Installed where the test runs, not where it stands.
const { chromium } = createRequire(path.join(process.cwd(), "package.json"))("playwright-core");

const ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
];

export const startBrowser = () =>
    chromium.launch({ executablePath: process.env.TENON_CHROMIUM, args: ARGUMENTS });

/** In the page: as with a browser that is set to store nothing. */
function refuseStorage() {
    for (const name of ["localStorage", "sessionStorage"]) {
        Object.defineProperty(window, name, {
            get() {
                throw new DOMException("Access is denied for this document.", "SecurityError");
            },
        });
    }
}

/** A visitor of the dashboard. */
export class Visit {
    complaints = [];
    #expected = null;

    /** @param options of the browser's context, and `key`; storage: false = the browser keeps nothing */
    static async of(browser, daemon, { key = "", storage = true, ...options } = {}) {
        const visit = new Visit();
        visit.context = await browser.newContext({ viewport: { width: 1300, height: 900 }, ...options });
        visit.page = await visit.context.newPage();
        visit.page.setDefaultTimeout(15_000);
        visit.page.on("pageerror", (error) => visit.complaints.push(String(error.stack)));
        visit.page.on("console", (message) => {
            const text = message.text();
            const counts = ["error", "warning"].includes(message.type());
            if (counts && !visit.#expected?.test(text)) visit.complaints.push(text);
        });
        if (!storage) await visit.page.addInitScript(refuseStorage);
        await visit.page.goto(`${daemon.url}/${key && `#key=${encodeURIComponent(key)}`}`);
        return visit;
    }

    /** From now on, messages like this are no complaints: Chromium writes down each answer with 401. */
    expect(pattern) {
        this.#expected = pattern;
    }

    /** Until `test`, run in the page with `argument`, is true. */
    until(test, argument) {
        return this.page.waitForFunction(test, argument);
    }

    text(selector, wanted) {
        return this.until(([where, what]) =>
            document.querySelector(where)?.textContent.includes(what), [selector, wanted]);
    }

    live() {
        return this.until(() => document.documentElement.dataset.link === "live");
    }

    provider(name) {
        return this.page.locator(`tbody[data-provider="${name}"]`);
    }

    state(name, wanted) {
        return this.text(`tbody[data-provider="${name}"] td.state`, wanted);
    }

    button(name) {
        return this.page.getByRole("button", { name, exact: true });
    }

    message(text) {
        return this.page.locator(".message", { hasText: text }).first().waitFor();
    }

    close() {
        return this.context.close();
    }
}
