-- A plan made while `idempotency` is known to be empty would read the whole table for each key from then on, however many there are.
ALTER FUNCTION claim_key(text, text) SET enable_seqscan = off;
