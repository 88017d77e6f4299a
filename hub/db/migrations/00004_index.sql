-- A province's year: closed camera-hours in one row each, the life of stored bytes, and
-- kilometres as the road signs say them.

-- +goose Up

-- hub/index

-- A camera's closed hours. A segment belongs to the hour in which it starts.
CREATE TABLE hours (
    camera_id  text   NOT NULL,
    hour       bigint NOT NULL,                                        -- whole hours since 1970, UTC
    version    bigint NOT NULL,                                        -- grows with each change of the row
    segments   bigint NOT NULL,
    stored     bigint NOT NULL,                                        -- those of them whose bytes are in the object store
    covered_ms bigint NOT NULL,                                        -- of the hour, by the main stream
    body       bytea  NOT NULL,                                        -- pack.Hour
    manifest   bigint NOT NULL,                                        -- generation of the object with the whole fingerprints
    root       bytea  NOT NULL,                                        -- of that manifest (RFC 9162, 2.1)
    PRIMARY KEY (camera_id, hour)
);

CREATE INDEX hours_stored ON hours (camera_id, hour) WHERE stored > 0;

-- postgres:
-- A body of two kilobytes stays in its row, as it is: else it lies in another table,
-- and asking for a hundred of them takes three times as long.
ALTER TABLE hours ALTER COLUMN body SET STORAGE EXTERNAL;
ALTER TABLE hours SET (toast_tuple_target = 8160);
-- end

-- How much moved, apart from the rest: most questions do not ask.
CREATE TABLE hour_activity (
    camera_id  text   NOT NULL,
    hour       bigint NOT NULL,
    body       bytea  NOT NULL,                                        -- pack.Activity
    PRIMARY KEY (camera_id, hour)
);

-- In which closed hours a run's segments are.
CREATE TABLE run_hours (
    camera_id  text   NOT NULL,
    run        text   NOT NULL,
    hour       bigint NOT NULL,
    first_seq  bigint NOT NULL,
    last_seq   bigint NOT NULL,
    PRIMARY KEY (camera_id, run, hour)
);

-- Segments of hours that are open, or that came late.
CREATE TABLE fresh (
    camera_id  text   NOT NULL,
    run        text   NOT NULL,
    seq        bigint NOT NULL,
    stream     text   NOT NULL,
    start_ms   bigint NOT NULL,
    end_ms     bigint NOT NULL,
    state      text   NOT NULL,
    fact       bytea  NOT NULL,                                        -- pack.Fact
    PRIMARY KEY (camera_id, run, seq)
);

CREATE INDEX fresh_time ON fresh (camera_id, start_ms);

-- Footage whose time was over: first marked here and in its hour, then deleted, then
-- looked for, so that no crash leaves bytes that nobody counts.
CREATE TABLE expiries (
    id         text   NOT NULL PRIMARY KEY,
    camera_id  text   NOT NULL,
    hour       bigint NOT NULL,
    segments   bigint NOT NULL,
    size       bigint NOT NULL,                                        -- bytes
    names      bytea  NOT NULL,                                        -- pack.Names of the objects
    made_ms    bigint NOT NULL,
    gone_ms    bigint                                                  -- the object store was seen to have none of them; NULL: not yet
);

CREATE INDEX expiries_open ON expiries (made_ms) WHERE gone_ms IS NULL;

-- hub/keep: comparisons of the index with the object store.
CREATE TABLE checks (
    id         text   NOT NULL PRIMARY KEY,
    depth      bigint NOT NULL,                                        -- 1 names and sizes, 2 checksums, 3 every byte
    began_ms   bigint NOT NULL,
    ended_ms   bigint NOT NULL,
    report     text   NOT NULL                                         -- JSON of keep.Report
);

-- hub/registry

ALTER TABLE cameras ADD COLUMN keep_days bigint NOT NULL DEFAULT 0;    -- the household's choice; 0: none
ALTER TABLE cameras ADD COLUMN keep_before bigint NOT NULL DEFAULT 0;  -- days of before, when it chose fewer
ALTER TABLE cameras ADD COLUMN keep_since_ms bigint;                   -- when it chose fewer; NULL: it did not

-- hub/road: where the signs begin to count. No row: kilometre 0 at metre 0, rising.
CREATE TABLE road_zeros (
    road_id    text             NOT NULL PRIMARY KEY,
    metre      double precision NOT NULL,                              -- of the graph's own measure
    kilometre  double precision NOT NULL,                              -- what the sign there says
    falling    boolean          NOT NULL,                              -- kilometres fall where metres rise
    set_by     text             NOT NULL,                              -- user
    set_ms     bigint           NOT NULL
);
