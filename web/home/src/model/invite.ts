// The invitation's link as it comes out of a QR code or of a message that somebody
// pasted. Its parts are checked by the agent; here it is only told apart from other
// QR codes, so that "this is not the commune's invitation" can be said at once.

export type Invite = { link: string } | { wrong: "empty" | "other" | "cut" };

/** Finds the link in a text: around it may stand a greeting or line breaks. */
export function readInvite(text: string): Invite {
  const trimmed = text.trim();
  if (trimmed === "") return { wrong: "empty" };
  const link = /https?:\/\/[^\s"'<>]+/i.exec(trimmed)?.[0];
  if (!link || !/\/ghep(#|$)/.test(link)) return { wrong: "other" };
  // 1.<SHA-256 in base64url, or nothing>.<26 letters>
  return /#1\.([A-Za-z0-9_-]{43})?\.[A-Za-z2-7]{26}$/.test(link) ? { link } : { wrong: "cut" };
}

/** A typed code without what people put between its letters; 26 letters are whole. */
export function readCode(text: string): string | null {
  const code = text.toUpperCase().replace(/[\s\u00a0-]/g, "").replace(/0/g, "O").replace(/1/g, "I").replace(/8/g, "B");
  return /^[A-Z2-7]{26}$/.test(code) ? code.replace(/(.{4})(?=.)/g, "$1-") : null;
}
