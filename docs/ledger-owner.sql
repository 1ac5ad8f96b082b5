-- PostgreSQL: take the change log out of the hands of the role that Schoolgate signs in with.
--
-- Whoever owns a table can drop its guards. Run this once as a superuser, in Schoolgate's database, when its
-- tables are there (after the first start, and again after an upgrade that says so). From then on the role
-- "schoolgate" can add to the change log and read it, and nobody who signs in as it can do more.
-- "schoolgate" itself must be no superuser: the one who is can do anything, and `verify` is against them.
--
--   psql --dbname=schoolgate --set ON_ERROR_STOP=1 --single-transaction --file=ledger-owner.sql

DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'schoolgate_ledger') THEN
    CREATE ROLE schoolgate_ledger NOLOGIN;
  END IF;
END $$;

DO $$ DECLARE each regclass; routine regprocedure;
BEGIN
  FOREACH each IN ARRAY ARRAY['change_log', 'change_text', 'checkpoint', 'filtering_seal', 'review',
                              'review_signature', 'break_glass', 'log_review']::regclass[] LOOP
    EXECUTE format('ALTER TABLE %s OWNER TO schoolgate_ledger', each);
    EXECUTE format('REVOKE ALL ON %s FROM PUBLIC, schoolgate', each);
    EXECUTE format('GRANT SELECT, INSERT ON %s TO schoolgate', each);
  END LOOP;
  -- The guards' own functions too; and they look at no table that somebody else has called change_log.
  FOR routine IN SELECT DISTINCT t.tgfoid::regprocedure FROM pg_trigger t
                 WHERE NOT t.tgisinternal AND t.tgfoid::regproc::text LIKE 'schoolgate_%' LOOP
    EXECUTE format('ALTER FUNCTION %s OWNER TO schoolgate_ledger', routine);
    EXECUTE format('ALTER FUNCTION %s SET search_path = pg_catalog, public, pg_temp', routine);
  END LOOP;
END $$;

-- What is said later: that a text was erased, that a review is over, that an envelope was used.
GRANT UPDATE (text, salt) ON change_text TO schoolgate;
GRANT UPDATE (done_at) ON review TO schoolgate;
GRANT UPDATE (at, agrees) ON review_signature TO schoolgate;
GRANT UPDATE (replaced_at, used_at, used_by) ON break_glass TO schoolgate;
