/**
 * The events of a text/event-stream body, as { event, data, id }. Ends with the stream.
 * @param {Response} response
 */
export async function* eventsOf(response) {
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    let event = fresh();
    try {
        for (;;) {
            const { value, done } = await reader.read();
            if (done) return;
            const lines = (rest + value).split(/\r\n|\n|\r(?!$)/);
            rest = lines.pop();
            for (const line of lines) {
                if (line !== "") take(event, line);
                else if (event.data !== null) {
                    yield event;
                    event = fresh();
                } else event = fresh();
            }
        }
    } finally {
        reader.cancel().catch(() => {});
    }
}

function fresh() {
    return { event: "message", data: null, id: null };
}

function take(event, line) {
    const colon = line.indexOf(":");
    if (colon === 0) return; // a comment
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "data") event.data = event.data === null ? value : `${event.data}\n${value}`;
    else if (name === "event") event.event = value;
    else if (name === "id") event.id = value;
}
