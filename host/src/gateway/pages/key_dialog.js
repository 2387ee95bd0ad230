// Asks for the admin key, and tries it before it is kept.

import { access, isAccepted } from "./api.js";
import { byId, setText } from "./dom.js";
import { say } from "./messages.js";

const dialog = byId("key-dialog");
const field = byId("key");

/** @param reason why it is asked for now */
export function askForKey(reason = "") {
    if (reason || !dialog.open) setText(byId("key-problem"), reason);
    if (dialog.open) return;
    field.value = "";
    dialog.showModal();
    field.focus();
}

async function tryKey() {
    const key = field.value.trim();
    if (key === "") return setText(byId("key-problem"), "Enter a key, or cancel.");
    byId("key-use").disabled = true;
    try {
        if (await isAccepted(key)) {
            access.set(key);
            dialog.close();
            say("The key is accepted. It is forgotten when this tab is closed.", "good");
        } else {
            setText(byId("key-problem"), "The daemon does not accept this key.");
            field.select();
        }
    } catch (error) {
        setText(byId("key-problem"), error.message);
    }
    byId("key-use").disabled = false;
}

export function setUpKeyDialog() {
    byId("key-form").addEventListener("submit", (event) => {
        event.preventDefault();
        tryKey();
    });
    byId("key-cancel").addEventListener("click", () => dialog.close());
    access.addEventListener("refused", () => {
        const stale = access.mayChange;
        if (stale) access.set(""); // a key that is refused is worth nothing
        askForKey(stale ? "The daemon no longer accepts the key that was entered." : "");
    });
}
