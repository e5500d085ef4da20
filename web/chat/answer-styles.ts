// How an answer looks around its text.

import { css } from 'lit';

export const answerStyles = css`
  :host {
    display: block;
  }
  details {
    margin-bottom: 0.875rem;
    font-size: 0.875rem;
    color: var(--quiet);
  }
  summary {
    width: fit-content;
    padding: 0.25rem 0;
    cursor: pointer;
    border-radius: 6px;
  }
  summary:hover {
    color: var(--ink);
  }
  .thoughts {
    margin-top: 0.375rem;
    padding-left: 1rem;
    border-left: 1px solid var(--line-strong);
    line-height: 1.6;
    white-space: pre-wrap;
    overflow-wrap: anywhere;
  }
  .waiting-line {
    display: flex;
    align-items: center;
    gap: 0.875rem;
    min-height: 1.75rem;
    margin: 0;
    font-size: 0.875rem;
    font-variant-numeric: tabular-nums;
    color: var(--quiet);
  }
  .ending {
    margin-top: 1rem;
    font-size: 0.875rem;
    color: var(--quiet);
  }
  .ending p {
    margin: 0;
    overflow-wrap: anywhere;
  }
  .ending p + p {
    margin-top: 0.25rem;
  }
  .ending.bad {
    padding: 0.875rem 1rem;
    border-radius: var(--radius);
    background: var(--bad-tint);
    color: var(--ink);
  }
  .ending.bad p:first-child {
    font-weight: 500;
    color: var(--bad);
  }
  .choices {
    display: flex;
    flex-wrap: wrap;
    gap: 0.5rem;
  }
  .choices:not(:empty) {
    margin-top: 0.75rem;
  }
  footer {
    display: flex;
    align-items: center;
    gap: 0.125rem;
    margin: 0.5rem 0 0 -0.6875rem;
    min-height: 2.5rem;
  }
  small {
    display: flex;
    flex-wrap: wrap;
    gap: 0 0.75rem;
    margin-left: 0.5rem;
    font-size: 0.8125rem;
    font-variant-numeric: tabular-nums;
    color: var(--quiet);
  }
`;
