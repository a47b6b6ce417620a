// What is below the photo.
const candidates = $('.pp-candidates'), partList = $('.pp-list'), autoFeather = $('.pp-auto'), edgeSliders = all('[data-edge]');
let edgesTimer = 0;
all('template').forEach(({ content }) => ppTranslate(content));

function fillList(list, items, fill) {
	const { children, nextElementSibling: form } = list;
	while (children.length > items.length) list.lastElementChild.remove();
	while (children.length < items.length) list.append(form.content.cloneNode(true));
	items.forEach((item, index) => fill(children[index], item, index));
}

function drawCandidates() {
	const { thumbs, scores, photo: here, chosen } = shown;
	fillList(candidates, thumbs, (node, thumb, index) => {
		pressed(node, index === chosen);
		node.dataset.fields = JSON.stringify({ index });
		node.ariaLabel = say('Candidate {n} of {count}, score {score} percent', { n: index + 1, count: thumbs.length, score: Math.round(100 * scores[index]) });
		node.style.aspectRatio = here.width / here.height;
		node.style.backgroundImage = `url("${here.file.url}"), linear-gradient(#333, #333), url("${thumb}")`;
	});
}

const valueOf = ({ value, dataset }) => Math.round(dataset.squared ? value ** 2 : value);

function setSlider(node, n) {
	node.value = node.dataset.squared ? Math.sqrt(n) : n;
	node.nextElementSibling.textContent = node.ariaValueText = say('{n} px', { n });
}

function drawEdges() {
	const { edges, feather } = shown;
	if (edgesTimer || sent.some(({ action }) => action === 'edges')) return;
	autoFeather.checked = edges.feather === null;
	edgeSliders.forEach((node) => setSlider(node, edges[node.dataset.edge] ?? feather));
}

function sendEdges() {
	const edges = Object.fromEntries(edgeSliders.map((node) => [node.dataset.edge, valueOf(node)]));
	if (autoFeather.checked) edges.feather = null;
	edgesTimer = 0;
	act('edges', edges);
}

on($('.pp-edges'), 'input', ({ target }) => {
	const { edge } = target.dataset;
	if (edge === 'feather') autoFeather.checked = false;
	if (edge) setSlider(target, valueOf(target));
	clearTimeout(edgesTimer);
	edgesTimer = setTimeout(sendEdges, 120); // ms
});

function fillPart(row, part, index) {
	const { key, op, shown: visible } = part, [eye, pick, join, drop] = row.children;
	pick.firstChild.textContent = row.ariaLabel = say('Part {n}', { n: index + 1 });
	pick.querySelectorAll('[data-fact]').forEach(({ dataset }) => { dataset.count = Number(part[dataset.fact]); });
	for (const node of [eye, pick, join, drop]) node.dataset.fields = JSON.stringify({ key, shown: !visible });
	join.value = op;
	pressed(eye, visible);
	pressed(pick, index === shown.active);
}

function drawParts() {
	const { parts } = shown;
	if (parts.length > Math.max(1, partList.children.length)) $('.pp-parts').open = true;
	$('.pp-parts b').textContent = parts.length;
	fillList(partList, parts, fillPart);
}

on(partList, 'change', ({ target }) => act('part-op', { ...JSON.parse(target.dataset.fields), op: target.value }));
