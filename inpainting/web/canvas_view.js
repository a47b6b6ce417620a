// Where the photo lies on the stage: a view is {scale, x, y}, scale in CSS pixels a photo pixel and
// (x, y) the photo's corner on the stage.
const MAX_SCALE = 32, MARGIN = 16, SLACK = 64;

const between = (low, value, high) => Math.min(high, Math.max(low, value));
const toPhoto = (view, at) => ({ x: (at.x - view.x) / view.scale, y: (at.y - view.y) / view.scale });
const toStage = (view, at) => ({ x: at.x * view.scale + view.x, y: at.y * view.scale + view.y });

function fitScale(room, size) {
  return between(0.001, Math.min((room.width - MARGIN) / size.width, (room.height - MARGIN) / size.height), MAX_SCALE);
}

// A small photo is centred; a large one may be pushed past its edge, to work on its corners in comfort.
function settledView(view, room, size) {
  const scale = between(Math.min(1, fitScale(room, size)), view.scale, MAX_SCALE);
  const along = (at, span, length) => {
    const over = length * scale - span, slack = Math.min(SLACK, over);
    return over <= 0 ? -over / 2 : between(-over - slack, at, slack);
  };
  return { scale, x: along(view.x, room.width, size.width), y: along(view.y, room.height, size.height) };
}

function zoomedView(view, scale, at) {
  const ratio = scale / view.scale;
  return { scale, x: at.x - (at.x - view.x) * ratio, y: at.y - (at.y - view.y) * ratio };
}
