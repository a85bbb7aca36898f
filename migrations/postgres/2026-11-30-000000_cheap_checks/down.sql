-- Nothing to do: PostgreSQL has no such checks (docs/decisions/0033).
SELECT 1;
