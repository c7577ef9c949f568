// The broker's tables. The driver's first migration runs this text; a file of the broker alone needs nothing else.

export const BROKER_SCHEMA = `
CREATE TABLE broker_queues (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
`;
