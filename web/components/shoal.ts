// Shoal's fish: the sign, three that wait, and many small ones that swim as one big one.

import { css, html, type SVGTemplateResult, svg, type TemplateResult } from 'lit';

/** 24 × 12, swimming to the right. */
const FISH = 'M6 6C10 1 17 .6 23 6C17 11.4 10 11 6 6ZM7.6 6L1 1.6Q3 6 1 10.4Z';

const fish = (x: number, y: number, size: number, name = ''): SVGTemplateResult =>
  svg`<g transform=${`translate(${x} ${y}) scale(${size})`}><path class=${name} d=${FISH} /></g>`;

export const sign = html`
  <svg class="sign" viewBox="0 0 46 38" width="30" height="25" fill="currentColor" aria-hidden="true">
    ${fish(18, 0, 1.1)} ${fish(1, 12.5, 1.1)} ${fish(20, 25, 1.1, 'own')}
  </svg>`;

export const waitingFish: TemplateResult = html`
  <svg class="waiting" viewBox="0 0 84 14" width="72" height="12" fill="currentColor" aria-hidden="true">
    ${fish(2, 1, 0.95)} ${fish(30, 1, 0.95)} ${fish(58, 1, 0.95)}
  </svg>`;

/** Where the small ones swim, in a big one of 240 × 120. */
const PLACES = placesInBigFish();
const EYE = PLACES.reduce((best, place, at) => (nearEye(place) < nearEye(PLACES[best]!) ? at : best), 0);

export const bigFish: TemplateResult = html`
  <svg class="big-fish" viewBox="0 0 240 120" fill="currentColor" aria-hidden="true">
    ${PLACES.map(([x, y], at) => (at === EYE ? fish(x - 3, y - 2, 0.85, 'own') : fish(x, y, 0.52)))}
  </svg>`;

function placesInBigFish(): (readonly [number, number])[] {
  const places: [number, number][] = [];
  for (let row = 0; row < 13; row++) {
    const y = 3 + row * 8.8;
    for (let x = (row % 2) * 7.5; x < 228; x += 15) {
      const [middleX, middleY] = [x + 6, y + 3];
      const across = Math.abs(middleY - 59);
      const isBody = across < 50 * (1 - ((middleX - 146) / 92) ** 2);
      const isTail = middleX < 70 && across < (70 - middleX) * 0.85 + 2 && across > (36 - middleX) * 1.1;
      // No two small fish keep quite the same distance.
      if (isBody || isTail) places.push([x + 1.5 * Math.sin(row * 3 + x), y + Math.cos(row + x * 2)]);
    }
  }
  return places;
}

function nearEye([x, y]: readonly [number, number]): number {
  return Math.hypot(x - 190, y - 44);
}

export const fishStyles = css`
  .sign .own,
  .big-fish .own {
    color: var(--accent);
    fill: currentColor;
  }
  .big-fish path {
    animation: drift 5s ease-in-out infinite alternate;
  }
  .big-fish g:nth-child(3n) path {
    animation-delay: -1.7s;
    animation-duration: 6.1s;
  }
  .big-fish g:nth-child(3n + 1) path {
    animation-delay: -3.1s;
    animation-duration: 4.3s;
  }
  @keyframes drift {
    from {
      transform: translate(-1.6px, 0.6px);
    }
    to {
      transform: translate(1.6px, -0.6px);
    }
  }
  .waiting {
    color: var(--accent);
  }
  .waiting path {
    animation: wait 1.4s ease-in-out infinite;
  }
  .waiting g:nth-child(2) path {
    animation-delay: 0.16s;
  }
  .waiting g:nth-child(3) path {
    animation-delay: 0.32s;
  }
  @keyframes wait {
    0%,
    100% {
      opacity: 0.3;
      transform: translateX(-1.5px);
    }
    45% {
      opacity: 1;
      transform: translateX(1.5px);
    }
  }
`;
