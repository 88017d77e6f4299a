-- The first schema. Migrations only go forward.
--
-- Times are Unix milliseconds in bigint columns, NULL where there is none; ids
-- are text. A name that ends in _ms is such a time or a duration in milliseconds.

-- +goose Up

-- hub/auth

CREATE TABLE users (
    id         text    NOT NULL PRIMARY KEY,
    login      text    NOT NULL UNIQUE,      -- folded: lower case, no blanks around it
    name       text    NOT NULL,
    role       text    NOT NULL,
    unit       text    NOT NULL,
    password   text    NOT NULL,             -- argon2id with its parameters and salt
    created_ms bigint  NOT NULL
);

CREATE TABLE sessions (
    hash       text    NOT NULL PRIMARY KEY, -- SHA-256 of the token
    user_id    text    NOT NULL REFERENCES users (id),
    opened_ms  bigint  NOT NULL,
    expires_ms bigint  NOT NULL
);

CREATE INDEX sessions_expires ON sessions (expires_ms);

-- At most one row, and none once there is a user.
CREATE TABLE setup (
    id         text    NOT NULL PRIMARY KEY CHECK (id = 'setup'),
    hash       text    NOT NULL,             -- SHA-256 of the token
    made_ms    bigint  NOT NULL
);

-- hub/registry

CREATE TABLE households (
    id         text    NOT NULL PRIMARY KEY,
    label      text    NOT NULL,
    created_ms bigint  NOT NULL
);

CREATE TABLE devices (
    id           text    NOT NULL PRIMARY KEY, -- public nkey
    household_id text    NOT NULL REFERENCES households (id),
    name         text    NOT NULL,
    version      text    NOT NULL,             -- of the agent's program, from its last hello
    enrolled_ms  bigint  NOT NULL,
    seen_ms      bigint,
    revoked_ms   bigint
);

CREATE INDEX devices_household ON devices (household_id);

CREATE TABLE invitations (
    hash         text    NOT NULL PRIMARY KEY, -- SHA-256 of the code
    household_id text    NOT NULL REFERENCES households (id),
    made_ms      bigint  NOT NULL,
    expires_ms   bigint  NOT NULL,
    used_ms      bigint,
    device_id    text    REFERENCES devices (id) -- who used it
);

CREATE TABLE cameras (
    id             text    NOT NULL PRIMARY KEY,
    household_id   text    NOT NULL REFERENCES households (id),
    device_id      text    NOT NULL REFERENCES devices (id),
    serial         text    NOT NULL,
    channel        bigint  NOT NULL,
    label          text    NOT NULL,
    consent        text    NOT NULL,
    consent_ms     bigint,                     -- until when; NULL until changed
    paused         boolean NOT NULL,
    sound          boolean NOT NULL,
    shared         boolean NOT NULL,           -- it was in its device's last hello
    state          text    NOT NULL,           -- '' before the first status
    since_ms       bigint,
    detail         text    NOT NULL,
    codec          text    NOT NULL,
    registered_ms  bigint  NOT NULL
);

CREATE INDEX cameras_device ON cameras (device_id);

-- Where a camera looked, and from when to when. The row without an end is the
-- present one; there is exactly one of it for every camera.
CREATE TABLE views (
    camera_id text             NOT NULL REFERENCES cameras (id),
    from_ms   bigint           NOT NULL,
    to_ms     bigint,
    lon       double precision NOT NULL,
    lat       double precision NOT NULL,
    heading   double precision NOT NULL,
    fov       double precision NOT NULL,
    range_m   double precision NOT NULL,
    PRIMARY KEY (camera_id, from_ms)
);

CREATE UNIQUE INDEX views_present ON views (camera_id) WHERE to_ms IS NULL;

-- When a device had its link to the hub. No end: still.
CREATE TABLE presence (
    device_id text    NOT NULL REFERENCES devices (id),
    from_ms   bigint  NOT NULL,
    to_ms     bigint,
    PRIMARY KEY (device_id, from_ms)
);

CREATE UNIQUE INDEX presence_present ON presence (device_id) WHERE to_ms IS NULL;

-- hub/index

CREATE TABLE segments (
    camera_id        text    NOT NULL,
    run              text    NOT NULL,
    seq              bigint  NOT NULL,
    start_ms         bigint  NOT NULL,
    end_ms           bigint  NOT NULL,
    media_ms         bigint  NOT NULL,
    sender_report_ms bigint,
    clock_sync       boolean NOT NULL,
    clock_offset_ms  bigint  NOT NULL,
    clock_bound_ms   bigint  NOT NULL,
    size             bigint  NOT NULL,
    init_size        bigint  NOT NULL,
    sha256           text    NOT NULL,        -- hex
    prev             text    NOT NULL,        -- hex; '' in the first of a run
    codec            text    NOT NULL,
    width            bigint  NOT NULL,
    height           bigint  NOT NULL,
    state            text    NOT NULL,
    received_ms      bigint  NOT NULL,
    PRIMARY KEY (camera_id, run, seq)
);

CREATE INDEX segments_time ON segments (camera_id, start_ms);

CREATE TABLE gaps (
    camera_id   text   NOT NULL,
    start_ms    bigint NOT NULL,
    end_ms      bigint NOT NULL,
    cause       text   NOT NULL,
    received_ms bigint NOT NULL,
    PRIMARY KEY (camera_id, start_ms)
);

CREATE INDEX gaps_end ON gaps (camera_id, end_ms);

-- hub/cases

CREATE TABLE cases (
    id          text   NOT NULL PRIMARY KEY,
    number      text   NOT NULL,
    kind        text,
    legal_basis text,
    summary     text,
    unit        text   NOT NULL,
    officer_id  text   NOT NULL,
    opened_ms   bigint NOT NULL,
    closed_ms   bigint,
    UNIQUE (unit, number)
);

CREATE INDEX cases_opened ON cases (unit, opened_ms);

-- hub/audit: rows are added and never changed. case_id and camera_id hold what
-- was asked for, which need not exist.
CREATE TABLE audit (
    id         bigint NOT NULL PRIMARY KEY,  -- 1, 2, 3 … without a hole
    at_ms      bigint NOT NULL,
    actor      text   NOT NULL,
    actor_name text   NOT NULL,
    role       text   NOT NULL,
    action     text   NOT NULL,
    case_id    text   NOT NULL,
    camera_id  text   NOT NULL,
    detail     text   NOT NULL,
    refused    text   NOT NULL
);

CREATE INDEX audit_case ON audit (case_id, id);

-- sqlite:
-- +goose StatementBegin
CREATE TRIGGER audit_unchanged BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'audit rows are never changed');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER audit_kept BEFORE DELETE ON audit
BEGIN
    SELECT RAISE(ABORT, 'audit rows are never deleted');
END;
-- +goose StatementEnd
-- end

-- postgres:
-- Refuses with the words that the trigger gives.
-- +goose StatementBegin
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'restrict_violation';
END;
$$;
-- +goose StatementEnd
CREATE TRIGGER audit_unchanged BEFORE UPDATE ON audit
    FOR EACH ROW EXECUTE FUNCTION refuse('audit rows are never changed');
CREATE TRIGGER audit_kept BEFORE DELETE ON audit
    FOR EACH ROW EXECUTE FUNCTION refuse('audit rows are never deleted');
CREATE TRIGGER audit_whole BEFORE TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('audit rows are never deleted');
-- end
