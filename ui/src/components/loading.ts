/** Whether code or a style sheet of the console itself could not be loaded, in any browser's words. */
export function isLoadFault(error: unknown): boolean {
  return (
    error instanceof Error &&
    /dynamically imported module|importing a module script failed|preload CSS/i.test(error.message)
  );
}
