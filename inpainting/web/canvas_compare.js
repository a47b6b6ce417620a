// A result or a preview in place of the selection.
const after = $('.pp-now'), slider = $('.pp-slide-at');

function source(image, url) {
	if (!url) image.removeAttribute('src');
	else if (image.getAttribute('src') !== url) image.src = url;
}

function showResult(result) {
	if (result && result.id !== compare?.id) slider.value = 50;
	compare = result;
	source($('.pp-was'), result?.before.url);
	source(after, result?.file.url);
	flag('pp-comparing', compare);
	forgetHover();
	drawPhoto();
	drawTools();
}

function drawDivider() {
	if (!compare) return;
	const left = Math.max(0, view.x), span = Math.min(stage.clientWidth, view.x + compare.width * view.scale) - left;
	Object.assign(slider.style, { left: `${left}px`, width: `${span + 44}px` });
	after.style.clipPath = `inset(0 0 0 ${(left + (span * slider.value) / 100 - view.x) / view.scale}px)`;
}

on(slider, 'input', drawDivider);

function backToSelection() {
	if (compare) document.dispatchEvent(new CustomEvent('pp-result-closed'));
}

onWide(document, 'pp-result', ({ detail }) => showResult(detail));
onWide(document, 'pp-progress', ({ detail: { preview, begun } }) => {
	if (!preview !== !glimpse) flag('pp-glimpsing', preview);
	glimpse = preview;
	source($('.pp-glimpse'), glimpse);
	if (begun === painting) return;
	painting = begun;
	drawHint();
});
