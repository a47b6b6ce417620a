// Draws the results (see results.py), newest first, and tells the canvas which to show.
const $ = (selector) => element.querySelector(selector);
const strip = $('.pp-strip');
let desk = '', told = 0, current = 0, items = [], listed = '', drawn = '';

const chosen = () => items.find(({ id }) => id === current);
const latest = () => chosen() || items.at(-1);

function thumb({ id, seed, thumb: { url } }) {
	const node = $('template').content.firstElementChild.cloneNode(true);
	node.firstElementChild.value = id;
	Object.assign(node.lastElementChild, { src: url, alt: ppText('Result {n}, seed {seed}', { n: id, seed }) });
	return node;
}

function drawFacts({ links, notes, ...facts }) {
	$('.pp-meta').textContent = ppText('Seed {seed} · {seconds} s · {width} × {height} pixels', facts);
	$('.pp-notes').textContent = notes.map((text) => ppText(text)).join('\n');
	element.querySelectorAll('a').forEach((node, at) => { node.href = links[at].url || ''; });
}

function draw() {
	const list = JSON.stringify([desk, items]), key = list + current;
	if (key === drawn) return;
	if (list !== listed) strip.replaceChildren(...items.map(thumb).reverse());
	[listed, drawn] = [list, key];
	strip.querySelectorAll('input').forEach((node) => { node.checked = Number(node.value) === current; });
	if (items.length) drawFacts(latest());
	document.dispatchEvent(new CustomEvent('pp-result', { detail: chosen() }));
}

function bringCanvas() {
	document.querySelector('.pp-stage').scrollIntoView({ block: 'nearest' });
}

function choose(id) {
	current = id;
	trigger('show', { result: id });
	draw();
}

function show() {
	const { value } = props, other = value.desk !== desk, newest = items.at(-1)?.id || 0;
	if (other || value.current !== told) current = value.current;
	({ desk, items, current: told } = value);
	draw();
	if (!other && items.at(-1)?.id > newest) bringCanvas();
}

const BUTTONS = {
	'pp-back': () => latest() && choose(current ? 0 : latest().id),
	'pp-further': () => trigger('further', { result: latest().id }),
	'pp-reuse': () => trigger('reuse', { seed: latest().seed }),
};

element.addEventListener('click', ({ target }) => BUTTONS[target.closest('button')?.className]?.());
strip.addEventListener('change', ({ target }) => {
	choose(Number(target.value));
	bringCanvas();
});
document.addEventListener('pp-result-closed', () => current && choose(0));
ppTranslate(element);
watch('value', show);
show();
