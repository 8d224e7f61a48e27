-- The channels as a table, and a contact's addresses by channel in place of one column for each.

CREATE TABLE channel (name text PRIMARY KEY);
COMMENT ON TABLE channel IS 'The names of the registry in services/family/channel. A new channel brings a migration with its row.';
INSERT INTO channel (name) VALUES ('inbox'), ('email');

CREATE TABLE contact_address (
    contact_id uuid NOT NULL REFERENCES contact ON DELETE CASCADE,
    channel text NOT NULL REFERENCES channel,
    address text NOT NULL,
    PRIMARY KEY (contact_id, channel)
);
COMMENT ON COLUMN contact_address.address IS 'personal';

-- A version from before this table still reads and writes contact.email while it runs beside the new one: the two are kept the same
-- until a later migration takes the column away.
CREATE FUNCTION contact_address_of_email() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO contact_address (contact_id, channel, address) VALUES (NEW.contact_id, 'email', NEW.email) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER contact_address_of_email AFTER INSERT ON contact
    FOR EACH ROW WHEN (NEW.email IS NOT NULL) EXECUTE FUNCTION contact_address_of_email();

CREATE FUNCTION contact_email_of_address() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE contact SET email = NEW.address WHERE contact_id = NEW.contact_id AND email IS NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER contact_email_of_address AFTER INSERT ON contact_address
    FOR EACH ROW WHEN (NEW.channel = 'email') EXECUTE FUNCTION contact_email_of_address();

INSERT INTO contact_address (contact_id, channel, address) SELECT contact_id, 'email', email FROM contact WHERE email IS NOT NULL;

-- An array cannot have a foreign key: this trigger says the same of each of its elements.
CREATE FUNCTION permission_channels_exist() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM unnest(NEW.channels) AS given(name) WHERE NOT EXISTS (SELECT FROM channel c WHERE c.name = given.name)) THEN
        RAISE foreign_key_violation USING MESSAGE = 'permission.channels names a channel that is not in table channel';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER permission_channels_exist BEFORE INSERT OR UPDATE OF channels ON permission
    FOR EACH ROW EXECUTE FUNCTION permission_channels_exist();

ALTER TABLE message DROP CONSTRAINT message_channel_check, ADD FOREIGN KEY (channel) REFERENCES channel;

GRANT SELECT ON channel TO throughcare_api, throughcare_worker;
GRANT SELECT, INSERT ON contact_address TO throughcare_api, throughcare_worker;
