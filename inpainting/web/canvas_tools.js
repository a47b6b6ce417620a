// The toolbar and the hint below the photo.
const menu = $('.pp-menu'), help = $('.pp-help'), brushSlider = $('.pp-brush');

function drawHint() {
	const holds = {
		opening: openSeq,
		'pp-busy': slow && (sent.length || shown.pending || asking),
		'pp-error': error || shown.message,
		note: shown.note,
		segment: segments,
		painting,
		compare,
		nothing: !shown.photo,
		[shown.region]: shown.mask && (tool === 'include' || tool === 'exclude'),
		eraser: tool === 'brush' && subtracts(),
		[tool]: true,
	};
	const kind = Object.keys(holds).find((name) => holds[name]);
	$('.pp-hint').className = `pp-hint ${kind}`;
	$('.pp-said').textContent = say(error || shown.message || shown.note);
	all('[data-hint]').forEach((node) => { node.hidden = !node.matches(`[data-hint~="${kind}"]`); });
}

function setTool(name) {
	forget();
	tool = name;
	segments = null;
	backToSelection();
	forgetHover();
	drawRing(lastSpot);
	drawTools();
}

function setBrush(value) {
	brush = between(1, Math.round(value), 2000);
	setSlider(brushSlider, brush);
	drawRing(lastSpot || middle());
}

on(brushSlider, 'input', () => setBrush(valueOf(brushSlider)));

function drawTools() {
	const { photo: here, can, points, box, mask: some } = shown;
	const ready = { ...(here && can), ...shown, clear: some || box || points.length };
	root.dataset.mode = tool;
	all('[data-needs]').forEach((node) => { node.disabled = !ready[node.dataset.needs]; });
	all('[data-tool]').forEach((node) => pressed(node, node.dataset.tool === tool && !segments));
	pressed($('[data-action="everything"]'), segments);
	drawHint();
}

const ACTIONS = {
	tool: (data) => setTool(data.tool),
	open: ({ chooser }) => $(chooser).click(),
	everything: () => toggleSegments(),
	zoom: ({ by }) => zoomTo(view.scale * by),
	whole: () => zoomTo(1),
	fit,
	full: toggleFull,
	selection: backToSelection,
	help: () => help.showModal(),
};

onWide(window, 'click', ({ target }) => {
	if (!target.closest('.pp-menu > summary')) menu.open = false;
	const data = target.closest('[data-action]:enabled')?.dataset;
	if (!data) return;
	if (data.file) keep(data.file);
	else if (ACTIONS[data.action]) ACTIONS[data.action](data);
	else act(data.action, JSON.parse(data.fields || '{}'));
});
