// Translates the page's own parts into gradio's language; texts.py puts ppTexts before it.
(() => {
	const [language] = navigator.language.split('-'), { table, patterns } = ppTexts[language] || { table: {}, patterns: [] };
	const spelled = (value) => (typeof value === 'number' ? value.toLocaleString(language, { useGrouping: false }) : value);

	function fill(text, values) {
		let next = 0;
		return text.replace(/\{(\w*)\}/g, (hole, name) => spelled(values[name || next++] ?? hole));
	}

	const part = (word) => known(word) || (/^\d+\.\d+$/.test(word) ? spelled(+word) : word);

	function known(sentence) {
		if (Object.hasOwn(table, sentence)) return table[sentence];
		for (const [expression, text] of patterns) {
			const found = new RegExp(expression).exec(sentence);
			if (found) return fill(text, found.slice(1).map((words) => words.replace(words.trim(), part)));
		}
		return '';
	}

	function translated(text) {
		const ends = [...text.matchAll(/[.!?] (?=\S)|$/g)].map(({ index }) => index + 1).reverse();
		const end = ends.find((at) => known(text.slice(0, at)));
		return end ? `${known(text.slice(0, end))} ${translated(text.slice(end + 1))}`.trim() : text;
	}

	window.ppLanguage = ppTexts[language] ? language : 'en';
	window.ppText = (text = '', values = null) => (values ? fill(table[text] || text, values) : translated(text));

	window.ppTranslate = (root) => {
		for (const node of root.querySelectorAll('[data-t], kbd')) {
			const say = node.localName === 'kbd' ? (key) => table[`[${key}]`] || key : ppText;
			for (const name of ['title', 'aria-label']) {
				if (node.hasAttribute(name)) node.setAttribute(name, say(node.getAttribute(name)));
			}
			for (const child of node.childNodes) {
				if (child.nodeType === 3) child.data = child.data.replace(/\S[^]*\S/, (words) => say(words.replace(/\s+/g, ' ')));
			}
		}
	};
})();
