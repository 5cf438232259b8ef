// Progressive enhancement: without this file every page still works as plain links and forms;
// only the live parts need it.

// The one place where the server's HTML becomes DOM (Trusted Types policy "app").
const policy = globalThis.trustedTypes?.createPolicy("app", { createHTML: (html) => html });
const parse = (html) =>
  new DOMParser().parseFromString(policy ? policy.createHTML(html) : html, "text/html");

const COPIED_SHOWN_MS = 2500;
const SEND_AGAIN_AFTER_MS = 60_000;
const REFRESH_EVERY_MS = 5000;
const ANNOUNCED_AFTER_MS = 200;
const RELATIVE_EVERY_MS = 10_000;
const SECRET_MAX_BYTES = 16 * 1024; // as KEY_MAX_BYTES in webapp/partners/clash_of_clans.py
const TOO_LARGE = "This is over 16 KiB, too large for a key. Check that it is the right file.";

// The answer to a form has no address of its own: in the address bar is that of the form's page.
const { address } = document.getElementById("main").dataset;
if (address) history.replaceState(null, "", address);

// --- Theme, notices, copy -------------------------------------------------------------------------

document.addEventListener("click", (event) => {
  const hit = (selector) => event.target.closest(selector);
  if (hit("[data-theme-toggle]")) toggleTheme();
  const dismiss = hit("[data-dismiss]");
  if (dismiss) {
    (dismiss.closest(".of-action") ?? dismiss.closest(".notice")).remove();
    document.getElementById("main").focus({ preventScroll: true });
  }
  const button = hit("[data-copy], [data-copy-of]");
  if (button) copy(button);
});

// A form is sent once, however often its button is pressed before the response arrives. Meanwhile the
// button is busy, and `data-sending` of the form says what is being waited for.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if ("sent" in form.dataset) return event.preventDefault();
  form.dataset.sent = "";
  event.submitter?.setAttribute("aria-busy", "true");
  if (form.dataset.sending) form.querySelector("[role=status]").textContent = form.dataset.sending;
  setTimeout(() => release(form), SEND_AGAIN_AFTER_MS);
});

// "Back" may show the page as it was left.
addEventListener("pageshow", (event) => {
  if (event.persisted) document.querySelectorAll("form[data-sent]").forEach(release);
});

function release(form) {
  delete form.dataset.sent;
  form.querySelectorAll("[aria-busy]").forEach((button) => button.removeAttribute("aria-busy"));
  if (form.dataset.sending) form.querySelector("[role=status]").textContent = "";
}

// Screen readers say what changes in a live region, not what is in it when the page is loaded.
const notice = document.querySelector(".of-action [role=status]");
if (notice) setTimeout(() => notice.replaceChildren(notice.textContent), ANNOUNCED_AFTER_MS);

// A new network can only use addresses in its own region.
const regions = document.querySelector("form:has([data-region]) [name=region]");
function offerAddresses() {
  const choices = [...document.querySelectorAll("[data-region]")];
  for (const choice of choices) {
    choice.hidden = choice.dataset.region !== regions.value;
    if (choice.hidden) choice.querySelector("input").checked = false;
  }
  document.querySelector("[data-elsewhere]").hidden = choices.some((choice) => !choice.hidden);
}
regions?.addEventListener("change", offerAddresses);
if (regions) offerAddresses();

// Another network may need another key: the first one that allows its addresses.
const keys = document.querySelector("select:has([data-matches])");
keys?.form.elements.network.addEventListener("change", ({ target }) => {
  const matches = (option) => option.dataset.matches.split(" ").includes(target.value);
  const chosen = [keys.selectedOptions[0], ...keys.options].find(matches);
  if (chosen) chosen.selected = true;
});

function toggleTheme() {
  const root = document.documentElement;
  const preferred = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  root.dataset.theme = (root.dataset.theme ?? preferred) === "dark" ? "light" : "dark";
  localStorage.setItem("theme", root.dataset.theme);
}

// `data-copy` is the text itself; `data-copy-of` the id of the element that holds it.
async function copy(button) {
  const status = button.nextElementSibling; // <span role="status">: shown and announced
  const source = document.getElementById(button.dataset.copyOf) ?? button.previousElementSibling;
  try {
    await navigator.clipboard.writeText(button.dataset.copy ?? source.textContent);
    status.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(source); // plain http has no clipboard
    status.textContent = "Press Ctrl+C";
  }
  setTimeout(() => (status.textContent = ""), COPIED_SHOWN_MS);
}

// --- <live-stack src data-update>: a stack's timeline and status, while something changes --------

customElements.define(
  "live-stack",
  class extends HTMLElement {
    connectedCallback() {
      this.source = new EventSource(this.getAttribute("src"));
      this.source.onopen = () => this.setStatus("Live", "ok");
      this.source.onerror = () =>
        this.source.readyState === EventSource.CLOSED
          ? this.setStatus("Disconnected. Reload the page.", "bad")
          : this.setStatus("Reconnecting…", "warn");
      const on = (name, act) => this.source.addEventListener(name, (event) => act(event.data));
      on("row", (html) => this.add(parse(html).querySelector("li")));
      on("status", (html) => update("#status", parse(html)));
      on("done", () => this.finish());
      on("gone", (data) => leave(...data.split("\n")));
    }
    disconnectedCallback() {
      this.source.close();
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
    async finish() {
      this.source.close();
      this.setStatus("Up to date", "");
      const parts = this.dataset.update.split(" ").filter(Boolean);
      if (!parts.length) return;
      const fresh = parse(await (await fetch(location.pathname)).text());
      for (const part of parts) update(part, fresh);
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
      if (address) return; // the answer to a form is not what its address gives
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
          this.state = state;
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
    }
    disconnectedCallback() {
      this.source.close();
    }
  },
);

// Focus stays where it was; if that part is gone, it goes to what has taken its place.
function update(selector, fresh) {
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

// Turn `old` into `next` by changing only what differs: focus, selection and open details stay, and a
// form that was sent.
function morph(old, next) {
  if (old.isEqualNode(next) || old.role === "status" || old.dataset?.sent === "") return;
  const opaque = old.nodeType !== Node.ELEMENT_NODE || old.localName.includes("-");
  if (opaque || kindOf(old) !== kindOf(next)) return old.replaceWith(next);
  for (const name of old.getAttributeNames())
    if (name !== "open" && !next.hasAttribute(name)) old.removeAttribute(name);
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

// --- Times: "3 minutes ago", elapsed time, time left ---------------------------------------------

const UNITS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

class Ticking extends HTMLElement {
  every = 1000;
  connectedCallback() {
    this.show();
    this.timer = setInterval(() => this.show(), this.every);
  }
  disconnectedCallback() {
    clearInterval(this.timer);
  }
}

customElements.define(
  "relative-time",
  class extends Ticking {
    every = RELATIVE_EVERY_MS;
    show() {
      const time = this.querySelector("time");
      time.title ||= time.textContent;
      const seconds = (new Date(time.dateTime) - Date.now()) / 1000;
      const [unit, size] = UNITS.find(([, n]) => Math.abs(seconds) >= n) ?? UNITS.at(-1);
      time.textContent = relative.format(Math.round(seconds / size), unit);
    }
  },
);

const duration = (s) => (s < 60 ? `${s} s` : `${Math.floor(s / 60)} min ${s % 60} s`);

customElements.define(
  "elapsed-time",
  class extends Ticking {
    show() {
      this.textContent = duration(Math.max(0, Math.round((Date.now() - new Date(this.dataset.since)) / 1000)));
    }
  },
);

customElements.define(
  "time-left",
  class extends Ticking {
    show() {
      const left = Math.round((new Date(this.dataset.until) - Date.now()) / 1000);
      this.textContent = left > 0 ? `${duration(left)} left` : "Expired";
    }
  },
);

// --- <filter-select>: a box that narrows the long <select> inside -------------------------------

customElements.define(
  "filter-select",
  class extends HTMLElement {
    connectedCallback() {
      const [box, select] = [this.querySelector("input"), this.querySelector("select")];
      const all = [...select.options];
      select.size = 7;
      box.hidden = false;
      box.addEventListener("keydown", (event) => {
        if (!["Enter", "ArrowDown"].includes(event.key)) return;
        event.preventDefault(); // move to the list instead of submitting the form
        select.focus();
      });
      box.addEventListener("input", () => {
        const wanted = box.value.trim().toLowerCase();
        const shown = all.filter((option) => option.text.toLowerCase().includes(wanted));
        select.replaceChildren(...shown);
        if (wanted && shown.length && !shown.some((option) => option.selected)) shown[0].selected = true;
        this.querySelector("[role=status]").textContent = shown.length
          ? `${shown.length} of ${all.length}`
          : "Nothing matches";
      });
    }
  },
);

// --- <secret-drop>: a key can be dropped as a file; a file that is too large is reported at once ---

customElements.define(
  "secret-drop",
  class extends HTMLElement {
    connectedCallback() {
      const field = this.querySelector("textarea");
      const check = () => {
        const wrong = new Blob([field.value]).size > SECRET_MAX_BYTES ? TOO_LARGE : "";
        field.setCustomValidity(wrong);
        this.setStatus(wrong);
      };
      field.addEventListener("input", check);
      this.addEventListener("dragover", (event) => {
        event.preventDefault();
        this.classList.add("over");
      });
      this.addEventListener("dragleave", () => this.classList.remove("over"));
      this.addEventListener("drop", async (event) => {
        event.preventDefault();
        this.classList.remove("over");
        const file = event.dataTransfer.files[0];
        if (file?.size > SECRET_MAX_BYTES) return this.setStatus(TOO_LARGE);
        field.value = file ? await file.text() : event.dataTransfer.getData("text");
        check();
      });
    }
    setStatus(text) {
      this.querySelector("[role=status]").textContent = text;
    }
  },
);
