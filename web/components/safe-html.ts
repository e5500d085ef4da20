// From a string of HTML to nodes that can do no harm. The strings are made by `chat/markdown.ts`, which lets no HTML of the
// model through; this is the second lock on the same door.

import createPurifier from 'dompurify';

const purifier = createPurifier(window);

const TAGS =
  'p br strong em del code pre blockquote ul ol li a h1 h2 h3 h4 h5 h6 hr table thead tbody tr th td div span button';
const HARMLESS_ATTRIBUTES = 'target rel class start align type tabindex role aria-label'.split(' ');

export function safeNodes(html: string): DocumentFragment {
  return purifier.sanitize(html, {
    ALLOWED_TAGS: TAGS.split(' '),
    ALLOWED_ATTR: ['href', ...HARMLESS_ATTRIBUTES],
    ADD_URI_SAFE_ATTR: HARMLESS_ATTRIBUTES,
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    ALLOWED_URI_REGEXP: /^(?:https?|mailto):/i,
    RETURN_DOM_FRAGMENT: true,
  });
}
