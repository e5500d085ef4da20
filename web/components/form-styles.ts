// How forms in dialogs look.

import { css } from 'lit';

export const formStyles = css`
  form {
    display: grid;
    gap: 0.875rem;
  }
  .entry {
    display: grid;
    gap: 0.25rem;
    align-content: start;
  }
  label {
    font-size: 0.875rem;
    font-weight: 500;
  }
  small {
    font-size: 0.8125rem;
    line-height: 1.4;
    color: var(--quiet);
  }
  small.bad {
    color: var(--bad);
  }
  [aria-invalid='true'] {
    border-color: var(--bad);
  }
  .check {
    display: flex;
    align-items: center;
    gap: 0.625rem;
    min-height: 2rem;
    font-weight: 400;
  }
  .check input {
    width: 1.125rem;
    height: 1.125rem;
    margin: 0;
    accent-color: var(--accent);
  }
  .buttons {
    display: flex;
    justify-content: flex-end;
    gap: 0.5rem;
  }
`;
