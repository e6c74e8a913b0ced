/** The box's name or, without one, its id. */
export function boxName({ id, name }: { id: string; name?: string | null | undefined }): string {
  return name ?? id.slice(0, 12);
}
