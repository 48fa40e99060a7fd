// The page's server. GETs read; POSTs do, and carry the token that stands in this page alone.

const token = document.querySelector("meta[name=page-token]")?.content ?? "";

export async function read(path, query = {}) {
  const answer = await fetch(`${path}?${new URLSearchParams(query)}`);
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

// Resolves to {} when it was done, to {failed: "what the person then reads"} otherwise.
export async function act(what, me, told = {}) {
  try {
    const answer = await fetch(`do/${what}?${new URLSearchParams({ as: me })}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Page-Token": token },
      body: JSON.stringify(told),
    });
    if (answer.ok) return await answer.json();
    return { failed: answer.status === 403 ? "This page is of an earlier run: reload it." : `That failed (${answer.status}).` };
  } catch {
    return { failed: "The demo does not answer. Is it still running?" };
  }
}

// heard: {event name: data → …}. Returns what ends it. The browser connects anew by itself; "hello" comes at each connection.
export function listen(me, heard, broken) {
  const source = new EventSource(`stream?${new URLSearchParams({ as: me })}`);
  for (const [name, react] of Object.entries(heard)) {
    source.addEventListener(name, (event) => react(JSON.parse(event.data)));
  }
  source.addEventListener("error", broken);
  return () => source.close();
}
