// Asks a model through the gateway, as any client would.

import { access, ApiError, models, openCompletion } from "./api.js";
import { byId, h, setOptions, setText } from "./dom.js";
import { integer, microseconds } from "./format.js";
import { say } from "./messages.js";
import { eventsOf } from "./sse.js";

const STORED_CLIENT_KEY = "tenon.client_key";

// A browser may refuse to keep anything; then the key lives as long as the page.
function keptKey() {
    try {
        return sessionStorage.getItem(STORED_CLIENT_KEY) ?? "";
    } catch {
        return "";
    }
}

function keepKey(key) {
    try {
        sessionStorage.setItem(STORED_CLIENT_KEY, key);
    } catch {
        // as above
    }
}

class Prompt {
    #control = null;
    #form = byId("prompt");
    #text = byId("prompt-text");
    #model = byId("prompt-model");
    #clientKey = byId("client-key");
    #answer = byId("answer");
    #knowsModels = false;

    constructor(live) {
        this.#clientKey.value = keptKey();
        this.#form.addEventListener("submit", (event) => {
            event.preventDefault();
            this.#ask();
        });
        byId("prompt-stop").addEventListener("click", () => this.#control?.abort());
        this.#form.addEventListener("keydown", (event) => {
            if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
                event.preventDefault();
                this.#ask();
            } else if (event.key === "Escape") this.#control?.abort();
        });
        this.#clientKey.addEventListener("change", () => {
            keepKey(this.#clientKey.value.trim());
            this.#readModels();
        });
        access.addEventListener("change", () => this.#readModels());
        live.addEventListener("restarted", () => this.#readModels());
        live.addEventListener("happened", ({ detail }) => {
            if (detail.kind === "reloaded" || detail.kind === "connection_state") this.#knowsModels = false;
        });
        live.addEventListener("status", () => {
            if (!this.#knowsModels) this.#readModels();
        });
    }

    get #key() {
        return this.#clientKey.value.trim() || access.key;
    }

    async #readModels() {
        this.#knowsModels = true;
        try {
            const ids = await models(this.#key);
            setOptions(this.#model, ids.map((id) => [id, id]));
            this.#say(ids.length > 0 ? "" : "No provider names a model.");
        } catch (error) {
            if (error.isRefusal) this.#wantKey();
            else if (error.status === 0) this.#knowsModels = false; // asks again with the next status
        }
    }

    #wantKey() {
        byId("client-key-box").hidden = false;
        this.#say("This gateway asks its clients for a key: enter one to send prompts.");
    }

    #say(text) {
        setText(byId("prompt-note"), text);
    }

    async #ask() {
        const prompt = this.#text.value.trim();
        if (this.#control !== null || prompt === "") return this.#text.focus();
        const control = new AbortController();
        this.#control = control;
        this.#busy(true);
        this.#answer.replaceChildren();
        byId("answer-facts").replaceChildren();
        const run = { started: performance.now(), first: null, usage: null, finish: null };
        try {
            const body = {
                model: this.#model.value,
                messages: [{ role: "user", content: prompt }],
                stream: true,
                stream_options: { include_usage: true },
            };
            const response = await openCompletion(body, this.#key, control.signal);
            run.headers = response.headers;
            this.#showFacts(run);
            await this.#read(response, run);
            run.ended = performance.now();
            setText(byId("answer-done"), "The answer is complete.");
        } catch (error) {
            run.ended = performance.now();
            this.#failed(error, control.signal.aborted);
        }
        this.#showFacts(run);
        this.#control = null;
        this.#busy(false);
    }

    #failed(error, stopped) {
        if (stopped) {
            this.#note("Stopped.");
            setText(byId("answer-done"), "Stopped.");
            return;
        }
        if (!(error instanceof ApiError || error instanceof TypeError)) console.error(error);
        if (error.isRefusal) this.#wantKey();
        const text = error instanceof TypeError ? "the connection broke off" : error.message;
        this.#note(`Failed: ${text}`, "bad");
        say(`The prompt failed: ${text}`, "bad");
    }

    async #read(response, run) {
        let complete = false;
        for await (const { data } of eventsOf(response)) {
            if (data === "[DONE]") {
                complete = true;
                break;
            }
            const chunk = JSON.parse(data);
            if (chunk.error) throw new ApiError(502, chunk.error.code ?? "", chunk.error.message);
            run.usage = chunk.usage ?? run.usage;
            const choice = chunk.choices?.[0];
            run.finish = choice?.finish_reason ?? run.finish;
            this.#append(choice?.delta?.reasoning_content ?? choice?.delta?.reasoning, "reasoning", run);
            this.#append(choice?.delta?.content, "text", run);
        }
        if (!complete) throw new ApiError(502, "truncated", "the answer broke off");
    }

    #append(text, kind, run) {
        if (!text) return;
        run.first ??= performance.now();
        const atEnd = this.#answer.scrollHeight - this.#answer.scrollTop - this.#answer.clientHeight < 30;
        let last = this.#answer.lastElementChild;
        if (!last?.classList.contains(kind)) {
            last = h("span", { class: kind });
            this.#answer.append(last);
        }
        last.append(text);
        last.normalize();
        if (atEnd) this.#answer.scrollTop = this.#answer.scrollHeight;
    }

    #note(text, tone = "note") {
        this.#answer.append(h("span", { class: `answer-note ${tone}` }, text));
    }

    #showFacts({ headers, started, first, ended, usage, finish }) {
        const header = (name) => headers?.get(`x-tenon-${name}`);
        const overhead = header("overhead-us");
        const rows = [
            ["Provider", header("provider")],
            ["Model", header("model")],
            ["Attempts", header("attempts")],
            ["Overhead", overhead == null ? null : microseconds(Number(overhead))],
            ["First token", first === null ? null : microseconds((first - started) * 1000)],
            ["Total", ended ? microseconds((ended - started) * 1000) : null],
            ["Tokens", usage ? `${integer(usage.prompt_tokens)} in, ${integer(usage.completion_tokens)} out` : null],
            ["Finish", finish],
            ["Request", headers?.get("x-request-id")],
        ].filter(([, value]) => value != null);
        byId("answer-facts").replaceChildren(...rows.map(([name, value]) =>
            h("div", {}, h("dt", {}, name), h("dd", {}, value))));
    }

    #busy(busy) {
        byId("prompt-send").disabled = busy;
        byId("prompt-stop").disabled = !busy;
        this.#answer.setAttribute("aria-busy", String(busy));
        if (busy) setText(byId("answer-done"), "");
        if (busy && document.activeElement === document.body) byId("prompt-stop").focus();
        if (!busy && document.activeElement === document.body) this.#text.focus();
    }
}

export const showPrompt = (live) => new Prompt(live);
