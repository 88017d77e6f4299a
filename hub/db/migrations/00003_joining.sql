-- Joining in ten minutes: invitations that prove the hub, consent with receipts, what
-- households' recorders have, and requests that owners answer.

-- +goose Up

-- hub/registry

ALTER TABLE households ADD COLUMN lon double precision;                -- where it is, as the commune noted it; NULL: not noted
ALTER TABLE households ADD COLUMN lat double precision;

-- Codes of before are worth nothing any more: they lived for ten minutes.
DROP TABLE invitations;
CREATE TABLE invitations (
    id           text    NOT NULL PRIMARY KEY,                         -- camera.InvitationID, hex
    proof        text    NOT NULL,                                     -- camera.InvitationKey, hex: proves the hub, enrols nobody
    household_id text    NOT NULL REFERENCES households (id),
    made_ms      bigint  NOT NULL,
    expires_ms   bigint  NOT NULL,
    used_ms      bigint,
    device_id    text    REFERENCES devices (id)                       -- who used it
);

ALTER TABLE devices ADD COLUMN boot text NOT NULL DEFAULT '';          -- of the newest run of its program
ALTER TABLE devices ADD COLUMN boots text NOT NULL DEFAULT '';         -- the ones before, newest first, blanks between them
ALTER TABLE devices ADD COLUMN quarantined_ms bigint;                  -- one identity on two boxes
ALTER TABLE devices ADD COLUMN left_ms bigint;                         -- the household left by itself
ALTER TABLE devices ADD COLUMN selftest text;                          -- JSON of the newest camera.SelfTest
ALTER TABLE devices ADD COLUMN selftest_ms bigint;                     -- hub's clock

ALTER TABLE cameras ADD COLUMN consent_for text NOT NULL DEFAULT '';   -- JSON of camera.Levels; '' for none
ALTER TABLE cameras ADD COLUMN consent_from bigint NOT NULL DEFAULT 0; -- minutes of the day, UTC+7; both 0: the whole day
ALTER TABLE cameras ADD COLUMN consent_to bigint NOT NULL DEFAULT 0;
ALTER TABLE cameras ADD COLUMN aim text NOT NULL DEFAULT '';
ALTER TABLE cameras ADD COLUMN aim_ms bigint;

-- What households agreed to and took back. Rows are added and never changed.
CREATE TABLE receipts (
    number      text    NOT NULL PRIMARY KEY,
    camera_id   text    NOT NULL REFERENCES cameras (id),
    device_id   text    NOT NULL REFERENCES devices (id),
    body        text    NOT NULL,                                      -- JSON of camera.Receipt
    at_ms       bigint  NOT NULL,                                      -- agent's clock
    received_ms bigint  NOT NULL
);

CREATE INDEX receipts_camera ON receipts (camera_id, received_ms);

-- sqlite:
-- +goose StatementBegin
CREATE TRIGGER receipts_unchanged BEFORE UPDATE ON receipts
BEGIN
    SELECT RAISE(ABORT, 'receipts are never changed');
END;
-- +goose StatementEnd
-- end
-- postgres:
CREATE TRIGGER receipts_unchanged BEFORE UPDATE ON receipts
    FOR EACH ROW EXECUTE FUNCTION refuse('receipts are never changed');
-- end

-- hub/index

ALTER TABLE segments ADD COLUMN origin text NOT NULL DEFAULT '';       -- '' recorded by the agent, 'recorder' fetched from the household's own
ALTER TABLE segments ADD COLUMN recorder_offset_ms bigint NOT NULL DEFAULT 0;
ALTER TABLE segments ADD COLUMN recorder_bound_ms bigint NOT NULL DEFAULT 0;

-- What recorders say that they have; replaced with each notice.
CREATE TABLE pasts (
    camera_id text   NOT NULL,
    from_ms   bigint NOT NULL,
    to_ms     bigint NOT NULL,
    PRIMARY KEY (camera_id, from_ms)
);

CREATE TABLE past_clocks (
    camera_id text   NOT NULL PRIMARY KEY,
    at_ms     bigint NOT NULL,                                         -- when the recorder was asked, agent's clock
    offset_ms bigint NOT NULL,                                         -- recorder's clock minus agent's
    bound_ms  bigint NOT NULL
);

-- hub/cases

ALTER TABLE wants ADD COLUMN asked_ms bigint;                          -- when the household was asked; NULL: it need not be
ALTER TABLE wants ADD COLUMN answer text NOT NULL DEFAULT '';          -- '' none yet, 'granted', 'refused', 'silent'
ALTER TABLE wants ADD COLUMN answered_ms bigint;
ALTER TABLE wants ADD COLUMN signature text NOT NULL DEFAULT '';       -- the device's, over camera.Answer.Payload, base64
ALTER TABLE wants ADD COLUMN signed_ms bigint;                         -- the time in that payload

CREATE INDEX wants_asked ON wants (case_id, camera_id) WHERE asked_ms IS NOT NULL;
