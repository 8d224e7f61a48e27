-- Of one spell every use is kept that a clinician reports; a definition still stands once.
DROP INDEX relapse_once_a_spell;
CREATE UNIQUE INDEX relapse_once_a_spell ON relapse (journey_id, stage, spell, definition)
    WHERE NOT withdrawn AND definition <> 'clinician-report';
