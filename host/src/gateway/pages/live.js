// Follows the daemon: asks for its state, listens to its events, and finds it again when it was gone.

import { access, ApiError, get, openStream } from "./api.js";
import { eventsOf } from "./sse.js";

const STATUS_MS = 2000;
const BUSY_MS = 1000; // while requests are in flight
const TRACES_MS = 4000;
const ROUTES_MS = 30_000;
const BACK_OFF_MS = [500, 1000, 2000, 4000, 8000, 15_000];
const KEPT_SAMPLES = 720;

/**
 * Tells, as CustomEvents: "status", "requests", "samples", "traces", "routes" with what was read,
 * "happened" with one event of the daemon, "restarted", and "link" with
 * { state: "live" | "lost" | "locked", since, retryAt }.
 */
export class Live extends EventTarget {
    status = null;
    samples = [];
    intervalMs = 5000;
    link = { state: "starting", since: Date.now(), retryAt: 0 };

    #failures = 0;
    #timer = 0;
    #polling = false;
    #again = false;
    #soon = 0;
    #read = { history: 0, traces: 0, routes: 0 };
    #total = -1;
    #sequence = null;
    #stream = null;

    start() {
        access.addEventListener("change", () => this.refresh());
        document.addEventListener("visibilitychange", () => {
            if (document.hidden) this.#pause();
            else this.refresh();
        });
        this.refresh();
    }

    /** Asks at once, or at once again. */
    refresh({ routes = false } = {}) {
        if (routes) this.#read.routes = 0;
        if (this.#polling) {
            this.#again = true;
            return;
        }
        clearTimeout(this.#timer);
        this.#poll();
    }

    /** Browsers allow few connections to one server: those of hidden tabs are given back. */
    #pause() {
        clearTimeout(this.#timer);
        this.#stream?.abort();
        this.#stream = null;
    }

    #tell(name, detail) {
        this.dispatchEvent(new CustomEvent(name, { detail }));
    }

    async #poll() {
        this.#polling = true;
        this.#again = false;
        let wait = STATUS_MS;
        try {
            await this.#readAll();
            this.#failures = 0;
            this.#setLink("live");
            if (!this.#stream && !document.hidden) this.#listen();
            if (this.status.requests.in_flight > 0) wait = BUSY_MS;
        } catch (error) {
            wait = this.#failed(error);
        }
        this.#polling = false;
        if (document.hidden) return;
        if (this.#again) wait = 0;
        if (wait !== null) this.#timer = setTimeout(() => this.#poll(), wait);
    }

    #failed(error) {
        if (!(error instanceof ApiError)) console.error(error);
        if (error.isRefusal) {
            this.#setLink("locked");
            access.refused(error.message);
            return null; // until there is a key
        }
        const longest = BACK_OFF_MS[Math.min(this.#failures++, BACK_OFF_MS.length - 1)];
        const wait = longest * (0.8 + 0.4 * Math.random());
        this.#setLink("lost", Date.now() + wait);
        return wait;
    }

    #setLink(state, retryAt = 0) {
        const since = this.link.state === state ? this.link.since : Date.now();
        const changed = this.link.state !== state || this.link.retryAt !== retryAt;
        this.link = { state, since, retryAt };
        if (changed) this.#tell("link", this.link);
    }

    async #readAll() {
        const [status, requests] = await Promise.all([
            get("/admin/v1/status"),
            get("/admin/v1/requests"),
        ]);
        if (this.status && this.status.started !== status.started) this.#startOver();
        this.status = status;
        this.#tell("status", status);
        this.#tell("requests", requests.requests);
        const now = Date.now();
        const ended = status.requests.total - status.requests.in_flight;
        const due = [];
        if (now - this.#read.history >= this.intervalMs) due.push(this.#readHistory(now));
        if (ended !== this.#total && now - this.#read.traces >= TRACES_MS) {
            this.#total = ended;
            due.push(this.#readTraces(now));
        }
        if (now - this.#read.routes >= ROUTES_MS) due.push(this.#readRoutes(now));
        for (const { reason } of await Promise.allSettled(due)) {
            if (!(reason instanceof ApiError)) {
                if (reason) throw reason;
            } else if (reason.status === 0 || reason.isRefusal) throw reason;
            // otherwise this daemon does not offer it: the rest works
        }
    }

    /** Another process answers: what the old one told is worth nothing. */
    #startOver() {
        this.samples = [];
        this.#sequence = null;
        this.#total = -1;
        this.#read = { history: 0, traces: 0, routes: 0 };
        this.#stream?.abort();
        this.#stream = null;
        this.#tell("restarted");
    }

    async #readHistory(now) {
        const last = this.samples.at(-1);
        const query = last ? `?since=${encodeURIComponent(last.time)}` : "";
        const history = await get(`/admin/v1/history${query}`);
        this.#read.history = now;
        this.intervalMs = history.interval_ms;
        const fresh = history.samples.filter((sample) => !last || sample.time > last.time);
        this.samples = [...this.samples, ...fresh].slice(-KEPT_SAMPLES);
        this.#tell("samples", this.samples);
    }

    async #readTraces(now) {
        this.#read.traces = now;
        this.#tell("traces", (await get("/admin/v1/traces?limit=50")).traces);
    }

    async #readRoutes(now) {
        this.#read.routes = now;
        this.#tell("routes", (await get("/admin/v1/routes")).routes);
    }

    async #listen() {
        const control = new AbortController();
        this.#stream = control;
        const since = this.#sequence ?? 0; // at first, all that the daemon remembers
        try {
            const response = await openStream(`/admin/v1/events?since=${since}`, control.signal);
            for await (const { event, data } of eventsOf(response)) {
                if (this.#stream !== control) return;
                // "hello" and "lost" are about the stream itself.
                if (event !== "hello" && event !== "lost") this.#happened(JSON.parse(data));
            }
        } catch (error) {
            if (!control.signal.aborted && !(error instanceof ApiError || error instanceof TypeError)) {
                console.error(error);
            }
        }
        // Whether the daemon is gone, the next status tells; that opens a stream again.
        if (this.#stream === control) this.#stream = null;
    }

    #happened(event) {
        if (this.#sequence !== null && event.sequence <= this.#sequence) return;
        this.#sequence = event.sequence;
        if (event.kind === "reloaded") this.#read.routes = 0;
        this.#tell("happened", event);
        this.#soon ||= setTimeout(() => {
            this.#soon = 0;
            this.refresh();
        }, 60); // events come in groups
    }
}
