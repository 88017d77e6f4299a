-- Tracing: a case has at most one trace, and what officers said of the clips they saw.

-- +goose Up

-- hub/cases

CREATE TABLE traces (
    case_id    text             NOT NULL PRIMARY KEY REFERENCES cases (id),
    lon        double precision NOT NULL,                              -- of the incident, as it was reported
    lat        double precision NOT NULL,
    left_ms    bigint           NOT NULL,                              -- the suspect left not before
    until_ms   bigint           NOT NULL,                              -- and not after
    mode       text             NOT NULL,                              -- camera.Mode
    from_ms    bigint           NOT NULL,                              -- the window
    to_ms      bigint           NOT NULL,
    seed       bigint           NOT NULL,
    version    bigint           NOT NULL,                              -- grows with each start, mark and withdrawal of the case
    started    bigint           NOT NULL,                              -- the version that this trace began with
    officer_id text             NOT NULL REFERENCES users (id),
    made_ms    bigint           NOT NULL
);

CREATE TABLE marks (
    id           text   NOT NULL PRIMARY KEY,
    case_id      text   NOT NULL REFERENCES cases (id),
    number       bigint NOT NULL,                                      -- the version that the trace had with it
    kind         text   NOT NULL,                                      -- camera.MarkKind
    camera_id    text   NOT NULL,
    from_ms      bigint NOT NULL,
    to_ms        bigint NOT NULL,
    at_ms        bigint,                                               -- of a sighting
    heading      double precision,                                     -- NULL: not told
    warnings     text,                                                 -- JSON of []camera.MarkWarning, as they stood when it was made; NULL: the engine has not told yet
    officer_id   text   NOT NULL REFERENCES users (id),
    made_ms      bigint NOT NULL,
    withdrawn_ms bigint,
    withdrawn_by text   REFERENCES users (id),
    UNIQUE (case_id, number)
);
