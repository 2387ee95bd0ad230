// What the page says, and the buttons that make the daemon do something.

import { access, ApiError } from "./api.js";
import { byId, h, setAttribute, setText } from "./dom.js";

const SHOWN_MS = 8000;
const MOST = 4;

/** A line at the foot of the page, that screen readers read. @param tone "good", "bad", "note" */
export function say(text, tone = "note") {
    const list = byId(tone === "bad" ? "alerts" : "messages");
    const close = h("button", { type: "button", class: "plain", "aria-label": "Dismiss" }, "×");
    const line = h("p", { class: `message ${tone}` }, h("span", {}, text), close);
    close.addEventListener("click", () => line.remove());
    list.append(line);
    while (list.children.length > MOST) list.firstElementChild.remove();
    if (tone !== "bad") setTimeout(() => line.remove(), SHOWN_MS);
}

/** Why nothing can be changed now; null = it can. */
let obstacle = null;
const buttons = new Set();

const WITHOUT_KEY = "Read-only: this needs the admin key";
const GONE = "The daemon does not answer";

export function setReachable(reachable) {
    obstacle = reachable ? null : GONE;
    refreshButtons();
}

function refreshButtons() {
    for (const reference of buttons) {
        const button = reference.deref();
        if (button) showWhetherUsable(button);
        else buttons.delete(reference);
    }
}
access.addEventListener("change", refreshButtons);

function reasonAgainst() {
    return obstacle ?? (access.mayChange ? null : WITHOUT_KEY);
}

/** aria-disabled, not disabled: who comes by keyboard finds it, and learns why. */
function showWhetherUsable(button) {
    const reason = reasonAgainst();
    setAttribute(button, "aria-disabled", reason || button.dataset.pending ? "true" : null);
    setAttribute(button, "title", reason ?? button.dataset.hint ?? null);
    setAttribute(button, "aria-describedby", reason === WITHOUT_KEY ? "read-only-note" : null);
}

/**
 * A button that needs the admin key. While `run` has not ended it is pending; a string that `run`
 * returns is said, and what it throws, too.
 * @param label for screen readers, if the text alone does not say what it does to what
 */
export function actionButton(text, { run, label, hint, kind = "" }) {
    const caption = h("span", {}, text);
    const button = h("button", { type: "button", class: `action ${kind}` }, caption);
    if (label) button.setAttribute("aria-label", label);
    if (hint) button.dataset.hint = hint;
    button.addEventListener("click", async () => {
        if (button.dataset.pending) return;
        const reason = reasonAgainst();
        if (reason === WITHOUT_KEY) return access.refused("");
        if (reason) return say(reason, "bad");
        button.dataset.pending = "true";
        setAttribute(button, "aria-busy", "true");
        showWhetherUsable(button);
        try {
            const message = await run();
            if (message) say(message, "good");
        } catch (error) {
            if (!(error instanceof ApiError)) console.error(error);
            if (!error.isRefusal) say(error.message, "bad");
        } finally {
            delete button.dataset.pending;
            setAttribute(button, "aria-busy", null);
            showWhetherUsable(button);
        }
    });
    buttons.add(new WeakRef(button));
    showWhetherUsable(button);
    return button;
}

export function setCaption(button, text, label) {
    setText(button.firstElementChild, text);
    setAttribute(button, "aria-label", label);
}
