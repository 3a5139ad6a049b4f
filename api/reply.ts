/** What goes back. `streamed`: the handler wrote the answer itself. */
export type Reply = { status: number; body?: unknown; headers?: Record<string, string> } | 'streamed';
