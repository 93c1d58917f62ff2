// A histogram of the values in view, with the range of colours, whose ends can be drawn.

export class Histogram {
  constructor(element, legend, words, set) {
    this.element = element;
    this.legend = legend;
    this.words = words;
    this.set = set;
    this.domain = [0, 1];
    let end = -1;
    const at = (e) => this.domain[0] + (this.domain[1] - this.domain[0]) * e.offsetX / element.clientWidth;
    element.addEventListener("pointerdown", (e) => {
      element.setPointerCapture(e.pointerId);
      end = Math.abs(at(e) - this.scale.low) < Math.abs(at(e) - this.scale.high) ? 0 : 1;
      move(e);
    });
    const move = (e) => {
      if (end < 0) return;
      const ends = [this.scale.low, this.scale.high];
      ends[end] = at(e);
      if (ends[0] < ends[1]) this.set(...ends);
    };
    element.addEventListener("pointermove", move);
    element.addEventListener("pointerup", () => { end = -1; });
  }

  // show draws sorted values.
  show(values, scale, unit) {
    this.scale = scale;
    const c = this.element.getContext("2d"), w = this.element.width, h = this.element.height - 16;
    c.clearRect(0, 0, w, this.element.height);
    this.gradient(scale);
    if (!values.length) {
      this.words.textContent = "no values in view";
      return;
    }
    const at = (q) => values[Math.min(values.length - 1, Math.floor(q * values.length))];
    let [low, high] = [Math.min(at(0.001), scale.low), Math.max(at(0.999), scale.high)];
    if (!(high > low)) [low, high] = [low - 0.5, high + 0.5];
    this.domain = [low, high];
    const n = 56, bins = new Array(n).fill(0);
    for (const v of values) if (v >= low && v <= high) bins[Math.min(n - 1, Math.floor((v - low) / (high - low) * n))]++;
    const most = Math.max(...bins);
    bins.forEach((k, i) => {
      const v = low + (i + 0.5) / n * (high - low), t = (v - scale.low) / (scale.high - scale.low) * (scale.colors.length - 1);
      c.fillStyle = css(scale.colors[Math.max(0, Math.min(scale.colors.length - 1, Math.round(t)))]);
      const size = k ? Math.max(1.5, k / most * h) : 0;
      c.fillRect(i * w / n, h - size, w / n - 0.5, size);
    });
    c.fillStyle = "#20242a";
    c.fillRect(0, h, w, 1);
    for (const v of [scale.low, scale.high]) c.fillRect((v - low) / (high - low) * (w - 2), 0, 2, h);
    c.font = "11px system-ui, sans-serif";
    c.textBaseline = "bottom";
    c.textAlign = "left";
    c.fillText(number(low), 0, h + 15);
    c.textAlign = "right";
    c.fillText(number(high), w, h + 15);
    const text = `median of what is in view ${number(at(0.5))} ${unit}, from ${number(values[0])} to ${number(values[values.length - 1])}`;
    this.words.textContent = text;
    this.element.setAttribute("aria-label", `Histogram: ${text}`);
  }

  gradient(scale) {
    const c = this.legend.getContext("2d"), w = this.legend.width, n = scale.colors.length;
    for (let i = 0; i < n; i++) {
      c.fillStyle = css(scale.colors[i]);
      c.fillRect(i * w / n, 0, w / n + 1, this.legend.height);
    }
  }
}

const css = (v) => `rgb(${v & 255} ${v >> 8 & 255} ${v >> 16 & 255})`;

export const number = (v) => (Math.abs(v) >= 1e6 || (v !== 0 && Math.abs(v) < 1e-3) ? v.toExponential(3) : String(Number(v.toPrecision(6)))).replace("-", "−");
