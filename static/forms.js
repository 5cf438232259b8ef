// Forms: choices that follow from others, a list to search in, a key as a file.

const SECRET_MAX_BYTES = 16 * 1024; // as KEY_MAX_BYTES in webapp/partners/clash_of_clans.py
const PROPOSE_AFTER_MS = 200;
const PROPOSED_MAX = 50;
const TOO_LARGE = "This is over 16 KiB, too large for a key. Check that it is the right file.";

// A new network can only use addresses of its own region and account.
const site = document.querySelector("form:has([data-region])")?.elements;
function offerAddresses() {
  const choices = [...document.querySelectorAll("[data-region]")];
  const account = site.account?.value ?? "own";
  for (const choice of choices) {
    const { region, account: owner } = choice.dataset;
    choice.hidden = region !== site.region.value || owner !== account;
    if (choice.hidden) choice.querySelector("input").checked = false;
  }
  document.querySelector("[data-elsewhere]").hidden = choices.some((choice) => !choice.hidden);
}
site?.region.addEventListener("change", offerAddresses);
site?.account?.addEventListener("change", offerAddresses);
if (site) offerAddresses();

// Another network may need another key: the first one that matches it, or none.
const keys = document.querySelector("select:has([data-matches])");
const matches = (option, network) => option.dataset.matches?.split(" ").includes(network);
function sayWhetherKeysMatch() {
  const network = keys.form.elements.network.value;
  const some = [...keys.options].some((option) => matches(option, network));
  document.querySelector("[data-no-key]").hidden = !network || some;
  document.querySelector("[data-no-match]").hidden =
    !network || !some || !keys.value || matches(keys.selectedOptions[0], network);
}
keys?.form.elements.network.addEventListener("change", ({ target }) => {
  const found = [keys.selectedOptions[0], ...keys.options].find((option) => matches(option, target.value));
  if (target.value) keys.value = found?.value ?? "";
  sayWhetherKeysMatch();
});
keys?.addEventListener("change", sayWhetherKeysMatch);
if (keys) sayWhetherKeysMatch(); // "Back" may have filled the form in

// Another template has other settings: the form comes back with them, as filled in as it was.
const templates = document.querySelector("[data-chooses]");
const chooser = templates?.parentElement.querySelector("button");
if (chooser) chooser.hidden = true;
templates?.addEventListener("change", () => chooser.form.requestSubmit(chooser));

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

// --- <name-search data-source>: a field that proposes the names which begin with what is typed ---

customElements.define(
  "name-search",
  class extends HTMLElement {
    connectedCallback() {
      const [field, list] = [this.querySelector("input"), this.querySelector("datalist")];
      field.addEventListener("input", () => {
        clearTimeout(this.timer);
        this.timer = setTimeout(() => this.propose(field.value.trim(), list), PROPOSE_AFTER_MS);
      });
    }
    disconnectedCallback() {
      clearTimeout(this.timer);
    }
    async propose(begin, list) {
      const query = new URLSearchParams({ q: begin, limit: PROPOSED_MAX });
      const response = await fetch(`${this.dataset.source}&${query}`).catch(() => null);
      if (!response?.ok) return; // what is proposed already stays
      const { items } = await response.json();
      list.replaceChildren(...items.map(({ name }) => new Option("", name)));
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
