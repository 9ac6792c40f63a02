import type { Page } from 'playwright-core';

/** A text that stands out too little from what is behind it. */
export interface FaintText {
  readonly text: string;
  readonly ratio: number;
  readonly needed: number;
  readonly colour: string;
  readonly behind: string;
}

/**
 * The visible texts of a page whose contrast is below WCAG 2.2's level AA: 4.5, or 3 for large ones (24 px, or 18.66 px
 * and bold). Colours are those the browser computed, each background laid over those behind it.
 */
export const faintTexts = (page: Page): Promise<FaintText[]> =>
  page.evaluate(() => {
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = 1;
    const pen = canvas.getContext('2d', { willReadFrequently: true })!;
    type Colour = readonly [number, number, number, number];

    const parse = (text: string): Colour => {
      pen.clearRect(0, 0, 1, 1);
      pen.fillStyle = text;
      pen.fillRect(0, 0, 1, 1);
      const [red, green, blue, alpha] = pen.getImageData(0, 0, 1, 1).data;
      return [red!, green!, blue!, alpha! / 255];
    };
    const over = ([r, g, b, a]: Colour, [r0, g0, b0]: Colour): Colour => [
      r * a + r0 * (1 - a),
      g * a + g0 * (1 - a),
      b * a + b0 * (1 - a),
      1,
    ];
    const behind = (element: Element | null): Colour => {
      if (element === null) return [255, 255, 255, 1];
      const colour = parse(getComputedStyle(element).backgroundColor);
      return colour[3] === 1 ? colour : over(colour, behind(element.parentElement));
    };
    // Relative luminance and contrast as WCAG defines them.
    const linear = (value: number) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    };
    const luminance = ([r, g, b]: Colour) =>
      0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
    const contrast = (one: Colour, two: Colour) => {
      const [light, dark] = [luminance(one), luminance(two)].sort((a, b) => b - a);
      return (light! + 0.05) / (dark! + 0.05);
    };

    const faint: FaintText[] = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const element = node.parentElement;
      const text = node.textContent?.trim() ?? '';
      if (element === null || text === '' || !element.checkVisibility({ visibilityProperty: true }))
        continue;
      // A control that is switched off is exempt.
      if (element.closest(':disabled, script, noscript') !== null) continue;
      const style = getComputedStyle(element);
      const size = Number.parseFloat(style.fontSize);
      const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
      const needed = isLarge ? 3 : 4.5;
      const ground = behind(element);
      const ratio = contrast(over(parse(style.color), ground), ground);
      if (ratio >= needed) continue;
      faint.push({
        text: text.slice(0, 40),
        ratio: Math.round(ratio * 100) / 100,
        needed,
        colour: style.color,
        behind: ground.map(Math.round).join(),
      });
    }
    return faint;
  });
