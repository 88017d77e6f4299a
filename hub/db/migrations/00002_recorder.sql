-- The recorder that a family can trust: signed fingerprints of two streams,
-- activity, wants of cases, the clock ledger and the boxes' health.

-- +goose Up

-- hub/index

ALTER TABLE segments ADD COLUMN stream text NOT NULL DEFAULT '';       -- '' main, 'sub'
ALTER TABLE segments ADD COLUMN key_size bigint NOT NULL DEFAULT 0;    -- leading bytes that are one picture
ALTER TABLE segments ADD COLUMN key_sha256 text NOT NULL DEFAULT '';   -- hex; '' when key_size is 0
ALTER TABLE segments ADD COLUMN activity text NOT NULL DEFAULT '';     -- hex, a byte a second since start_ms
ALTER TABLE segments ADD COLUMN signature text NOT NULL DEFAULT '';    -- base64; '' before signatures were asked for

-- A gap that tells of footage that is gone looks for what is not in the store yet.
CREATE INDEX segments_state ON segments (camera_id, stream, state, start_ms);

CREATE TABLE gaps_new (
    camera_id   text   NOT NULL,
    stream      text   NOT NULL DEFAULT '',
    start_ms    bigint NOT NULL,
    end_ms      bigint NOT NULL,
    cause       text   NOT NULL,
    received_ms bigint NOT NULL,
    signature   text   NOT NULL DEFAULT '',
    PRIMARY KEY (camera_id, stream, start_ms)
);

INSERT INTO gaps_new (camera_id, start_ms, end_ms, cause, received_ms)
    SELECT camera_id, start_ms, end_ms, cause, received_ms FROM gaps;

DROP TABLE gaps;
ALTER TABLE gaps_new RENAME TO gaps;
CREATE INDEX gaps_end ON gaps (camera_id, stream, end_ms);

-- hub/registry

ALTER TABLE cameras ADD COLUMN verified_ms bigint;                     -- end of the newest segment that was read back as a whole
ALTER TABLE cameras ADD COLUMN uplink text NOT NULL DEFAULT '';        -- the class in force; '' before the first status

-- The newest health that a device told of itself; NULL before the first.
ALTER TABLE devices ADD COLUMN spool_used bigint;                      -- bytes
ALTER TABLE devices ADD COLUMN spool_most bigint;
ALTER TABLE devices ADD COLUMN spool_held bigint;
ALTER TABLE devices ADD COLUMN spool_days double precision;            -- 0: not known yet
ALTER TABLE devices ADD COLUMN waiting bigint;                         -- segments
ALTER TABLE devices ADD COLUMN uplink_rate bigint;                     -- bytes per second
ALTER TABLE devices ADD COLUMN uplink_budget bigint;                   -- bytes per second; 0: no limit
ALTER TABLE devices ADD COLUMN temperature double precision;           -- degrees Celsius; NULL: no sensor
ALTER TABLE devices ADD COLUMN clock_sync boolean;
ALTER TABLE devices ADD COLUMN clock_offset_ms bigint;
ALTER TABLE devices ADD COLUMN clock_bound_ms bigint;

-- The clock ledger of each camera: what was measured, and when. Rows are added
-- and never changed.
CREATE TABLE clocks (
    camera_id text   NOT NULL REFERENCES cameras (id),
    source    text   NOT NULL,               -- 'agent': the agent's clock against the hub's; 'sender-report': the camera's own
    at_ms     bigint NOT NULL,               -- hub's clock
    sync      boolean NOT NULL,
    offset_ms bigint NOT NULL,               -- that clock minus the hub's
    bound_ms  bigint NOT NULL,               -- the offset is right within this
    PRIMARY KEY (camera_id, source, at_ms)
);

-- sqlite:
-- +goose StatementBegin
CREATE TRIGGER clocks_unchanged BEFORE UPDATE ON clocks
BEGIN
    SELECT RAISE(ABORT, 'clock records are never changed');
END;
-- +goose StatementEnd
-- end
-- postgres:
CREATE TRIGGER clocks_unchanged BEFORE UPDATE ON clocks
    FOR EACH ROW EXECUTE FUNCTION refuse('clock records are never changed');
-- end

-- hub/cases: windows of footage that a case holds at home, and asks for.
CREATE TABLE wants (
    id         text    NOT NULL PRIMARY KEY,
    case_id    text    NOT NULL REFERENCES cases (id),
    camera_id  text    NOT NULL,
    from_ms    bigint  NOT NULL,
    to_ms      bigint  NOT NULL,
    with_bytes boolean NOT NULL,              -- the bytes are asked for, too
    made_by    text    NOT NULL,              -- user
    made_ms    bigint  NOT NULL,
    ended_ms   bigint
);

CREATE INDEX wants_open ON wants (camera_id) WHERE ended_ms IS NULL;
