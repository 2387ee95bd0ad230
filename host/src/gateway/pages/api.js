/** Asks the daemon's admin API. */
export async function get(path) {
    const answer = await fetch(path, { headers: { accept: "application/json" } });
    return answer.json();
}
