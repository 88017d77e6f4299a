/** The installation code in the address that the box's QR code holds; "" when there is none. */
export function codeIn(hash: string): string {
  return /^#([A-Z2-7]{5}-[A-Z2-7]{5})$/.exec(hash)?.[1] ?? "";
}
