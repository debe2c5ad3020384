/* SPDX-License-Identifier: GPL-3.0-or-later */
/* explain: the whole story of a verdict, now or at an earlier moment. */
#include "control/command-private.h"

#include "control/describe.h"
#include "core/duration.h"
#include "core/error.h"
#include "engine/hindsight.h"

/* What is asked, and what was found. */
typedef struct
{
  const PgCommandHost *host;
  PgQuery              query;
  const char          *user;   /* asked for beside the address, or NULL */
  gint64               at_us;  /* the moment that is asked about */
  gboolean             is_now; /* it is the present */
  PgHindsight          seen;
  PgRuleStep           steps[PG_N_RULES - 1];
  GPtrArray           *notes; /* those that concern it, owned; the notes are the engine's */
} Story;

/* --- asking ---------------------------------------------------------------------------------------------------------- */

static gboolean
read_moment (Story *self, JsonObject *request, GError **error)
{
  gint64           now_us = self->host->now_us;
  g_autofree char *ahead = NULL;

  self->is_now = !json_object_has_member (request, "at_us");
  self->at_us = self->is_now ? now_us : pg_message_get_int (request, "at_us", -1);
  if (self->at_us >= 0 && self->at_us <= now_us)
    return TRUE;
  ahead = pg_duration_to_string (MAX (self->at_us - now_us, 0));
  g_set_error (error, PG_ERROR, PG_ERROR_VALUE, "expected a moment that has been, and this one is to come in %s", ahead);
  return FALSE;
}

static void
find_out (Story *self)
{
  PgEngine *engine = self->host->engine;

  if (!self->is_now)
    {
      pg_hindsight_explain (engine, &self->query, self->at_us, self->host->now_us, &self->seen, self->steps);
      return;
    }
  pg_engine_explain (engine, &self->query, self->at_us, &self->seen.finding, self->steps);
  self->seen.has_now = self->seen.finding.has_record;
  if (self->seen.has_now)
    self->seen.now = self->seen.finding.record;
}

/* Of an earlier moment it may be that a login permitted which is not stored any more. */
static gboolean
can_tell (const Story *self)
{
  PgRule rule = self->seen.finding.decision.rule;

  return !self->seen.may_hide_logins || (rule != PG_RULE_NO_LOGIN && rule != PG_RULE_FUTURE);
}

static PgExit
exit_of (const Story *self)
{
  return can_tell (self) ? pg_command_exit_of (&self->seen.finding.decision) : PG_EXIT_FAILED;
}

/* --- rules ----------------------------------------------------------------------------------------------------------- */

/* Without a daemon nobody reads the logs, and of another moment it is not stored who did. */
static const char *
tell_saw (const Story *self, const PgRuleStep *step)
{
  if (step->rule != PG_RULE_SOURCE)
    return step->saw;
  if (!self->is_now)
    return "not known any more";
  return pg_command_has_daemon (self->host) ? step->saw : "not known: popgated does not run";
}

static JsonArray *
describe_steps (const Story *self)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < PG_N_RULES - 1; i++)
    {
      const PgRuleStep *own = &self->steps[i];
      JsonObject       *step = json_object_new ();

      json_object_set_int_member (step, "rule", (gint64) own->rule);
      json_object_set_string_member (step, "reason", pg_rule_name (own->rule));
      json_object_set_string_member (step, "title", own->title);
      json_object_set_string_member (step, "verdict", pg_verdict_to_string (own->verdict));
      json_object_set_boolean_member (step, "matches", own->matches);
      json_object_set_boolean_member (step, "decides", own->decides);
      pg_message_set_text (step, "saw", pg_span_from_string (tell_saw (self, own)));
      json_array_add_object_element (array, step);
    }
  return array;
}

/* --- notes ----------------------------------------------------------------------------------------------------------- */

static gboolean
is_about_user (const PgNote *note, PgSpan user)
{
  return note->target == PG_NOTE_USER && strlen (note->user) == user.len
         && g_ascii_strncasecmp (note->user, user.data, user.len) == 0;
}

static gboolean
is_about_address (const PgNote *note, const PgAddress *address)
{
  return note->target == PG_NOTE_NETWORK && pg_network_covers (&note->network, address);
}

static gboolean
concerns (const Story *self, const PgNote *note)
{
  if (note->target == PG_NOTE_ALL || is_about_address (note, &self->query.address))
    return TRUE;
  if (self->user != NULL && is_about_user (note, pg_span_from_string (self->user)))
    return TRUE;
  return self->seen.has_now && note->target == PG_NOTE_USER
         && pg_record_has_user (&self->seen.now, pg_span_from_string (note->user));
}

/* Looked for once: there may be many of others. */
static GPtrArray *
find_notes (const Story *self)
{
  g_autoptr (GPtrArray) all = pg_noteset_list (pg_engine_notes (self->host->engine));
  GPtrArray *notes = g_ptr_array_new ();

  for (guint i = 0; i < all->len; i++)
    if (concerns (self, g_ptr_array_index (all, i)))
      g_ptr_array_add (notes, g_ptr_array_index (all, i));
  return notes;
}

static JsonArray *
describe_notes (const Story *self)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < self->notes->len; i++)
    {
      const PgNote *note = g_ptr_array_index (self->notes, i);
      JsonObject   *row = json_object_new ();

      pg_describe_note (row, note, self->at_us);
      json_object_set_boolean_member (row, "in_force", note->made_us <= self->at_us && self->at_us < note->until_us);
      json_array_add_object_element (array, row);
    }
  return array;
}

/* --- logins ---------------------------------------------------------------------------------------------------------- */

/* The note by which the login of @user at @login_us does not count, or NULL. */
static const PgNote *
find_culprit (const Story *self, PgSpan user, gint64 login_us)
{
  for (guint i = 0; i < self->notes->len; i++)
    {
      const PgNote *note = g_ptr_array_index (self->notes, i);
      gboolean      is_his = is_about_user (note, user);

      if (note->made_us > self->at_us && !self->is_now)
        continue;
      if (note->kind == PG_NOTE_DENY && is_his && self->at_us < note->until_us)
        return note;
      if (note->kind == PG_NOTE_REVOKE && login_us <= note->made_us && (is_his || is_about_address (note, &self->query.address)))
        return note;
    }
  return NULL;
}

/* Why the login does not permit; NULL: it does, as far as it is a matter of logins. */
static char *
tell_why_not (const Story *self, PgSpan user, gint64 login_us)
{
  const PgNote *culprit = find_culprit (self, user, login_us);

  if (login_us > self->at_us + PG_RULES_FUTURE_SLACK_US)
    return g_strdup (self->is_now ? "it lies in the future" : "it came later");
  if (culprit != NULL)
    return g_strdup_printf ("%s by note %" G_GUINT64_FORMAT, culprit->kind == PG_NOTE_REVOKE ? "revoked" : "its user is denied",
                            culprit->id);
  if (self->at_us - login_us > pg_engine_config (self->host->engine)->window_us)
    return g_strdup ("its window is over");
  return NULL;
}

static JsonObject *
describe_login (const Story *self, guint index)
{
  const PgRecordUser *user = &self->seen.now.users[index];
  PgSpan              name = pg_record_user_name (&self->seen.now, index);
  g_autofree char    *why_not = tell_why_not (self, name, user->login_us);
  JsonObject         *login = json_object_new ();

  pg_message_set_text (login, "user", name);
  pg_message_set_time (login, "time", user->login_us);
  json_object_set_string_member (login, "service", pg_service_to_string (user->service));
  json_object_set_string_member (login, "server", pg_server_to_string (user->server));
  pg_message_set_time (login, "until", user->login_us + pg_engine_config (self->host->engine)->window_us);
  json_object_set_boolean_member (login, "counts", why_not == NULL);
  pg_message_set_nullable (login, "why_not", why_not);
  return login;
}

static JsonArray *
describe_logins (const Story *self)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; self->seen.has_now && i < self->seen.now.n_users; i++)
    json_array_add_object_element (array, describe_login (self, i));
  return array;
}

static void
describe_stored (const Story *self, JsonObject *row)
{
  const PgRecord *record = &self->seen.now;
  JsonObject     *stored;
  PgNetwork       network;
  char            text[PG_NETWORK_TEXT_MAX];

  if (!self->seen.has_now)
    {
      json_object_set_null_member (row, "stored");
      return;
    }
  network = pg_engine_grant_network (self->host->engine, &record->address);
  stored = json_object_new ();
  json_object_set_string_member (stored, "address", pg_network_to_string (&network, text));
  pg_message_set_time (stored, "first", record->first_us);
  pg_message_set_time (stored, "newest", record->newest_us);
  json_object_set_int_member (stored, "count", (gint64) record->logins);
  pg_message_set_time (stored, "dropped", record->dropped_us);
  json_object_set_object_member (row, "stored", stored);
}

/* --- the whole ------------------------------------------------------------------------------------------------------- */

static JsonArray *
describe_unknown (const Story *self)
{
  JsonArray *array = json_array_new ();

  if (self->is_now)
    return array;
  if (self->seen.may_hide_logins)
    json_array_add_string_element (array, "earlier logins: of each user only the newest is kept, and of addresses nothing for "
                                          "longer than a week");
  json_array_add_string_element (array, "notes that were forgotten or replaced since");
  json_array_add_string_element (array, "whether all logs had been read, and the database could be");
  json_array_add_string_element (array, "what was configured otherwise");
  return array;
}

static JsonObject *
describe (const Story *self)
{
  JsonObject *row = pg_command_describe_finding (self->host, &self->query, &self->seen.finding, self->steps);

  json_object_set_array_member (row, "steps", describe_steps (self));
  json_object_set_array_member (row, "logins", describe_logins (self));
  describe_stored (self, row);
  json_object_set_array_member (row, "notes", describe_notes (self));
  pg_message_set_time (row, "at", self->is_now ? PG_RECORD_NEVER : self->at_us);
  json_object_set_boolean_member (row, "can_tell", can_tell (self));
  json_object_set_array_member (row, "unknown", describe_unknown (self));
  return row;
}

static void
answer_story (Story *self, PgAnswer *answer)
{
  JsonObject *row;

  find_out (self);
  self->notes = find_notes (self);
  row = describe (self);
  g_ptr_array_unref (self->notes);
  for (guint i = 0; i < PG_N_RULES - 1; i++)
    g_free (self->steps[i].saw);
  if (self->user != NULL && pg_engine_problem (self->host->engine) == NULL)
    {
      answer->trace = pg_trace_new (self->host->engine, self->user, row, exit_of (self));
      return;
    }
  pg_answer_add_row (answer, row);
  pg_answer_add_exit (answer, exit_of (self));
}

void
pg_command_explain (const PgCommandHost *host, JsonObject *request, PgAnswer *answer)
{
  GError           *error = NULL;
  g_autofree Story *story = g_new0 (Story, 1);

  story->host = host;
  story->user = pg_message_get_string (request, "user");
  if (pg_command_read_query (request, &story->query, &error) && read_moment (story, request, &error))
    answer_story (story, answer);
  else
    pg_answer_add_error (answer, error);
}
