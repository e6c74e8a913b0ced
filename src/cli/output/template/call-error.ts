/** Says why a function can't do what it was asked; the evaluator adds where. */
export class CallError extends Error {}
