/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/gate.h"

#include "core/duration.h"

#include "common.h"

#define NOW_US (1000 * PG_HOUR)

static PgConfig *
config_of (const char *text)
{
  GError   *error = NULL;
  PgConfig *config = pg_config_parse (pg_span_from_string (text), NULL, &error);

  ck_assert_msg (config != NULL, "%s: %s", text, config == NULL ? error->message : "");
  return config;
}

static PgLogin
login_at (gint64 time_us, const char *address, const char *user)
{
  PgLogin login = {
    .time_us = time_us,
    .user = pg_span_from_string (user),
    .service = PG_SERVICE_POP3,
    .server = PG_SERVER_DOVECOT,
  };

  ck_assert_msg (pg_address_parse (pg_span_from_string (address), &login.address), "%s", address);
  return login;
}

/* --- refusals -------------------------------------------------------------------------------------------------------- */

typedef struct
{
  PgNoteKind  kind; /* 0: none */
  const char *target;
  gint64      made_us;
  gint64      until_us;
} Said;

#define HOST "192.0.2.1"
#define POP3 PG_SERVICE_POP3
#define EVER PG_NOTE_FOREVER
#define NO_SERVICE "its service does not grant"
#define NEVER_USER "its user is in never_users"
#define NEVER_GRANT "its address is in never_grant"
#define OURS "it came from the server's own address"
#define DENIED "its address is denied"
#define USER_OUT "its user is denied or was revoked"
#define REVOKED "its address was revoked"
#define OLD "it is older than the window"

static const struct
{
  const char *name;
  const char *config;
  Said        said;
  const char *address;
  const char *server; /* NULL: not told */
  const char *user;
  gint64      time_us;
  PgService   service;
  const char *why; /* NULL: it grants */
} rows[] = {
  { "plain", "", { 0 }, HOST, NULL, "bob", NOW_US, POP3, NULL },
  { "imap", "", { 0 }, HOST, NULL, "bob", NOW_US, PG_SERVICE_IMAP, NULL },
  { "submission", "", { 0 }, HOST, NULL, "bob", NOW_US, PG_SERVICE_SUBMISSION, NO_SERVICE },
  { "sieve", "", { 0 }, HOST, NULL, "bob", NOW_US, PG_SERVICE_SIEVE, NO_SERVICE },
  { "pop3 not configured", "[log]\nservices=imap\n", { 0 }, HOST, NULL, "bob", NOW_US, POP3, NO_SERVICE },
  { "sieve configured", "[log]\nservices=sieve\n", { 0 }, HOST, NULL, "bob", NOW_US, PG_SERVICE_SIEVE, NULL },

  { "never user", "[log]\nnever_users=carol,bob\n", { 0 }, HOST, NULL, "bob", NOW_US, POP3, NEVER_USER },
  { "never user in capitals", "[log]\nnever_users=Bob\n", { 0 }, "192.0.2.1", NULL, "bOB", NOW_US, POP3, NEVER_USER },
  { "longer user", "[log]\nnever_users=bob\n", { 0 }, "192.0.2.1", NULL, "bobby", NOW_US, POP3, NULL },
  { "shorter user", "[log]\nnever_users=bobby\n", { 0 }, HOST, NULL, "bob", NOW_US, POP3, NULL },

  { "loopback", "", { 0 }, "127.0.0.1", NULL, "bob", NOW_US, POP3, NEVER_GRANT },
  { "loopback, IPv6", "", { 0 }, "::1", NULL, "bob", NOW_US, POP3, NEVER_GRANT },
  { "loopback, mapped", "", { 0 }, "::ffff:127.0.0.1", NULL, "bob", NOW_US, POP3, NEVER_GRANT },
  { "unspecified", "", { 0 }, "0.0.0.0", NULL, "bob", NOW_US, POP3, NEVER_GRANT },
  { "unspecified, IPv6", "", { 0 }, "::", NULL, "bob", NOW_US, POP3, NEVER_GRANT },
  { "link-local", "", { 0 }, "fe80::1", NULL, "bob", NOW_US, POP3, NEVER_GRANT },
  { "multicast", "", { 0 }, "224.0.0.1", NULL, "bob", NOW_US, POP3, NEVER_GRANT },
  { "broadcast", "", { 0 }, "255.255.255.255", NULL, "bob", NOW_US, POP3, NEVER_GRANT },
  { "webmail", "[log]\nnever_grant=192.0.2.0/24\n", { 0 }, "192.0.2.255", NULL, "bob", NOW_US, POP3, NEVER_GRANT },
  { "beside the webmail", "[log]\nnever_grant=192.0.2.0/24\n", { 0 }, "192.0.3.0", NULL, "bob", NOW_US, POP3, NULL },
  { "one of a prefix", "[log]\nnever_grant=2001:db8::1\nipv6_prefix=64\n", { 0 },
    "2001:db8::1", NULL, "bob", NOW_US, POP3, NEVER_GRANT },
  { "another of the prefix", "[log]\nnever_grant=2001:db8::1\nipv6_prefix=64\n", { 0 },
    "2001:db8::2", NULL, "bob", NOW_US, POP3, NULL },
  { "none at all", "[log]\nnever_grant=none\n", { 0 }, "127.0.0.1", NULL, "bob", NOW_US, POP3, NULL },

  { "from ourselves", "", { 0 }, "192.0.2.1", "192.0.2.1", "bob", NOW_US, POP3, OURS },
  { "to another address", "", { 0 }, "192.0.2.1", "192.0.2.2", "bob", NOW_US, POP3, NULL },
  { "from ourselves, none", "[log]\nnever_grant=none\n", { 0 }, "127.0.0.1", "127.0.0.1", "bob", NOW_US, POP3, NULL },

  { "denied", "", { PG_NOTE_DENY, "192.0.2.0/24", 1, EVER }, HOST, NULL, "bob", NOW_US, POP3, DENIED },
  { "deny is over", "", { PG_NOTE_DENY, "192.0.2.0/24", 1, NOW_US }, HOST, NULL, "bob", NOW_US, POP3, NULL },
  { "deny just holds", "", { PG_NOTE_DENY, "192.0.2.0/24", 1, NOW_US + 1 }, HOST, NULL, "bob", NOW_US, POP3, DENIED },
  { "others are denied", "", { PG_NOTE_DENY, "192.0.2.2", 1, EVER }, HOST, NULL, "bob", NOW_US, POP3, NULL },
  { "user denied", "", { PG_NOTE_DENY, "user:bob", 1, EVER }, "192.0.2.1", NULL, "Bob", NOW_US, POP3, USER_OUT },
  { "another user denied", "", { PG_NOTE_DENY, "user:carol", 1, EVER }, HOST, NULL, "bob", NOW_US, POP3, NULL },
  { "user revoked", "", { PG_NOTE_REVOKE, "user:bob", NOW_US - 5, EVER }, HOST, NULL, "bob", NOW_US - 5, POP3, USER_OUT },
  { "later than the user's revoke", "", { PG_NOTE_REVOKE, "user:bob", NOW_US - 5, EVER },
    HOST, NULL, "bob", NOW_US - 4, POP3, NULL },
  { "revoked", "", { PG_NOTE_REVOKE, "192.0.2.1", NOW_US - 5, EVER }, HOST, NULL, "bob", NOW_US - 5, POP3, REVOKED },
  { "later than the revoke", "", { PG_NOTE_REVOKE, "192.0.2.1", NOW_US - 5, EVER }, HOST, NULL, "bob", NOW_US - 4, POP3, NULL },
  { "a revoke has no end", "", { PG_NOTE_REVOKE, "192.0.2.1", NOW_US - 5, NOW_US - 3 },
    HOST, NULL, "bob", NOW_US - 5, POP3, REVOKED },
  { "another was revoked", "", { PG_NOTE_REVOKE, "192.0.2.2", NOW_US, EVER }, HOST, NULL, "bob", NOW_US, POP3, NULL },
  { "allowed", "", { PG_NOTE_ALLOW, "192.0.2.1", NOW_US, EVER }, HOST, NULL, "bob", NOW_US, POP3, NULL },
  { "an allow does not help never_grant", "", { PG_NOTE_ALLOW, "127.0.0.1", NOW_US, EVER },
    "127.0.0.1", NULL, "bob", NOW_US, POP3, NEVER_GRANT },

  { "as old as the window", "", { 0 }, HOST, NULL, "bob", NOW_US - 30 * PG_MINUTE, POP3, NULL },
  { "older than the window", "", { 0 }, HOST, NULL, "bob", NOW_US - 30 * PG_MINUTE - 1, POP3, OLD },
  { "older than a short window", "[popgate]\nwindow=1s\n", { 0 }, HOST, NULL, "bob", NOW_US - PG_SECOND - 1, POP3, OLD },
  { "very old", "[popgate]\nwindow=7d\n", { 0 }, HOST, NULL, "bob", G_GINT64_CONSTANT (-62135596800000000), POP3, OLD },
  { "ahead of us", "", { 0 }, HOST, NULL, "bob", NOW_US + PG_HOUR, POP3, NULL },
};

static PgNoteset *
notes_of (const Said *said)
{
  PgNoteset *notes = pg_noteset_new ();
  PgNote     note = { .id = 1, .kind = said->kind, .made_us = said->made_us, .until_us = said->until_us };

  if (said->target == NULL)
    return notes;
  ck_assert_msg (pg_note_set_target (&note, pg_span_from_string (said->target), NULL), "%s", said->target);
  pg_noteset_add (notes, &note);
  return notes;
}

START_TEST (a_login_is_refused_for_its_reason)
{
  g_autoptr (PgConfig) config = config_of (rows[_i].config);
  g_autoptr (PgNoteset) notes = notes_of (&rows[_i].said);
  g_autofree char *user = NULL;
  PgLogin login = login_at (rows[_i].time_us, rows[_i].address, rows[_i].user);

  login.user = exact_string (&user, rows[_i].user);
  login.service = rows[_i].service;
  login.has_server_address = rows[_i].server != NULL;
  if (login.has_server_address)
    assert_row (rows[_i].name, pg_address_parse (pg_span_from_string (rows[_i].server), &login.server_address));
  assert_row_text (rows[_i].name, pg_gate_refusal (config, notes, &login, NOW_US), rows[_i].why);
}
END_TEST

/* --- renewals -------------------------------------------------------------------------------------------------------- */

/* On record: carol at NOW - 100 s, bob at NOW - 50 s. */
#define CAROL_US (NOW_US - 100 * PG_SECOND)
#define BOB_US (NOW_US - 50 * PG_SECOND)

static const struct
{
  const char *name;
  const char *config;
  Said        said;
  const char *user;
  gint64      time_us;
  gboolean    is_needed;
} renewals[] = {
  { "the same again", "", { 0 }, "bob", BOB_US, FALSE },
  { "older", "", { 0 }, "bob", BOB_US - PG_MINUTE, FALSE },
  { "a little newer", "", { 0 }, "bob", BOB_US + 5 * PG_SECOND - 1, FALSE },
  { "newer", "", { 0 }, "bob", BOB_US + 5 * PG_SECOND, TRUE },
  { "a short window, a little newer", "[popgate]\nwindow=60s\n", { 0 }, "bob", BOB_US + 600000 - 1, FALSE },
  { "a short window, newer", "[popgate]\nwindow=60s\n", { 0 }, "bob", BOB_US + 600000, TRUE },
  { "a long window", "[popgate]\nwindow=7d\n", { 0 }, "bob", BOB_US + 5 * PG_SECOND, TRUE },
  { "a user who was not the newest", "", { 0 }, "carol", CAROL_US + 1, TRUE },
  { "that user again, no later", "", { 0 }, "carol", CAROL_US, FALSE },
  { "a user who is not there", "", { 0 }, "dave", BOB_US + 1, TRUE },
  { "a user who is not there, older", "", { 0 }, "dave", CAROL_US - PG_MINUTE, TRUE },
  { "revoked since, a little newer", "", { PG_NOTE_REVOKE, "192.0.2.1", BOB_US, PG_NOTE_FOREVER }, "bob", BOB_US + 1, TRUE },
  { "revoked since, the same again", "", { PG_NOTE_REVOKE, "192.0.2.1", BOB_US, PG_NOTE_FOREVER }, "bob", BOB_US, FALSE },
  { "revoked before", "", { PG_NOTE_REVOKE, "192.0.2.1", BOB_US - 1, PG_NOTE_FOREVER }, "bob", BOB_US + 1, FALSE },
  { "another revoked since", "", { PG_NOTE_REVOKE, "192.0.2.2", BOB_US, PG_NOTE_FOREVER }, "bob", BOB_US + 1, FALSE },
  { "user revoked since, a little newer", "", { PG_NOTE_REVOKE, "user:bob", BOB_US, PG_NOTE_FOREVER }, "bob", BOB_US + 1, TRUE },
  { "user revoked before", "", { PG_NOTE_REVOKE, "user:bob", BOB_US - 1, PG_NOTE_FOREVER }, "bob", BOB_US + 1, FALSE },
  { "another user revoked since", "", { PG_NOTE_REVOKE, "user:carol", BOB_US, PG_NOTE_FOREVER }, "bob", BOB_US + 1, FALSE },
};

START_TEST (a_renewal_is_written_if_it_matters)
{
  g_autoptr (PgConfig) config = config_of (renewals[_i].config);
  g_autoptr (PgNoteset) notes = notes_of (&renewals[_i].said);
  PgLogin  bob = login_at (BOB_US, "192.0.2.1", "bob");
  PgLogin  carol = login_at (CAROL_US, "192.0.2.1", "carol");
  PgLogin  login = login_at (renewals[_i].time_us, "192.0.2.1", renewals[_i].user);
  PgRecord record;

  pg_record_init (&record, &bob.address);
  pg_record_add_login (&record, &carol);
  pg_record_add_login (&record, &bob);
  assert_row (renewals[_i].name,
              pg_gate_is_renewal_needed (config, notes, &record, &login, NOW_US) == renewals[_i].is_needed);
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_loop_test (tests, a_login_is_refused_for_its_reason, 0, G_N_ELEMENTS (rows));
  tcase_add_loop_test (tests, a_renewal_is_written_if_it_matters, 0, G_N_ELEMENTS (renewals));
}

PG_TEST_MAIN ("gate", fill)
