// What changes by itself: a stack's timeline, the overview, a page that waits for its network.

// The one place where the server's HTML becomes DOM (Trusted Types policy "app").
const policy = globalThis.trustedTypes?.createPolicy("app", { createHTML: (html) => html });
const parse = (html) =>
  new DOMParser().parseFromString(policy ? policy.createHTML(html) : html, "text/html");

const REFRESH_EVERY_MS = 5000;
const RELOAD_EVERY_MS = 10000; // of a page for which there is no stream
const KEPT = ["open", "data-sent", "aria-busy"]; // what the browser knows of an element, and the server not

// --- <live-stack src data-update>: a stack's timeline and status, while something changes --------

customElements.define(
  "live-stack",
  class extends HTMLElement {
    connectedCallback() {
      this.source = new EventSource(this.getAttribute("src"));
      this.source.onopen = () => this.setStatus("Live", "ok");
      this.source.onerror = () =>
        this.source.readyState === EventSource.CLOSED
          ? this.wait("Disconnected.") // it was refused, such as with 503
          : this.setStatus("Reconnecting…", "warn");
      const on = (name, act) => this.source.addEventListener(name, (event) => act(event.data));
      on("row", (html) => this.add(parse(html).querySelector("li")));
      on("status", (html) => update("#status", parse(html)));
      on("done", () => this.finish());
      on("full", (reason) => this.wait(reason));
      on("gone", (data) => leave(...data.split("\n")));
    }
    disconnectedCallback() {
      this.source.close();
      clearTimeout(this.timer);
    }
    setStatus(text, tone) {
      const state = this.querySelector("[data-state]");
      state.textContent = text;
      state.className = `live ${tone}`;
    }
    add(row) {
      const of = CSS.escape(row.dataset.of);
      this.querySelector(`li.busy[data-of="${of}"]`)?.remove(); // this row replaces it
      this.querySelector("ol").prepend(row);
    }
    finish() {
      this.source.close();
      this.setStatus("Up to date", "");
      this.reload();
    }
    wait(reason) {
      this.source.close();
      this.setStatus(`${reason} This page is loaded again every ${RELOAD_EVERY_MS / 1000} seconds.`, "warn");
      this.timer = setTimeout(() => this.reload(), RELOAD_EVERY_MS);
    }
    // While something still changes, the new page has another element like this one.
    async reload() {
      const parts = this.dataset.update.split(" ").filter(Boolean);
      try {
        const response = await fetch(location.pathname);
        if (response.redirected) return this.setStatus("Signed out. Reload the page.", "bad");
        if (response.status === 404) return this.setStatus("This is not here any more.", "bad");
        if (!response.ok) throw new Error(response.status);
        const fresh = parse(await response.text());
        for (const part of ["#status", ...parts]) update(part, fresh);
      } catch {
        if (this.isConnected) this.wait("Disconnected.");
      }
    }
  },
);

// --- <live-page data-part>: parts of the page that are kept up to date while it is seen ----------------
// It asks whether anything has changed, and loads the page (or `data-src`) only then. A stream for each
// open page would use up the six connections that a browser makes to a host.

customElements.define(
  "live-page",
  class extends HTMLElement {
    connectedCallback() {
      if (document.getElementById("main").dataset.address) return; // the answer to a form is not what its address gives
      if (!document.querySelector("live-stack")) this.show("Live", "ok");
      this.seen = () => document.hidden || this.poll();
      document.addEventListener("visibilitychange", this.seen);
      this.timer = setTimeout(() => this.poll(), REFRESH_EVERY_MS);
    }
    disconnectedCallback() {
      document.removeEventListener("visibilitychange", this.seen);
      clearTimeout(this.timer);
    }
    show(text, tone) {
      const state = this.querySelector("[data-state]");
      if (state.textContent !== text) state.textContent = text; // or it would be announced again
      state.className = `live ${tone}`;
    }
    async poll() {
      clearTimeout(this.timer);
      if (!document.hidden) await this.refresh();
      if (this.isConnected) this.timer = setTimeout(() => this.poll(), REFRESH_EVERY_MS);
    }
    async refresh() {
      if (document.querySelector("live-stack")) return; // which tells the same news
      try {
        const state = await this.read("/changes");
        if (state && state !== this.state) {
          const html = await this.read(this.dataset.src ?? location.href);
          if (!html) return;
          const fresh = parse(html);
          for (const part of this.dataset.part.split(" ")) update(part, fresh);
          const now = await this.read("/changes");
          if (!now) return;
          this.state = now === state ? state : ""; // what changed, and back, may be on the page
        }
        if (state) this.show("Live", "ok");
      } catch {
        this.show("Reconnecting…", "warn");
      }
    }
    async read(path) {
      const response = await fetch(path);
      if (response.redirected) this.show("Signed out. Reload the page.", "bad");
      else if (response.status === 404) this.show("This is not here any more.", "bad");
      else if (!response.ok) this.show("Reconnecting…", "warn");
      else return response.text();
    }
  },
);

// --- [data-pages]: a table whose pages are loaded alone; without this, a link loads the whole page --

document.addEventListener("click", async (event) => {
  const link = event.target.closest("[data-pages] nav a");
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const { href, search, hash } = link;
  const table = link.closest("[data-pages]");
  try {
    const response = await fetch(table.dataset.pages + search);
    if (!response.ok || response.redirected) throw new Error(response.status);
    update(`#${table.id}`, parse(await response.text()));
    history.replaceState(null, "", href);
    document.querySelector(hash).scrollIntoView();
  } catch {
    location.assign(href);
  }
});

// What the page was about is deleted: go to the list, which says so.
function leave(path, text) {
  document.cookie = `egret_notice=${encodeURIComponent(`success:${text}`)}; path=/; max-age=60; samesite=lax`;
  location.assign(path);
}

// --- <live-wait src>: loads the page again once the network that it waits for has settled ---------

customElements.define(
  "live-wait",
  class extends HTMLElement {
    connectedCallback() {
      this.source = new EventSource(this.getAttribute("src"));
      for (const name of ["done", "gone"]) this.source.addEventListener(name, () => location.reload());
      this.source.addEventListener("full", () => this.wait(() => location.reload()));
      this.source.onerror = () =>
        this.source.readyState === EventSource.CLOSED && this.wait(() => this.connectedCallback());
    }
    wait(act) {
      this.source.close();
      this.timer = setTimeout(act, RELOAD_EVERY_MS);
    }
    disconnectedCallback() {
      this.source.close();
      clearTimeout(this.timer);
    }
  },
);

// Focus stays where it was; if that part is gone, it goes to what has taken its place.
export function update(selector, fresh) {
  const [old, next] = [document.querySelector(selector), fresh.querySelector(selector)];
  if (!old || !next) return;
  const focused = document.activeElement;
  const inside = old.contains(focused);
  const before = old.dataset.title;
  morph(old, next);
  tell(document.querySelector(selector).dataset.title, before);
  if (!inside || document.contains(focused)) return;
  const part = document.querySelector(selector);
  const again = [...document.querySelectorAll(focused.localName)].find((e) => nameOf(e) === nameOf(focused));
  (again ?? part.querySelector("[tabindex='-1']") ?? document.getElementById("main")).focus({ preventScroll: true });
}

// A new title is the tab's, and is announced.
function tell(title, before) {
  if (!title || title === before) return;
  document.title = `${title} · Egret`;
  document.getElementById("announcer").textContent = title;
}

const nameOf = (element) =>
  element.id ||
  element.ariaLabel ||
  element.getAttribute("aria-labelledby") ||
  element.textContent.trim() + (element.getAttribute("href") ?? "");

// Which of the old nodes becomes which new one.
const kindOf = (node) =>
  node.nodeType === Node.ELEMENT_NODE
    ? [node.localName, node.id, node.classList[0], node.getAttribute("action")].join()
    : node.nodeName;

// Turn `old` into `next` by changing only what differs: focus, selection, open details and forms that
// were sent stay.
function morph(old, next) {
  if (old.isEqualNode(next) || old.role === "status") return;
  const opaque = old.nodeType !== Node.ELEMENT_NODE || old.localName.includes("-");
  if (opaque || kindOf(old) !== kindOf(next)) return old.replaceWith(next);
  for (const name of old.getAttributeNames())
    if (!KEPT.includes(name) && !next.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of next.attributes)
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  const [before, after] = [[...old.childNodes], [...next.childNodes]];
  for (const node of after) {
    const at = before.findIndex((each) => kindOf(each) === kindOf(node));
    if (at < 0) {
      old.insertBefore(node, before[0] ?? null);
    } else {
      before.splice(0, at).forEach((each) => each.remove()); // what stays is never moved
      morph(before.shift(), node);
    }
  }
  before.forEach((each) => each.remove());
}
