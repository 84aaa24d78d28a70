// Puts what a page says into it, in the person's language, before it is first painted: the text of
// data-text, and attributes by data-KIND-text. Loaded at the end of the body.
const KINDS = ["aria-label", "placeholder", "title", "alt"];

// That of the sentences, which need not be the browser's.
document.documentElement.lang = chrome.i18n.getMessage("language");
document.documentElement.dir = chrome.i18n.getMessage("@@bidi_dir");
for (const element of document.querySelectorAll("[data-text]")) {
  element.textContent = chrome.i18n.getMessage(element.dataset.text);
}
for (const kind of KINDS) {
  for (const element of document.querySelectorAll(`[data-${kind}-text]`)) {
    element.setAttribute(kind, chrome.i18n.getMessage(element.getAttribute(`data-${kind}-text`)));
  }
}
// `autofocus` comes too early: what is not visible yet cannot have the focus.
document.querySelector("[data-focus]")?.focus();
