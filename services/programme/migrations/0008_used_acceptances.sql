-- A start that is taken back by who does not have the person any more frees no acceptance: the command itself ends it. Older processes go on.
GRANT DELETE ON accepted_referral TO throughcare_api;
