/** The host's ports of each box's last run; its next start asks for the same. */
export const sql = `
ALTER TABLE boxes ADD COLUMN ports TEXT;
`;
