// Translations for the page's own parts. Before this stands ppTexts: {language: {English: text}}.
// The language is the one that gradio takes for its own labels.
(() => {
  const language = (navigator.language || 'en').split('-')[0];
  const table = new Map(Object.entries(ppTexts[language] || {}));
  const shown = (value) => (typeof value === 'number' ? value.toLocaleString(language, { useGrouping: false }) : value);
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (hole, name) => (name in values ? shown(values[name]) : hole));
  const numbered = (text) => { let n = 0; return text.replace(/\{\}/g, () => `{${n++}}`); };

  // A key with {} is a pattern for whole sentences; those with most words of their own go first.
  const patterns = [...table.keys()].filter((key) => key.includes('{}')).map((key) => {
    const words = key.split('{}').map((word) => word.replace(/[.*+?^$()|[\]\\]/g, '\\$&'));
    return { key, form: new RegExp(`^${words.join('([^]*?)')}$`) };
  }).sort((a, b) => b.key.length - a.key.length);

  const inner = (word) => known(word) || (/^\d+\.\d+$/.test(word) ? shown(+word) : word);
  function known(sentence) {
    if (table.has(sentence)) return table.get(sentence);
    for (const { key, form } of patterns) {
      const found = form.exec(sentence);
      if (found) return fill(numbered(table.get(key)), found.slice(1).map((part) => part.replace(/\S(?:[^]*\S)?/, inner)));
    }
    return '';
  }

  // Of several sentences: the longest beginning that is known, then the rest.
  function translated(text) {
    const whole = known(text);
    if (whole) return whole;
    for (const { index } of [...text.matchAll(/[.!?] (?=\S)/g)].reverse()) {
      const first = known(text.slice(0, index + 1));
      if (first) return `${first} ${translated(text.slice(index + 2))}`;
    }
    return text;
  }

  window.ppLanguage = ppTexts[language] ? language : 'en';
  window.ppText = (text, values) => {
    if (values) return fill(table.get(text) || text, values);
    return table.size && text ? translated(String(text)) : text || '';
  };
  // Elements with data-t: their own text, and what they say by attributes; the names of keys in <kbd>.
  const MARKED = '[data-t], kbd';
  window.ppTranslate = (root) => {
    if (!table.size) return;
    for (const node of [root, ...root.querySelectorAll(MARKED)]) {
      if (!node.matches(MARKED)) continue;
      const say = node.localName === 'kbd' ? (key) => table.get(`[${key}]`) || key : ppText;
      for (const name of ['title', 'aria-label', 'placeholder', 'alt']) {
        if (node.hasAttribute(name)) node.setAttribute(name, say(node.getAttribute(name)));
      }
      for (const child of node.childNodes) {
        const words = child.nodeType === 3 && child.data.trim();
        if (words) child.data = child.data.replace(words, () => say(words.replace(/\s+/g, ' ')));
      }
    }
  };
})();
