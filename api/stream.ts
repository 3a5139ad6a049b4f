import type { Response } from 'express';

/** Writes, and waits for a slow reader instead of piling up in memory. Returns at once when the reader has gone. */
export async function written(res: Response, text: string): Promise<void> {
  if (res.destroyed || res.write(text)) return;
  await new Promise<void>((resolve) => {
    const go = (): void => {
      res.off('drain', go);
      res.off('close', go);
      resolve();
    };
    res.on('drain', go);
    res.on('close', go);
  });
}
