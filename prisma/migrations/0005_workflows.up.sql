CREATE SCHEMA workflow;
GRANT USAGE ON SCHEMA workflow TO tenantry_runtime;

CREATE TYPE workflow.execution_status AS ENUM
  ('pending', 'running', 'paused', 'completed', 'failed', 'canceled', 'timed_out');
CREATE TYPE workflow.workflow_status AS ENUM ('active', 'inactive');

-- workflows: the stable identity of a workflow; what it does is in its versions.
CREATE TABLE workflow.workflows (
  org_id          uuid NOT NULL REFERENCES iam.organizations (id) ON DELETE CASCADE ON UPDATE CASCADE,
  id              uuid NOT NULL DEFAULT uuidv7(),
  name            text NOT NULL CHECK (length(btrim(name)) BETWEEN 1 AND 255),
  slug            text COLLATE "C" NOT NULL CHECK (slug ~ '^[a-z0-9]([a-z0-9-]*[a-z0-9])?$' AND length(slug) <= 100),
  description     text CHECK (length(description) <= 2000),
  status          workflow.workflow_status NOT NULL DEFAULT 'active',
  status_word     text GENERATED ALWAYS AS (app.word(status)) STORED,
  current_version integer NOT NULL DEFAULT 1 CHECK (current_version >= 1),
  created_by_id   uuid,
  created_at      timestamptz(3) NOT NULL DEFAULT now(),
  updated_at      timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (org_id, id),
  UNIQUE (org_id, slug),
  FOREIGN KEY (org_id, created_by_id) REFERENCES iam.memberships (org_id, id) ON DELETE SET NULL (created_by_id) ON UPDATE CASCADE
);
CREATE INDEX ON workflow.workflows (org_id, created_at, id);
CREATE INDEX ON workflow.workflows (org_id, name, id);
CREATE INDEX ON workflow.workflows (org_id, updated_at, id);
CREATE INDEX ON workflow.workflows (org_id, status_word, created_at, id);
CREATE INDEX ON workflow.workflows (org_id, created_by_id, created_at, id);

-- workflow_versions: immutable. The runtime role can add one and remove the whole workflow, never change one.
CREATE TABLE workflow.workflow_versions (
  org_id        uuid NOT NULL,
  id            uuid NOT NULL DEFAULT uuidv7(),
  workflow_id   uuid NOT NULL,
  version       integer NOT NULL CHECK (version >= 1),
  definition    jsonb NOT NULL CHECK (jsonb_typeof(definition) = 'object'),
  created_by_id uuid,
  created_at    timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (org_id, id),
  UNIQUE (org_id, workflow_id, version),
  FOREIGN KEY (org_id, workflow_id) REFERENCES workflow.workflows (org_id, id) ON DELETE CASCADE ON UPDATE CASCADE,
  FOREIGN KEY (org_id, created_by_id) REFERENCES iam.memberships (org_id, id) ON DELETE SET NULL (created_by_id) ON UPDATE CASCADE
);
CREATE INDEX ON workflow.workflow_versions (org_id, created_at);
CREATE INDEX ON workflow.workflow_versions (org_id, created_by_id);

-- tasks: the steps of a workflow's current version, in order.
CREATE TABLE workflow.tasks (
  org_id      uuid NOT NULL,
  id          uuid NOT NULL DEFAULT uuidv7(),
  workflow_id uuid NOT NULL,
  key         text NOT NULL CHECK (length(key) BETWEEN 1 AND 100),
  type        text NOT NULL CHECK (length(type) BETWEEN 1 AND 50),
  config      jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(config) = 'object'),
  position    integer NOT NULL CHECK (position >= 0),
  created_at  timestamptz(3) NOT NULL DEFAULT now(),
  updated_at  timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (org_id, id),
  UNIQUE (org_id, workflow_id, key),
  FOREIGN KEY (org_id, workflow_id) REFERENCES workflow.workflows (org_id, id) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX ON workflow.tasks (org_id, created_at);
CREATE INDEX ON workflow.tasks (org_id, workflow_id, position, id);

-- schedules: when a workflow runs by itself (five-field cron in a time zone).
CREATE TABLE workflow.schedules (
  org_id        uuid NOT NULL,
  id            uuid NOT NULL DEFAULT uuidv7(),
  workflow_id   uuid NOT NULL,
  name          text NOT NULL CHECK (length(btrim(name)) BETWEEN 1 AND 255),
  cron          text NOT NULL CHECK (length(cron) BETWEEN 9 AND 100),
  timezone      text NOT NULL DEFAULT 'UTC' CHECK (length(timezone) BETWEEN 1 AND 64),
  input         jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(input) = 'object'),
  enabled       boolean NOT NULL DEFAULT true,
  next_run_at   timestamptz(3),
  last_run_at   timestamptz(3),
  created_by_id uuid,
  created_at    timestamptz(3) NOT NULL DEFAULT now(),
  updated_at    timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (org_id, id),
  FOREIGN KEY (org_id, workflow_id) REFERENCES workflow.workflows (org_id, id) ON DELETE CASCADE ON UPDATE CASCADE,
  FOREIGN KEY (org_id, created_by_id) REFERENCES iam.memberships (org_id, id) ON DELETE SET NULL (created_by_id) ON UPDATE CASCADE
);
CREATE INDEX ON workflow.schedules (org_id, created_at, id);
CREATE INDEX ON workflow.schedules (org_id, workflow_id, created_at, id);
CREATE INDEX ON workflow.schedules (org_id, created_by_id);

-- workflow_states: executions of a workflow, pinned to the version they started with.
CREATE TABLE workflow.workflow_states (
  org_id           uuid NOT NULL,
  id               uuid NOT NULL DEFAULT uuidv7(),
  workflow_id      uuid NOT NULL,
  version          integer NOT NULL CHECK (version >= 1),
  schedule_id      uuid,
  triggered_by_id  uuid,
  status           workflow.execution_status NOT NULL DEFAULT 'pending',
  input            jsonb,
  output           jsonb,
  error            jsonb,
  engine_namespace text NOT NULL,
  engine_run_id    text,
  started_at       timestamptz(3),
  finished_at      timestamptz(3),
  created_at       timestamptz(3) NOT NULL DEFAULT now(),
  updated_at       timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (org_id, id),
  UNIQUE (org_id, engine_namespace, engine_run_id),
  FOREIGN KEY (org_id, workflow_id) REFERENCES workflow.workflows (org_id, id) ON DELETE CASCADE ON UPDATE CASCADE,
  FOREIGN KEY (org_id, schedule_id) REFERENCES workflow.schedules (org_id, id) ON DELETE SET NULL (schedule_id) ON UPDATE CASCADE,
  FOREIGN KEY (org_id, triggered_by_id) REFERENCES iam.memberships (org_id, id) ON DELETE SET NULL (triggered_by_id) ON UPDATE CASCADE
);
CREATE INDEX ON workflow.workflow_states (org_id, created_at, id);
CREATE INDEX ON workflow.workflow_states (org_id, workflow_id, created_at, id);
CREATE INDEX ON workflow.workflow_states (org_id, schedule_id);
CREATE INDEX ON workflow.workflow_states (org_id, triggered_by_id);

-- task_states: what each task of an execution did. The key stays when the task is gone from a later version.
CREATE TABLE workflow.task_states (
  org_id            uuid NOT NULL,
  id                uuid NOT NULL DEFAULT uuidv7(),
  workflow_state_id uuid NOT NULL,
  task_id           uuid,
  task_key          text NOT NULL CHECK (length(task_key) BETWEEN 1 AND 100),
  status            workflow.execution_status NOT NULL DEFAULT 'pending',
  attempt           integer NOT NULL DEFAULT 0 CHECK (attempt >= 0),
  input             jsonb,
  output            jsonb,
  error             jsonb,
  started_at        timestamptz(3),
  finished_at       timestamptz(3),
  created_at        timestamptz(3) NOT NULL DEFAULT now(),
  updated_at        timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (org_id, id),
  FOREIGN KEY (org_id, workflow_state_id) REFERENCES workflow.workflow_states (org_id, id) ON DELETE CASCADE ON UPDATE CASCADE,
  FOREIGN KEY (org_id, task_id) REFERENCES workflow.tasks (org_id, id) ON DELETE SET NULL (task_id) ON UPDATE CASCADE
);
CREATE INDEX ON workflow.task_states (org_id, created_at);
CREATE INDEX ON workflow.task_states (org_id, workflow_state_id, created_at, id);
CREATE INDEX ON workflow.task_states (org_id, task_id);

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON workflow.workflows FOR EACH ROW EXECUTE FUNCTION app.touch_updated_at();
CREATE TRIGGER touch_updated_at BEFORE UPDATE ON workflow.tasks FOR EACH ROW EXECUTE FUNCTION app.touch_updated_at();
CREATE TRIGGER touch_updated_at BEFORE UPDATE ON workflow.schedules FOR EACH ROW EXECUTE FUNCTION app.touch_updated_at();
CREATE TRIGGER touch_updated_at BEFORE UPDATE ON workflow.workflow_states FOR EACH ROW EXECUTE FUNCTION app.touch_updated_at();
CREATE TRIGGER touch_updated_at BEFORE UPDATE ON workflow.task_states FOR EACH ROW EXECUTE FUNCTION app.touch_updated_at();

ALTER TABLE workflow.workflows ENABLE ROW LEVEL SECURITY;
ALTER TABLE workflow.workflows FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON workflow.workflows TO tenantry_runtime
  USING (org_id = (SELECT app.current_org_id())) WITH CHECK (org_id = (SELECT app.current_org_id()));

ALTER TABLE workflow.workflow_versions ENABLE ROW LEVEL SECURITY;
ALTER TABLE workflow.workflow_versions FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON workflow.workflow_versions TO tenantry_runtime
  USING (org_id = (SELECT app.current_org_id())) WITH CHECK (org_id = (SELECT app.current_org_id()));

ALTER TABLE workflow.tasks ENABLE ROW LEVEL SECURITY;
ALTER TABLE workflow.tasks FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON workflow.tasks TO tenantry_runtime
  USING (org_id = (SELECT app.current_org_id())) WITH CHECK (org_id = (SELECT app.current_org_id()));

ALTER TABLE workflow.schedules ENABLE ROW LEVEL SECURITY;
ALTER TABLE workflow.schedules FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON workflow.schedules TO tenantry_runtime
  USING (org_id = (SELECT app.current_org_id())) WITH CHECK (org_id = (SELECT app.current_org_id()));

ALTER TABLE workflow.workflow_states ENABLE ROW LEVEL SECURITY;
ALTER TABLE workflow.workflow_states FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON workflow.workflow_states TO tenantry_runtime
  USING (org_id = (SELECT app.current_org_id())) WITH CHECK (org_id = (SELECT app.current_org_id()));

ALTER TABLE workflow.task_states ENABLE ROW LEVEL SECURITY;
ALTER TABLE workflow.task_states FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON workflow.task_states TO tenantry_runtime
  USING (org_id = (SELECT app.current_org_id())) WITH CHECK (org_id = (SELECT app.current_org_id()));

-- Whose a row is and what it hangs on never changes, so no such column can be updated.
GRANT SELECT, INSERT, DELETE ON
  workflow.workflows, workflow.tasks, workflow.schedules, workflow.workflow_states, workflow.task_states TO tenantry_runtime;
GRANT UPDATE (name, slug, description, status, current_version) ON workflow.workflows TO tenantry_runtime;
GRANT UPDATE (key, type, config, position) ON workflow.tasks TO tenantry_runtime;
GRANT UPDATE (name, cron, timezone, input, enabled, next_run_at, last_run_at) ON workflow.schedules TO tenantry_runtime;
GRANT UPDATE (status, output, error, engine_run_id, started_at, finished_at) ON workflow.workflow_states TO tenantry_runtime;
GRANT UPDATE (status, attempt, output, error, started_at, finished_at) ON workflow.task_states TO tenantry_runtime;
GRANT SELECT, INSERT ON workflow.workflow_versions TO tenantry_runtime;
