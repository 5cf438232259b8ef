// --- <live-tail data-src>: a button that follows a log; its page works without it by a reload ----------

const policy = globalThis.trustedTypes?.createPolicy("app", { createHTML: (html) => html });
const parse = (html) =>
  new DOMParser().parseFromString(policy ? policy.createHTML(html) : html, "text/html");
const LINES_MAX = 1000; // older ones make room

customElements.define(
  "live-tail",
  class extends HTMLElement {
    connectedCallback() {
      this.log = document.getElementById("log");
      this.button = Object.assign(document.createElement("button"), { type: "button" });
      this.state = Object.assign(document.createElement("span"), { className: "live" });
      this.state.setAttribute("role", "status");
      this.button.addEventListener("click", () => (this.source ? this.stop("Stopped") : this.start()));
      this.append(this.button, this.state);
      this.log.scrollTop = this.log.scrollHeight;
      this.stop("");
    }
    disconnectedCallback() {
      this.source?.close();
    }
    start() {
      const last = this.log.lastElementChild?.dataset.place ?? "";
      this.source = new EventSource(`${this.dataset.src}&after=${encodeURIComponent(last)}`);
      this.button.textContent = "Stop live tail";
      this.show("Connecting…", "warn");
      this.source.onopen = () => this.show("Live", "ok");
      this.source.onerror = () =>
        this.source.readyState === EventSource.CLOSED
          ? this.stop("Disconnected. Reload the page.", "bad")
          : this.show("Reconnecting…", "warn");
      this.source.addEventListener("line", (event) => this.add(parse(event.data).querySelector("li")));
      this.source.addEventListener("live", () => this.show("Live", "ok"));
      this.source.addEventListener("note", (event) => this.show(event.data, "warn"));
      this.source.addEventListener("done", (event) => this.stop(event.data));
    }
    stop(text, tone = "") {
      this.source?.close();
      this.source = null;
      this.button.textContent = "Start live tail";
      this.show(text, tone);
    }
    show(text, tone) {
      this.state.hidden = !text;
      if (this.state.textContent !== text) this.state.textContent = text; // said once, not for each line
      this.state.className = `live ${tone}`;
    }
    // It scrolls along unless somebody has scrolled up to read.
    add(line) {
      const { log } = this;
      const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
      log.append(line);
      while (log.childElementCount > LINES_MAX) log.firstElementChild.remove();
      if (atEnd) log.scrollTop = log.scrollHeight;
      this.show("Live", "ok");
    }
  },
);
