// How a model's Markdown looks.

import { css } from 'lit';

export const markdownStyles = css`
  .body {
    font: 400 1.0625rem / 1.68 var(--serif);
    font-size-adjust: inherit;
    overflow-wrap: anywhere;
  }
  .body > div + div {
    margin-top: 0.95em;
  }
  .body p,
  .body ul,
  .body ol,
  .body blockquote,
  .body pre,
  .body table,
  .body h3,
  .body h4,
  .body h5,
  .body h6 {
    margin: 0;
  }
  .body p + p,
  .body p + ul,
  .body p + ol,
  .body li > .code {
    margin-top: 0.6em;
  }
  .body h3,
  .body h4,
  .body h5,
  .body h6 {
    font: 600 1rem / 1.35 var(--sans);
    font-size-adjust: inherit;
  }
  .body h3 {
    font-size: 1.1875rem;
    padding-top: 0.5em;
  }
  .body h4 {
    font-size: 1.0625rem;
    padding-top: 0.35em;
  }
  .body ul,
  .body ol {
    padding-left: 1.5em;
  }
  .body li + li,
  .body li > ul,
  .body li > ol {
    margin-top: 0.3em;
  }
  .body li.task {
    list-style: none;
    text-indent: -1.3em;
  }
  .body li::marker {
    color: var(--quiet);
  }
  .body blockquote {
    padding-left: 1.1em;
    border-left: 2px solid var(--line-strong);
    color: var(--quiet);
  }
  .body hr {
    width: 4rem;
    margin: 1.6em auto;
    border: 0;
    border-top: 1px solid var(--line-strong);
  }
  .body code {
    padding: 0.1em 0.35em;
    border-radius: 5px;
    background: var(--tint);
    font: 0.875em / 1.5 var(--mono);
    font-size-adjust: none;
  }
  .code {
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: var(--side);
    overflow: hidden;
  }
  .code-head {
    display: flex;
    align-items: center;
    justify-content: space-between;
    padding: 0.25rem 0.375rem 0.25rem 1rem;
    font: 0.8125rem / 1.5 var(--sans);
    font-size-adjust: inherit;
    color: var(--quiet);
  }
  .code-head button {
    min-height: 2rem;
    padding: 0 0.625rem;
    border: 0;
    border-radius: 8px;
    background: none;
  }
  .code-head button:hover {
    background: color-mix(in srgb, var(--ink) 7%, transparent);
    color: var(--ink);
  }
  .body pre {
    padding: 0.25rem 1rem 0.875rem;
    line-height: 1.55;
    overflow-x: auto;
  }
  .body pre:focus-visible {
    outline-offset: -2px;
  }
  .body pre code {
    padding: 0;
    background: none;
    font-size: 0.84375rem;
    line-height: inherit;
    white-space: pre;
    overflow-wrap: normal;
  }
  .table {
    overflow-x: auto;
  }
  .body table {
    border-collapse: collapse;
    font: 0.9375rem / 1.5 var(--sans);
    font-size-adjust: inherit;
    font-variant-numeric: tabular-nums;
    overflow-wrap: normal;
  }
  .body th,
  .body td {
    min-width: 4rem;
    padding: 0.5rem 1rem 0.5rem 0;
    border-bottom: 1px solid var(--line);
    text-align: left;
    vertical-align: top;
  }
  .body :is(th, td)[align='right'] {
    text-align: right;
  }
  .body :is(th, td)[align='center'] {
    text-align: center;
  }
  .body th {
    border-bottom-color: var(--line-strong);
    font-weight: 600;
  }
  .growing > div:last-child > p:last-child::after {
    content: '';
    display: inline-block;
    width: 0.5em;
    height: 0.5em;
    margin-left: 0.35em;
    border-radius: 50%;
    background: var(--accent);
    animation: breathe 1.2s ease-in-out infinite;
  }
  @keyframes breathe {
    50% {
      opacity: 0.25;
    }
  }
`;
