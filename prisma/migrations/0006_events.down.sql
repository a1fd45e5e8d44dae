DROP FUNCTION events.append_each(jsonb);
DROP FUNCTION events.append(jsonb, jsonb, bigint);
DROP FUNCTION events.find_positions(jsonb, bigint, integer);
DROP TABLE events.processing_marks;
DROP TABLE events.event_tags;
DROP TABLE events.events;
DROP TABLE events.heads;
DROP FUNCTION events.refuse_change();
DROP SCHEMA events;
