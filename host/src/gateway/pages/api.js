// Speaks to the daemon, and knows whether this visitor may change anything.

const STORED_KEY = "tenon.key";
const TIMEOUT_MS = 10_000;

/** What the daemon answered instead of the wished; status 0 = it did not answer. */
export class ApiError extends Error {
    constructor(status, code, message) {
        super(message);
        this.status = status;
        this.code = code;
    }
    get isRefusal() {
        return this.status === 401 || this.status === 403;
    }
}

/** The admin key: for this tab only. Tells of "change", and of "refused" with the reason. */
class Access extends EventTarget {
    #key = "";

    constructor() {
        super();
        try {
            this.#key = sessionStorage.getItem(STORED_KEY) ?? "";
        } catch {
            // then the key lives as long as the page
        }
    }

    get key() {
        return this.#key;
    }
    get mayChange() {
        return this.#key !== "";
    }

    set(key) {
        this.#key = key;
        try {
            if (key) sessionStorage.setItem(STORED_KEY, key);
            else sessionStorage.removeItem(STORED_KEY);
        } catch {
            // as above
        }
        this.dispatchEvent(new Event("change"));
    }

    /** From "#key=...", which does not stay in the address bar, nor in the history. */
    takeFromAddress() {
        const found = /^#key=(.+)$/.exec(location.hash);
        if (!found) return;
        history.replaceState(null, "", location.pathname + location.search);
        try {
            this.set(decodeURIComponent(found[1]));
        } catch {
            this.set(found[1]);
        }
    }

    refused(reason) {
        this.dispatchEvent(new CustomEvent("refused", { detail: reason }));
    }
}

export const access = new Access();

function headers(key, more = {}) {
    return key ? { ...more, authorization: `Bearer ${key}` } : more;
}

async function errorOf(response) {
    const body = await response.json().catch(() => null);
    const error = body?.error ?? {};
    return new ApiError(
        response.status,
        error.code ?? "",
        error.message ?? `the daemon answered ${response.status}`,
    );
}

/**
 * @param key instead of the stored one
 * @param signal ends it early; without, it ends by itself if there is no answer
 */
async function open(method, path, { body, key = access.key, signal } = {}) {
    const type = body === undefined ? {} : { "content-type": "application/json" };
    let response;
    try {
        response = await fetch(path, {
            method,
            headers: headers(key, type),
            body: body === undefined ? undefined : JSON.stringify(body),
            signal: signal ?? AbortSignal.timeout(TIMEOUT_MS),
            cache: "no-store",
            credentials: "omit",
        });
    } catch (error) {
        if (signal?.aborted) throw error;
        throw new ApiError(0, "unreachable", "the daemon does not answer");
    }
    if (!response.ok) throw await errorOf(response);
    return response;
}

async function json(response) {
    try {
        return await response.json();
    } catch {
        throw new ApiError(0, "unreachable", "the daemon's answer broke off");
    }
}

export async function get(path) {
    return json(await open("GET", path));
}

/** Commands. What they need is not known before the daemon refuses: then the key is asked for. */
export async function post(path, body = {}, { patienceMs = 30_000 } = {}) {
    try {
        return await json(await open("POST", path, { body, signal: AbortSignal.timeout(patienceMs) }));
    } catch (error) {
        if (error.name === "TimeoutError") {
            throw new ApiError(0, "unreachable", "the daemon has not answered in time");
        }
        if (error.isRefusal) access.refused(error.message);
        throw error;
    }
}

/** A stream of server-sent events. */
export const openStream = (path, signal) => open("GET", path, { signal });

/** The LLM routes: they know clients' keys, not the admin's. */
export const openCompletion = (body, key, signal) =>
    open("POST", "/v1/chat/completions", { body, key, signal });

export async function models(key) {
    return (await json(await open("GET", "/v1/models", { key }))).data.map((model) => model.id);
}

/** Whether the daemon takes this key. Asks for the check of no provider at all. */
export async function isAccepted(key) {
    try {
        await open("POST", "/admin/v1/commands/health", { body: { providers: [] }, key });
        return true;
    } catch (error) {
        if (error.status === 0) throw error;
        return !error.isRefusal;
    }
}
