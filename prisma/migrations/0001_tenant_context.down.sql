DROP FUNCTION app.announce_access_change();
DROP FUNCTION app.word(anyenum);
DROP FUNCTION app.touch_updated_at();
DROP FUNCTION app.current_user_id();
DROP FUNCTION app.current_org_id();
DROP SCHEMA app;
